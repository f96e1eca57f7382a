//! Checks: pure functions of a transcript. Each says that something holds by pointing at where it was seen, says where it
//! is broken, or says why it cannot tell.
//!
//! Nothing here asks the server, the clock or the client, and no expectation comes from the code that is judged.

pub(crate) mod deliver;
pub(crate) mod fernet;
pub(crate) mod log_in;
pub(crate) mod renew;
pub(crate) mod retry;
pub(crate) mod seen;
pub(crate) mod sign;
pub(crate) mod timbr;
