//! Personal tokens, `12|secret`: the number finds the row, the secret of 40 letters and digits (238 bits of chance) is kept as a SHA-256 hash.

use sha2::{Digest, Sha256};

const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
pub const SECRET_CHARS: usize = 40;

/// From 80 random bytes: the secret, and the hash to keep.
pub fn issue(random: [u8; 2 * SECRET_CHARS]) -> (String, [u8; 32]) {
    // Two bytes a letter: the remainder's bias is far below anything that helps a guess.
    let letter = |pair: &[u8]| {
        let number = pair.iter().fold(0_usize, |number, byte| number * 256 + usize::from(*byte));
        char::from(LETTERS.get(number % LETTERS.len()).copied().unwrap_or(b'A'))
    };
    let secret: String = random.chunks(2).map(letter).collect();
    let hash = digest(&secret);
    (secret, hash)
}

pub fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// Number and secret of a bearer token that has this scheme's shape.
pub fn parse(bearer: &str) -> Option<(i64, &str)> {
    let (id, secret) = bearer.split_once('|')?;
    let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let is_secret = secret.len() == SECRET_CHARS && secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_number && is_secret { Some((id.parse().ok()?, secret)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_shape() {
        let (secret, hash) = issue([250; 80]);
        assert_eq!((parse(&format!("12|{secret}")), digest(&secret)), (Some((12, secret.as_str())), hash));
        let long = format!("{secret}x");
        for odd in ["", "|", "12|", "12|short", "x|aaaa", "-1|aaaa", "1|2|3", &long] {
            assert_eq!(parse(odd), None, "{odd}");
        }
        for odd in [format!("1|{long}"), format!("+1|{secret}"), format!("99999999999999999999|{secret}"), format!(" 1|{secret}")] {
            assert_eq!(parse(&odd), None, "{odd}");
        }
    }
}
