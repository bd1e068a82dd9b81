//! Text to words and marks, each with the byte at which it begins.

use crate::model::error::Problem;
use crate::model::name::quoted;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Word(String),
    /// Its digits.
    Number(String),
    Text(String),
    /// An operator, a bracket, a point, a comma.
    Mark(&'static str),
}

/// Longer marks first: `>=` is not `>`.
const MARKS: [&str; 28] = [
    "?!=", "?!~", "?>=", "?<=", "||", "&&", "!=", "!~", ">=", "<=", "?=", "?~", "?>", "?<", "=", "~", ">", "<", "+", "-", "*", "/", "%",
    "!", "(", ")", ",", ".",
];

pub fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Problem> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(first) = rest.chars().next() else { break };
        let begin = at;
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        if rest.starts_with("//") {
            at += span(rest, |c| c != '\n');
            continue;
        }
        let token = if first.is_ascii_alphabetic() || first == '_' {
            let length = span(rest, |c| c.is_ascii_alphanumeric() || c == '_');
            at += length;
            Token::Word(rest.get(..length).unwrap_or_default().to_owned())
        } else if first == '@' {
            let length = 1 + span(rest.get(1..).unwrap_or_default(), |c| c.is_ascii_alphanumeric() || c == '_');
            at += length;
            Token::Word(rest.get(..length).unwrap_or_default().to_owned())
        } else if first.is_ascii_digit() {
            let digits = number(rest);
            at += digits.len();
            Token::Number(digits.to_owned())
        } else if first == '\'' || first == '"' {
            let (content, length) = string(rest, first).ok_or_else(|| {
                Problem::new("formula", format!("The text that begins at {begin} has no end"))
                    .at(begin)
                    .hint("Close it with the mark that opens it")
            })?;
            at += length;
            Token::Text(content)
        } else {
            let mark = MARKS
                .into_iter()
                .find(|mark| rest.starts_with(mark))
                .ok_or_else(|| Problem::new("formula", format!("{} has no meaning here", quoted(&first.to_string()))).at(begin))?;
            at += mark.len();
            Token::Mark(mark)
        };
        found.push((begin, token));
    }
    Ok(found)
}

fn span(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_part(c)).unwrap_or(text.len())
}

/// Digits, and a point with digits behind it.
fn number(text: &str) -> &str {
    let whole = span(text, |c| c.is_ascii_digit());
    let fraction = text.get(whole..).and_then(|rest| rest.strip_prefix('.')).map_or(0, |rest| span(rest, |c| c.is_ascii_digit()));
    let length = if fraction == 0 { whole } else { whole + 1 + fraction };
    text.get(..length).unwrap_or_default()
}

/// What stands between two quotes, and how many bytes that took. A backslash takes the next character as it is.
fn string(text: &str, quote: char) -> Option<(String, usize)> {
    let mut content = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Some((content, at + c.len_utf8()));
        }
        content.push(if c == '\\' { chars.next()?.1 } else { c });
    }
    None
}
