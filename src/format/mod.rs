//! Files of rows in and out, and the app file. Formats know texts and JSON values; which field a column is, and whether a value is good, is decided in `ops/transfer`.

pub mod app_file;
pub mod comma;
pub mod csv;
pub mod day;
pub mod file;
pub mod guard;
pub mod json;
pub mod ndjson;
pub mod parts;
mod quotes;
pub mod reader;
pub mod role_part;
pub mod rows;
pub mod view_part;
pub mod xlsx;
