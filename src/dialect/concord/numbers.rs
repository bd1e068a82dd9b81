//! Numbers as they are sent: digits in texts, more digits after the point than are kept. Rounded half up, away from zero, digit by digit: no double is asked.

/// Exponents beyond this are no number that anything here holds.
const EXPONENT_MAX: i64 = 400;
const DIGITS_MAX: usize = 400;

/// A number without an exponent, with at most so many digits after the point; `None` when it is no number.
pub fn rounded(text: &str, scale: Option<u64>) -> Option<String> {
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok().filter(|exponent| exponent.abs() <= EXPONENT_MAX)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if digits.is_empty() || digits.len() > DIGITS_MAX || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let point = i64::try_from(whole.len()).ok()? + exponent;
    let (mut whole, mut fraction) = split(digits, point);
    if let Some(scale) = scale.and_then(|scale| usize::try_from(scale).ok()).filter(|scale| fraction.len() > *scale) {
        let is_up = fraction.get(scale).is_some_and(|digit| *digit >= b'5');
        fraction.truncate(scale);
        if is_up {
            carry(&mut whole, &mut fraction);
        }
    }
    Some(written(is_negative, &whole, &fraction))
}

/// The digits before and behind the point, which stands behind the first `point` of them.
fn split(digits: Vec<u8>, point: i64) -> (Vec<u8>, Vec<u8>) {
    let zeros = |count: i64| vec![b'0'; usize::try_from(count).unwrap_or_default()];
    let count = i64::try_from(digits.len()).unwrap_or_default();
    if point <= 0 {
        return (Vec::new(), [zeros(-point), digits].concat());
    }
    let mut whole = [digits, zeros(point - count)].concat();
    let fraction = whole.split_off(usize::try_from(point).unwrap_or_default().min(whole.len()));
    (whole, fraction)
}

/// One more in the last digit.
fn carry(whole: &mut Vec<u8>, fraction: &mut [u8]) {
    for digit in fraction.iter_mut().rev().chain(whole.iter_mut().rev()) {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    whole.insert(0, b'1');
}

fn written(is_negative: bool, whole: &[u8], fraction: &[u8]) -> String {
    let text = |digits: &[u8]| digits.iter().map(|digit| char::from(*digit)).collect::<String>();
    let whole = text(whole).trim_start_matches('0').to_owned();
    let whole = if whole.is_empty() { "0".to_owned() } else { whole };
    let fraction = text(fraction).trim_end_matches('0').to_owned();
    let sign = if is_negative && (whole != "0" || !fraction.is_empty()) { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_goes_up_and_away_from_zero() {
        for (text, wanted) in [
            ("1250.330", "1250.33"),
            ("1300", "1300"),
            ("0.0005", "0.001"),
            ("0.00049", "0"),
            ("-0.0005", "-0.001"),
            ("-0.0004", "0"),
            ("1.0005", "1.001"),
            ("999999999999.9995", "1000000000000"),
            ("999999999999.9994999", "999999999999.999"),
            ("9.9999", "10"),
            ("1e-7", "0"),
            ("5e-4", "0.001"),
            ("12.5e2", "1250"),
            ("1.5E+3", "1500"),
            (".5", "0.5"),
            ("5.", "5"),
            ("+7", "7"),
            ("007", "7"),
            ("-0", "0"),
        ] {
            assert_eq!(rounded(text, Some(3)).as_deref(), Some(wanted), "{text}");
        }
        assert_eq!(rounded("0.12345", None).as_deref(), Some("0.12345"));
        assert_eq!(rounded("2.5", Some(0)).as_deref(), Some("3"));
        for bad in ["", "-", ".", "1,5", "0x1", "1e", "1e999999999999", "1e500", "1 2", "--1", "٣", "NaN"] {
            assert_eq!(rounded(bad, Some(3)), None, "{bad}");
        }
    }
}
