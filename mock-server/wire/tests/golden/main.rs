//! Every word that goes over the wire, literally as in docs/twinzo.md and docs/timbr.md. Server and clients share these
//! words, so no test between them would notice if one changed. `.ci/mutate_wire.py` changes each and wants this red.

#![expect(clippy::unwrap_used, clippy::unnecessary_wraps, reason = "tests")]

mod json;
mod protobuf;

use uuid::{Uuid, uuid};

const GUID: Uuid = uuid!("3f0c1a52-9d11-4a7e-8a70-0d5c2b7e1f10");
