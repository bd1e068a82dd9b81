//! Credentials, one file per scheme: how a secret is made, kept as a hash, and known again. Who may do what is decided in `ops/access`.

pub mod control;
pub mod jwt;
pub mod keysecret;
pub mod link;
pub mod password;
pub mod session;
pub mod token;
