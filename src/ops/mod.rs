//! Everything the product can do, one file per noun. An operation reads like a sentence: find the schema, ask `access`, make the value trusted
//! (`plan` or `validate`), one call to the store, shape the answer. No HTTP and no SQL.
//!
//! Reading operations take a snapshot (`&ReadTx`), writing ones a transaction (`&mut WriteTx`); the entries (dialects, jobs) open them through `ctx`.

pub mod access;
pub mod alter;
pub mod app_file;
pub mod apply;
pub mod apps;
pub mod backups;
pub mod bulk;
pub mod cascade;
pub mod changes;
pub mod choices;
pub mod clock;
pub mod columns;
pub mod convert;
pub mod ctx;
pub mod cursor;
pub mod define;
pub mod define_field;
pub mod describe;
pub mod expand;
pub mod export;
pub mod feed;
pub mod fields;
pub mod fill;
pub mod filter;
pub mod first_write;
pub mod guard;
pub mod indexes;
pub mod infer;
pub mod job_board;
pub mod jobs;
pub mod lists;
pub mod merge;
pub mod numbers;
pub mod options;
pub mod plan;
pub mod reasons;
pub mod records;
pub mod relative;
pub mod roles;
pub mod row_problems;
pub mod samples;
pub mod schemas;
pub mod search;
pub mod search_words;
pub mod sessions;
pub mod showing;
pub mod start;
pub mod transfer;
pub mod upkeep;
pub mod users;
pub mod validate;
pub mod workspace;
