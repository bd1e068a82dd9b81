//! Who waits to have a password compared, and whose turn it is: addresses take turns, so that whoever asks much waits for itself and not others for it.
//! Pure; the threads are in `pools`.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    /// Addresses of one customer are one.
    pub address: IpAddr,
    /// Whether too many sign-ins from there failed.
    pub has_failed: bool,
}

pub struct Turns<T> {
    /// In the order in which they came.
    waiting: VecDeque<(Asker, T)>,
    /// Which turn an address had last, of those that wait for another.
    served: HashMap<IpAddr, u64>,
    turn: u64,
    waiting_max: usize,
}

impl<T> Turns<T> {
    pub fn new(waiting_max: usize) -> Self {
        Self { waiting: VecDeque::new(), served: HashMap::new(), turn: 0, waiting_max }
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes somebody in; gives back who had to leave for it.
    ///
    /// # Errors
    /// Gives back what was offered when there is no place.
    pub fn offer(&mut self, asker: Asker, task: T) -> Result<Option<T>, T> {
        let mut left = None;
        if self.waiting.len() >= self.waiting_max {
            let Some(at) = self.gives_way(asker) else { return Err(task) };
            left = self.waiting.remove(at).map(|(_, task)| task);
        }
        self.waiting.push_back((asker, task));
        Ok(left)
    }

    /// The next: of an address that did not fail too often, before others; of that which has waited longest for a turn.
    pub fn take(&mut self) -> Option<T> {
        let Self { waiting, served, turn, .. } = self;
        let last = |asker: &Asker| served.get(&asker.address).copied().unwrap_or_default();
        let (at, _) = waiting.iter().enumerate().min_by_key(|(at, (asker, _))| (asker.has_failed, last(asker), *at))?;
        let (asker, task) = waiting.remove(at)?;
        *turn += 1;
        served.insert(asker.address, *turn);
        served.retain(|address, _| waiting.iter().any(|(asker, _)| asker.address == *address));
        Some(task)
    }

    /// Who leaves for a newcomer: the last of whoever failed too often, else of whoever has more places than the newcomer would have.
    fn gives_way(&self, new: Asker) -> Option<usize> {
        let places = |address: IpAddr| self.waiting.iter().filter(|(asker, _)| asker.address == address).count();
        let own = places(new.address);
        let yields = |asker: &Asker| match (asker.has_failed, new.has_failed) {
            (true, false) => asker.address != new.address,
            (false, true) => false,
            _ => places(asker.address) > own + 1,
        };
        let all = self.waiting.iter().enumerate().filter(|(_, (asker, _))| yields(asker));
        all.max_by_key(|(at, (asker, _))| (asker.has_failed, places(asker.address), *at)).map(|(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(number: u8, has_failed: bool) -> Asker {
        Asker { address: IpAddr::from([10, 0, 0, number]), has_failed }
    }

    fn order(turns: &mut Turns<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| turns.take()).collect()
    }

    #[test]
    fn addresses_take_turns_however_many_wait_of_one() {
        let mut turns = Turns::new(16);
        for task in ["a1", "a2", "a3", "a4"] {
            assert_eq!(turns.offer(from(1, false), task), Ok(None));
        }
        assert_eq!(turns.take(), Some("a1"));
        for (number, task) in [(2, "b1"), (2, "b2"), (3, "c1")] {
            assert_eq!(turns.offer(from(number, false), task), Ok(None));
        }
        assert_eq!(order(&mut turns), ["b1", "c1", "a2", "b2", "a3", "a4"]);
        assert!(turns.served.is_empty(), "who waits no more is forgotten");
    }

    #[test]
    fn one_address_fills_all_places_and_gives_them_up_to_others() {
        let mut turns = Turns::new(4);
        for task in ["a1", "a2", "a3", "a4"] {
            assert_eq!(turns.offer(from(1, false), task), Ok(None));
        }
        assert_eq!(turns.offer(from(1, false), "a5"), Err("a5"));
        assert_eq!(turns.offer(from(2, false), "b1"), Ok(Some("a4")), "the last to come is the first to leave");
        assert_eq!(turns.offer(from(2, false), "b2"), Ok(Some("a3")));
        assert_eq!(turns.offer(from(2, false), "b3"), Err("b3"), "and no more than a fair share");
        assert_eq!(turns.offer(from(3, false), "c1"), Ok(Some("b2")));
        assert_eq!(order(&mut turns), ["a1", "b1", "c1", "a2"]);
    }

    #[test]
    fn who_failed_too_often_waits_for_others_and_leaves_for_them() {
        let mut turns = Turns::new(3);
        for (number, task) in [(1, "a"), (2, "b"), (3, "c")] {
            assert_eq!(turns.offer(from(number, number < 3), task), Ok(None));
        }
        assert_eq!(turns.offer(from(4, true), "d"), Err("d"), "nobody leaves for who failed as often");
        assert_eq!(turns.offer(from(5, false), "e"), Ok(Some("b")));
        assert_eq!(order(&mut turns), ["c", "e", "a"]);
        for task in ["c1", "c2", "c3"] {
            assert_eq!(turns.offer(from(3, false), task), Ok(None));
        }
        assert_eq!(turns.offer(from(4, true), "d"), Err("d"), "and nobody who did not");
    }

    #[test]
    fn a_colleague_waits_for_one_of_those_who_guess_at_most() {
        let mut turns = Turns::new(16);
        let mut heard = 0;
        for round in 0..1_000 {
            // Twenty of one address ask whenever they can; now and then somebody comes from another.
            for _ in 0..20 {
                let _ = turns.offer(from(1, round > 10), "guess");
            }
            if round % 7 == 0 {
                assert!(turns.offer(from(2, false), "colleague").is_ok());
                heard += 1;
                let next = [turns.take(), turns.take()];
                assert!(next.contains(&Some("colleague")), "{next:?}");
            }
            assert_eq!(turns.take(), Some("guess"));
        }
        assert_eq!(heard, 143);
    }
}
