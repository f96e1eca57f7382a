//! A correct small client of both vendors, with defects that can be switched on one at a time.
//!
//! This room is still empty: it is furnished together with the harness. It may depend on `wire` only, never on the server that it will be judged against.
