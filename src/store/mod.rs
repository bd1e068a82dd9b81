//! Rows and SQL: the only room that knows a database. It takes `Plan` and `Clean`, never `Query` and `Draft`, and has never heard of a request.
//!
//! `engine` is the face: open a file, `read` a snapshot, `write` in a transaction. `tables/` has one file per system table,
//! `records` the rows of people's schemas, `sql` turns plans into text, `writer` is the one thread that writes.

pub mod asked;
pub mod backup;
pub mod check;
mod checkpoint;
pub mod computed;
pub mod conversion;
pub mod engine;
pub mod explain;
mod formula;
pub mod found;
pub mod indexes;
pub mod key;
mod link_rows;
pub mod lock;
mod mend;
pub mod merge;
mod migrate;
pub mod numbers;
mod people;
mod pick;
pub mod place;
mod plans;
pub mod records;
pub mod rehearsal;
pub mod restore;
pub mod search;
mod search_check;
pub mod sequence;
pub mod sql;
mod sqlite;
pub mod stage;
pub mod tables;
mod totals;
mod touched;
mod tx;
mod values;
mod writer;
