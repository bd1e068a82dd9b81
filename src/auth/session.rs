//! Session cookies: 32 characters of `a-z0-9` (Django's form), kept as a SHA-256 hash. Those in use are remembered in `ops/credentials`.

use sha2::{Digest, Sha256};

const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const NAME_BYTES: usize = 12;

/// From 64 random bytes: the cookie's value (165 bits of chance), and the hash to keep.
pub fn issue(random: [u8; 64]) -> (String, [u8; 32]) {
    // Two bytes a letter: the remainder's bias is far below anything that helps a guess.
    let letter = |pair: &[u8]| {
        let number = pair.iter().fold(0_usize, |number, byte| number * 256 + usize::from(*byte));
        char::from(LETTERS.get(number % LETTERS.len()).copied().unwrap_or(b'a'))
    };
    let key: String = random.chunks(2).map(letter).collect();
    let hash = digest(&key);
    (key, hash)
}

pub fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key).into()
}

/// What a session is called in lists: the beginning of its hash, from which nobody finds the cookie.
pub fn name(hash: &[u8]) -> String {
    hash.iter().take(NAME_BYTES).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
