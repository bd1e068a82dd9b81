//! The one test program. Each module says what it proves; what needs no server is tested beside the code it is about.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test may fall")]

/// A whole server in this process, with a clock that stands still.
mod harness;

/// Every `.http` transcript of every dialect.
mod dialects;

/// Field types: what is accepted comes back equal, what is refused says why.
mod fields;

/// Fields whose values come from the program: sequences, lines, computed ones.
mod computed;

/// Records that are put into an order of one's own.
mod resequence;

/// Tables that are changed while they hold records.
mod addresses;
mod alterations;

/// App files: applied, applied again, refused whole.
mod apply;

/// Files of rows: in, out, over what is there.
mod transfer;

/// Workbooks, cells that a spreadsheet would calculate, days as people write them, exports over HTTP.
mod spreadsheets;

/// What goes out comes in again; what cannot be taken in is told with the way out.
mod exchange;

/// Backups: made, sent, put back, kept in number.
mod backups;

/// Restores beside writers: nothing acknowledged is lost, no number is given twice.
mod restores;

/// Data files with faults: what a check says, what it stops, what is mended.
mod damage;

/// Jobs: how far they are, how they end when the server stops.
mod stopping;

/// Indexes: made and dropped by themselves, proposed, asked for, explained.
mod indexes;

/// The expression language in filters: what SQL finds is what an evaluator of its own finds; plain comparisons use indexes; nothing is told of what is hidden.
mod expressions;

/// Reports: exact, what a plain count finds, within what the caller sees.
mod numbers;

/// Words: what finds what, for whom, and that the index is what the records make it whatever happens.
mod search;

/// Deletes that take others along.
mod cascade;

/// The API's own description: an entry for every route, typed records, and the list of whose work is compiled in.
mod documents;

/// Fields that hold several values, and the link table that they are found by.
mod sets;

/// Many records in one request, states, rehearsals.
mod many;

/// Writes that are sent again under the same key.
mod idempotency;

/// Several writes in one request, which name what those before them gave.
mod batch;

/// Records that a filter finds, changed and deleted in one act.
mod by_filter;

/// Values that are changed by what is sent: `amount+`, `tags-`.
mod modifiers;

/// Taking back whatever was done.
mod undo;

/// Any acts in any order, taken back and done again.
mod undo_any;

/// Fields of their old type again.
mod undo_types;

/// What records are called that a list refers to.
mod called;

/// Lists: windows that follow each other, records beside records, totals.
mod lists;

/// Questions that cannot be answered: every parameter, told with the way out.
mod questions;

/// Answers in gzip.
mod packed;

/// Saved views: whose they are, what they do to a list, how they follow their fields.
mod views;

/// The first minutes: the start link, the samples, dates that count from today.
mod start;

/// What lets in and what ends it: every kind of credential beside every event.
mod credentials;

/// What was taken away while work goes on.
mod meanwhile;

/// Programs that sign in: the command for tokens, a file that is copied, secrets that stand nowhere.
mod programs;

/// Clocks that are set while a server runs.
mod clock;

/// Who may do what: every principal with every route, masks, rules, narrowed tokens.
mod rights;

/// The Robostack dialect beside the house dialect, its pairs, long answers and long selections.
mod robostack;

/// The built executable: starts, answers, survives kill -9.
mod smoke;

/// The dialect of Concord CRM: what the house stores comes back whole, the rate by the clock, its rights beside those of the house.
mod concord;

/// The house rules.
mod tidy;

/// The reader of transcripts.
mod transcript;
