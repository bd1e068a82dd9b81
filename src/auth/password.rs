//! Passwords: bcrypt with a cost of 10, never truncated, and a gate that leaves at least one core to everybody else.

use crate::model::error::{Error, Result};
use crate::model::limits::Limits;
use base64::Engine;
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

const COST: u32 = 10;
/// bcrypt takes no more (72 with the NUL at its end); longer passwords are hashed to a shorter text first.
const BCRYPT_BYTES_MAX: usize = 71;
/// Of nobody's password, at the same cost: compared for users that are not there, so that they take as long.
const DUMMY: &str = "$2b$10$Rv34VrHgkUmCCWqjN0xgW.S3ONjejr./t3F4hjJZ.fq9Gr422APDO";

/// Hashes and compares, so many at a time as half the cores, at least one.
pub struct Hasher {
    at_work_max: usize,
    queue_max: usize,
    /// At work, waiting.
    state: Mutex<(usize, usize)>,
    freed: Condvar,
    done: AtomicU64,
}

impl Hasher {
    pub fn new(limits: &Limits) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            at_work_max: (cores / 2).max(1),
            queue_max: limits.hash_queue_max,
            state: Mutex::new((0, 0)),
            freed: Condvar::new(),
            done: AtomicU64::new(0),
        }
    }

    /// The hash to keep.
    pub fn hash(&self, password: &str) -> Result<String> {
        self.gated(|| bcrypt::non_truncating_hash(shortened(password), COST).map_err(Error::internal))
    }

    /// Whether the password fits. Without a hash (an unknown user, or one without a password) it does the same work and says no.
    pub fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        self.gated(|| {
            let fits = bcrypt::non_truncating_verify(shortened(password), hash.unwrap_or(DUMMY)).map_err(Error::internal)?;
            Ok(fits && hash.is_some())
        })
    }

    /// How often a password was hashed or compared.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    fn gated<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0 >= self.at_work_max {
            if state.1 >= self.queue_max {
                return Err(Error::TooMany { message: "Too many sign-ins at this moment; try again".to_owned(), retry_after_s: 2 });
            }
            state.1 += 1;
            state = self.freed.wait_while(state, |state| state.0 >= self.at_work_max).unwrap_or_else(PoisonError::into_inner);
            state.1 -= 1;
        }
        state.0 += 1;
        drop(state);
        self.done.fetch_add(1, Ordering::Relaxed);
        let _place = Place(self);
        work()
    }
}

/// Gives the place back even when the work panics.
struct Place<'h>(&'h Hasher);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).0 -= 1;
        self.0.freed.notify_one();
    }
}

fn shortened(password: &str) -> String {
    if password.len() <= BCRYPT_BYTES_MAX {
        password.to_owned()
    } else {
        base64::engine::general_purpose::STANDARD.encode(Sha256::digest(password))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_password_is_compared_to_its_last_character() {
        let hasher = Hasher::new(&Limits::default());
        for length in [1, 70, 71, 72, 73] {
            let password = "x".repeat(length);
            let hash = hasher.hash(&password).expect("hashed");
            assert_eq!((hasher.verify(&password, Some(&hash)), hasher.verify(&"x".repeat(length + 1), Some(&hash))), (Ok(true), Ok(false)));
        }
        let long = "x".repeat(100);
        let hash = hasher.hash(&long).expect("hashed");
        assert_eq!(hasher.verify(&long, Some(&hash)), Ok(true));
        assert_eq!(hasher.verify(&format!("{}y", "x".repeat(99)), Some(&hash)), Ok(false));
        assert_eq!(hasher.verify(&long, None), Ok(false));
    }
}
