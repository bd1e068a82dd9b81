//! Session cookies: 32 characters of `a-z0-9` (Django's form), kept as a SHA-256 hash, with a cache of those in use.

use crate::model::error::Result;
use crate::model::principal::User;
use crate::store::engine::Store;
use crate::store::tables::sessions;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const CACHE_SESSIONS_MAX: usize = 10_000;

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

/// Sessions in use, so that a request need not ask the data file. Holds for one version of the store's credentials.
#[derive(Default)]
pub struct Cache(Mutex<Cached>);

#[derive(Default)]
struct Cached {
    version: u64,
    known: HashMap<[u8; 32], (User, i64)>,
}

impl Cache {
    /// Whose session this is, if it is good now.
    pub fn verify(&self, store: &Store, key: &str) -> Result<Option<User>> {
        // Read before the data: an entry made from older rows can only be too old, never too new.
        let version = store.credentials_version();
        let hash = digest(key);
        let now = store.now().epoch_seconds;
        let found = match self.get(version, &hash) {
            Some(found) => Some(found),
            None => {
                let found = store.read(|tx| sessions::find(tx, &hash))?;
                if let Some(found) = &found {
                    self.put(version, hash, found.clone());
                }
                found
            }
        };
        Ok(found.filter(|(_, expires_s)| now < *expires_s).map(|(user, _)| user))
    }

    fn get(&self, version: u64, hash: &[u8; 32]) -> Option<(User, i64)> {
        let cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cached.known.get(hash).filter(|_| cached.version == version).cloned()
    }

    fn put(&self, version: u64, hash: [u8; 32], found: (User, i64)) {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.version > version {
            return;
        }
        if cached.version < version || cached.known.len() >= CACHE_SESSIONS_MAX {
            *cached = Cached { version, known: HashMap::new() };
        }
        cached.known.insert(hash, found);
    }
}
