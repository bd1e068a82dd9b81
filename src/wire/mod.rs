//! HTTP as plain values over rouille's types: the call that a handler gets, and the parsing and rendering that all dialects share. No dialect's form lives here.

pub mod body;
pub mod call;
pub mod cookie;
pub mod inward;
pub mod paper;
pub mod path;
pub mod prefer;
pub mod query;
pub mod reply;
pub mod tags;
