//! The expression language, in which people write computed fields: `lexer` and `parser` read it, `resolve` gives every name its column and every part
//! its type. What it means in SQL is in `store/formula`.
//!
//! `price * quantity`, `if(stock < 5, 'low', 'ok')`, `company.name`, `round(sum(lines.total) * 1.19, 2)`; operators from weak to strong:
//! `||`, `&&`, `= != > >= < <=`, `+ -`, `* / %`, `! -`. A comparison with a missing value is false but for `!=`; any other sum with one is missing.

mod lexer;
mod parser;
pub mod rename;
pub mod resolve;

pub use parser::parse;

/// Bytes of one expression.
pub const BYTES_MAX: usize = 2_000;
/// Parts of one expression.
pub const PARTS_MAX: usize = 300;
/// Levels of one expression.
pub const DEPTH_MAX: usize = 32;
