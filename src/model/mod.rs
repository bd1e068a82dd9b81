//! The nouns of the house: pure values without I/O, SQL, HTTP or serde derives. Every other room may use them; they use nobody.

pub mod app;
pub mod backup;
pub mod catalog;
pub mod change;
pub mod error;
pub mod explained;
pub mod expr;
pub mod fault;
pub mod field;
pub mod formula;
pub mod job;
pub mod json;
pub mod limits;
pub mod name;
pub mod nearest;
pub mod plan;
pub mod principal;
pub mod query;
pub mod record;
pub mod role;
pub mod schema;
pub mod search;
pub mod several;
pub mod site;
pub mod texts;
pub mod time;
