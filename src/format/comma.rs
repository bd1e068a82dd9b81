//! Numbers as they are written where the comma is the decimal mark: `1.234,50`, `1 234,50`, `12,5`.

/// Between groups of three digits: a point, a space, and spaces that do not break.
const GROUP_MARKS: [char; 4] = ['.', ' ', '\u{a0}', '\u{202f}'];

/// With a point and without marks between digits, `1234.50`; `None` when the text is no such number.
pub fn read(text: &str) -> Option<String> {
    let text = text.trim();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once(',').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mark = whole.chars().find(|letter| GROUP_MARKS.contains(letter));
    let groups: Vec<&str> = mark.map_or_else(|| vec![whole], |mark| whole.split(mark).collect());
    let is_grouped = match groups.as_slice() {
        [_] => true,
        [first, others @ ..] => first.len() <= 3 && others.iter().all(|group| group.len() == 3),
        [] => false,
    };
    if !is_grouped || !groups.iter().copied().chain(fraction).all(is_digits) {
        return None;
    }
    Some(format!("{sign}{}{}", groups.concat(), fraction.map_or_else(String::new, |fraction| format!(".{fraction}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_is_the_mark_and_points_stand_between_three_digits_each() {
        for (text, number) in [
            ("12,5", Some("12.5")),
            ("-0,50", Some("-0.50")),
            ("1.234,50", Some("1234.50")),
            ("1.234.567", Some("1234567")),
            ("1 234\u{a0}567,5", None),
            ("1\u{202f}234,5", Some("1234.5")),
            ("7", Some("7")),
            ("12.5", None),
            ("1.2345", None),
            ("1234.567", None),
            ("1,234,567", None),
            (",5", None),
            ("5,", None),
            ("1..234", None),
            ("", None),
            ("€ 5,00", None),
        ] {
            assert_eq!(read(text).as_deref(), number, "{text}");
        }
    }
}
