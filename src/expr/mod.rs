//! The expression language, in which people write computed fields: `lexer` and `parser` read it, `resolve` gives every name its column and every part
//! its type, of which `typing` knows. What it means in SQL is in `store/formula`.
//!
//! `price * quantity`, `if(stock < 5, 'low', 'ok')`, `company.name`, `round(sum(lines.total) * 1.19, 2)`; operators from weak to strong:
//! `||`, `&&`, `= != > >= < <=`, `+ -`, `* / %`, `! -`. A comparison with a missing value is false but for `!=`; any other sum with one is missing, and
//! so is one that no number can hold. `upper` and `lower` know the letters A to Z only.

mod lexer;
mod parser;
pub mod rename;
pub mod resolve;
mod typing;

pub use parser::{parse, parse_list};

/// Bytes of one expression.
pub const BYTES_MAX: usize = 2_000;
/// Parts of one expression.
pub const PARTS_MAX: usize = 300;
/// Brackets, calls and signs that stand in each other.
pub const DEPTH_MAX: usize = 32;
/// Levels of an expression's tree, with those of the computed fields that stand in it: `a + b + c` has three. All that walk a tree, SQLite too, do so
/// level by level on a stack of one megabyte.
pub const LEVELS_MAX: usize = 64;
/// Parts of all computed fields of a table, with those of the fields that stand in them: each is a part of every question for its records.
pub const TABLE_PARTS_MAX: usize = 10_000;
/// Characters that all texts which a table computes for one record may come to: SQLite holds several copies of them at once.
pub const TABLE_CHARS_MAX: u64 = 2_000_000;
