//! One file per system table of `schema.sql`: plain functions over a transaction.

pub mod apps;
pub mod auto_indexes;
pub mod catalog;
pub mod changes;
pub mod checkpoints;
pub mod history;
pub mod idempotency;
pub mod links;
pub mod refresh;
pub mod roles;
pub mod schemas;
pub mod searches;
pub mod sessions;
pub mod settings;
pub mod starts;
pub mod tokens;
pub mod users;
pub mod views;
