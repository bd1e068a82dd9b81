//! Pairs of key and secret: the key, a UUID, is no secret and finds the row; the secret of 256 bits is kept as a SHA-256 hash.

use sha2::{Digest, Sha256};

/// From 32 random bytes: the secret, and the hash to keep.
pub fn issue(random: [u8; 32]) -> (String, [u8; 32]) {
    let secret = random.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let hash = digest(&secret);
    (secret, hash)
}

pub fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// One hash for both, by which a pair in use is remembered.
pub fn digest_both(key: &str, secret: &str) -> [u8; 32] {
    Sha256::new().chain_update(key).chain_update([0]).chain_update(secret).finalize().into()
}
