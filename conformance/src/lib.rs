//! Drives any client in any language against the mock server and judges it on evidence.
//!
//! This room is still empty: the harness moves in with its first cases. See `docs/architecture.md` for what goes where.
