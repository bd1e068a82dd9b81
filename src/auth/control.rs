//! The control secret of a running server: made at its start, written to `FILE.lock` (0600), known again by the commands that read it there.

use sha2::{Digest, Sha256};

/// Tells this credential from every other in an `Authorization` header.
const PREFIX: &str = "carryall-control-";

/// The secret of this run, as its hash; `None` in a process that serves nobody.
pub struct Control(Option<[u8; 32]>);

impl Control {
    pub fn none() -> Self {
        Self(None)
    }

    /// From 32 random bytes: the secret as text, and what knows it again.
    pub fn issue(random: [u8; 32]) -> (String, Self) {
        let secret = random.iter().fold(PREFIX.to_owned(), |text, byte| format!("{text}{byte:02x}"));
        let control = Self(Some(digest(&secret)));
        (secret, control)
    }

    /// Compares hashes, so that the time taken tells nothing of the secret.
    pub fn verify(&self, secret: &str) -> bool {
        self.0.is_some_and(|known| known == digest(secret))
    }
}

/// Whether a bearer token has this scheme's shape.
pub fn is_control(token: &str) -> bool {
    token.starts_with(PREFIX)
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}
