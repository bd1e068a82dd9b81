//! How many requests somebody sends in a minute, counted in memory: in windows of a minute that begin with the first request. Which dialects count, and
//! how they tell it, is theirs.

use super::attempts::network;
use crate::model::principal::UserId;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

const WINDOW_S: i64 = 60;
const KEPT_MAX: usize = 10_000;

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    User(UserId),
    /// Of somebody who is not known.
    Address(IpAddr),
}

impl Who {
    pub fn of(user: Option<UserId>, address: IpAddr) -> Self {
        user.map_or_else(|| Who::Address(network(address)), Who::User)
    }
}

/// Where somebody stands in their window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    pub requests_max: u32,
    pub left: u32,
    /// This request is one too many.
    pub is_over: bool,
    /// The second, from 1970 on, in which the window ends, and how many seconds that is from now.
    pub ends_s: i64,
    pub wait_s: u32,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    begun_s: i64,
    requests: u32,
}

#[derive(Default)]
pub struct Rates(Mutex<HashMap<(&'static str, Who), Window>>);

impl Rates {
    /// Counts a request that came by a door; one too many is not counted.
    pub fn count(&self, door: &'static str, who: Who, requests_max: u32, now_s: i64) -> Spent {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (door, who);
        if !all.contains_key(&key) {
            make_room(&mut all, now_s);
        }
        let window = all.entry(key).or_insert(Window { begun_s: now_s, requests: 0 });
        if is_over(window, now_s) {
            *window = Window { begun_s: now_s, requests: 0 };
        }
        let is_over = window.requests >= requests_max;
        if !is_over {
            window.requests += 1;
        }
        Spent { is_over, ..window.spent(requests_max, now_s) }
    }

    /// Where somebody stands. Nothing is counted.
    pub fn stand(&self, door: &'static str, who: Who, requests_max: u32, now_s: i64) -> Spent {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = all.get(&(door, who)).copied().filter(|window| !is_over(window, now_s));
        window.unwrap_or(Window { begun_s: now_s, requests: 0 }).spent(requests_max, now_s)
    }
}

impl Window {
    fn spent(self, requests_max: u32, now_s: i64) -> Spent {
        let ends_s = self.begun_s + WINDOW_S;
        let wait_s = u32::try_from(ends_s - now_s).unwrap_or(1).max(1);
        let left = requests_max.saturating_sub(self.requests);
        Spent { requests_max, left, is_over: left == 0, ends_s, wait_s }
    }
}

/// Also when the clock was set back.
fn is_over(window: &Window, now_s: i64) -> bool {
    !(window.begun_s..window.begun_s + WINDOW_S).contains(&now_s)
}

fn make_room(all: &mut HashMap<(&'static str, Who), Window>, now_s: i64) {
    if all.len() < KEPT_MAX {
        return;
    }
    all.retain(|_, window| !is_over(window, now_s));
    if all.len() < KEPT_MAX {
        return;
    }
    // Whoever asked least is forgotten first: nobody gets a new window by having others fill the memory.
    if let Some(key) = all.iter().min_by_key(|(_, window)| (window.requests, window.begun_s)).map(|(key, _)| *key) {
        all.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Who {
        Who::of(None, text.parse().expect("an address"))
    }

    #[test]
    fn a_window_lasts_a_minute_from_its_first_request() {
        let rates = Rates::default();
        let count = |who, now_s| {
            let spent = rates.count("x", who, 2, now_s);
            (spent.left, spent.is_over, spent.wait_s)
        };
        let ann = Who::of(Some(UserId(1)), [10, 0, 0, 1].into());
        assert_eq!([count(ann, 100), count(ann, 130), count(ann, 159)], [(1, false, 60), (0, false, 30), (0, true, 1)]);
        assert_eq!(count(ann, 160), (1, false, 60), "the next window");
        assert_eq!(count(ann, 50), (1, false, 60), "the clock was set back");
        assert_eq!(count(address("10.0.0.1"), 100), (1, false, 60), "an address is nobody's");
        assert_eq!(count(address("2001:db8::1"), 100), (1, false, 60));
        assert_eq!(count(address("2001:db8::2"), 100), (0, false, 60), "a network is one customer's");
        assert_eq!(rates.count("y", ann, 2, 160).left, 1, "doors are counted apart");
        assert_eq!(rates.count("x", ann, 2, 160).ends_s, 220);
        let ben = Who::of(Some(UserId(2)), [10, 0, 0, 1].into());
        assert_eq!((rates.stand("x", ben, 2, 160).left, rates.stand("x", ben, 2, 160).left), (2, 2), "who looks spends nothing");
        assert_eq!((rates.stand("x", ann, 2, 161).left, rates.stand("x", ann, 2, 220).left), (1, 2), "a window ends unasked, too");
    }

    #[test]
    fn the_memory_is_bounded_and_whoever_asked_often_is_remembered() {
        let rates = Rates::default();
        let often = Who::of(Some(UserId(-1)), [10, 0, 0, 1].into());
        for _ in 0..5 {
            rates.count("x", often, 5, 0);
        }
        for number in 0..KEPT_MAX as i64 + 100 {
            rates.count("x", Who::User(UserId(number)), 5, 1);
        }
        assert!(rates.0.lock().expect("whole").len() <= KEPT_MAX);
        assert!(rates.count("x", often, 5, 2).is_over);
        assert!(!rates.count("x", Who::User(UserId(77)), 5, 100).is_over);
    }
}
