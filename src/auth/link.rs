//! One-time sign-in links: 256 random bits in the address's fragment, kept as a hash, used up by the first use.

use sha2::{Digest, Sha256};

/// From 32 random bytes: the token for the link, and the hash to keep.
pub fn issue(random: [u8; 32]) -> (String, [u8; 32]) {
    let token = random.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let hash = digest(&token);
    (token, hash)
}

pub fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
