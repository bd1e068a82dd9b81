//! Sign-ins that failed, counted for each account and each address, in memory. They slow down nobody who knows the password: it is compared all the
//! same, and a right one lets in. Who is not there is counted like who is, so that the answers tell nothing.

use crate::model::limits::Limits;
use crate::model::principal::UserId;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

const KEPT_MAX: usize = 10_000;
/// Of an IPv6 address: one network is given to one customer.
const NETWORK_BYTES: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    User(i64),
    /// An address that is nobody's.
    Nobody(u64),
    Address(IpAddr),
}

#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    count: u32,
    last_s: i64,
    /// Until then the answer to a further failure is to wait.
    until_s: i64,
}

#[derive(Default)]
pub struct Attempts {
    failures: Mutex<HashMap<Key, Failures>>,
    chance: RandomState,
}

impl Attempts {
    /// Counts a failure. How long to wait, when there were too many before it.
    pub fn failed(&self, limits: &Limits, user: Option<UserId>, email: &str, address: &str, now_s: i64) -> Option<u32> {
        let account = user.map_or_else(|| Key::Nobody(self.chance.hash_one(email.to_ascii_lowercase())), |user| Key::User(user.0));
        let address = address.parse().ok().map(|address| Key::Address(network(address)));
        let mut all = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut all, limits, now_s);
        let keys = [(Some(account), limits.login_failures_per_account_max), (address, limits.login_failures_per_address_max)];
        let waits = keys.into_iter().filter_map(|(key, most)| count(all.entry(key?).or_default(), limits, most, now_s));
        // Both are counted before either is looked at.
        waits.collect::<Vec<_>>().into_iter().max()
    }

    /// Whether so many sign-ins from an address failed that a further failure would be told to wait.
    pub fn is_over(&self, address: IpAddr, now_s: i64) -> bool {
        let all = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&Key::Address(network(address))).is_some_and(|failures| now_s < failures.until_s)
    }

    /// Forgets the failures of an account whose password was given.
    pub fn succeeded(&self, user: UserId) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(&Key::User(user.0));
    }
}

fn count(failures: &mut Failures, limits: &Limits, most: u32, now_s: i64) -> Option<u32> {
    if now_s - failures.last_s > limits.login_wait_seconds_max {
        *failures = Failures::default();
    }
    let was_over = now_s < failures.until_s;
    failures.count = failures.count.saturating_add(1);
    failures.last_s = now_s;
    if failures.count >= most {
        let doublings = (failures.count - most).saturating_sub(1).min(16);
        failures.until_s = now_s + (limits.login_wait_seconds_min << doublings).min(limits.login_wait_seconds_max);
    }
    was_over.then(|| u32::try_from(failures.until_s - now_s).unwrap_or(1))
}

fn make_room(all: &mut HashMap<Key, Failures>, limits: &Limits, now_s: i64) {
    if all.len() + 2 <= KEPT_MAX {
        return;
    }
    all.retain(|_, failures| now_s - failures.last_s <= limits.login_wait_seconds_max);
    while all.len() + 2 > KEPT_MAX {
        // Whoever failed least often is forgotten first.
        let Some(key) = all.iter().min_by_key(|(_, failures)| (failures.count, failures.last_s)).map(|(key, _)| *key) else { return };
        all.remove(&key);
    }
}

/// What of an address is one customer's.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let mut bytes = address.octets();
            bytes.iter_mut().skip(NETWORK_BYTES).for_each(|byte| *byte = 0);
            IpAddr::from(bytes)
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_failures_of_an_account_or_from_an_address_are_told_to_wait_ever_longer() {
        let (attempts, limits) = (Attempts::default(), Limits::default());
        let fail = |user, address: &str, now_s| attempts.failed(&limits, Some(UserId(user)), "", address, now_s);
        for _ in 0..5 {
            assert_eq!(fail(1, "10.0.0.1", 0), None);
        }
        assert_eq!(fail(1, "10.0.0.2", 0), Some(60));
        assert_eq!(fail(1, "10.0.0.3", 10), Some(120));
        for at in 3..5 {
            assert!(fail(1, "10.0.0.3", at).is_some());
        }
        assert_eq!(fail(1, "10.0.0.3", 10), Some(900));
        attempts.succeeded(UserId(1));
        assert_eq!(fail(1, "10.0.0.4", 11), None);
        for user in 10..20 {
            assert_eq!(fail(user, "2001:db8::1", 20), None, "{user}");
        }
        assert_eq!(fail(99, "2001:db8::2", 20), Some(60), "the network counts");
        let is_over = |address: &str, now_s| attempts.is_over(address.parse().expect("an address"), now_s);
        assert_eq!(
            [("2001:db8::9", 20), ("2001:db8:0:1::2", 20), ("2001:db8::9", 900)].map(|(from, now_s)| is_over(from, now_s)),
            [true, false, false]
        );
        assert_eq!(fail(98, "2001:db8:0:1::2", 20), None);
        assert_eq!(fail(97, "2001:db8::3", 20 + 901), None, "what is long ago is forgotten");
    }

    #[test]
    fn nobody_is_counted_like_somebody_and_the_memory_is_bounded() {
        let (attempts, limits) = (Attempts::default(), Limits::default());
        let fail = |user, email: &str| attempts.failed(&limits, user, email, "", 0);
        let course = |user, emails: [&str; 7]| emails.map(|email| fail(user, email));
        let spelled = ["a@b", "A@b", "a@B", "A@B", "a@b", "A@b", "a@b"];
        assert_eq!(course(None, spelled), course(Some(UserId(1)), spelled));
        for number in 0..2 * KEPT_MAX {
            fail(None, &format!("{number}@b"));
        }
        assert!(attempts.failures.lock().unwrap().len() <= KEPT_MAX);
        assert!(fail(Some(UserId(1)), "").is_some(), "whoever failed often is remembered");
    }
}
