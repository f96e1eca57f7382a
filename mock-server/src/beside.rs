//! Work that may take long, beside the requests of others.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Does it here; where the runtime has other threads, these take over whatever this one was to serve meanwhile.
pub(crate) fn the_others<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        Ok(_) | Err(_) => work(),
    }
}
