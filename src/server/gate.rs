//! Who may have a connection: so many in all, so many from one address. When there is no place left, the connection that has been without a
//! request for the longest gives its own to the newcomer.

use crate::model::limits::Limits;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

pub struct Gate {
    places: Mutex<Places>,
    connections_max: usize,
    per_address_max: usize,
    evictable_after_ms: u64,
    opened: Instant,
}

#[derive(Default)]
struct Places {
    last: u64,
    taken: HashMap<u64, Arc<Place>>,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection as the gate sees it.
pub struct Place {
    gate: Arc<Gate>,
    id: u64,
    address: IpAddr,
    /// Milliseconds after the gate was opened; 0 while a request is under way.
    idle_since_ms: AtomicU64,
    ended: Notify,
}

/// The right to a connection; given back when it is dropped.
pub struct Pass(Arc<Place>);

impl Gate {
    pub fn new(limits: &Limits, descriptors_max: usize) -> Self {
        let connections_max = limits.connections_max.min(descriptors_max.saturating_sub(limits.descriptors_reserved)).max(4);
        let per_address_max = (connections_max * limits.connections_per_address_percent_max / 100).max(1);
        let evictable_after_ms = limits.evictable_after_ms;
        Self { places: Mutex::default(), connections_max, per_address_max, evictable_after_ms, opened: Instant::now() }
    }

    /// A place for a newcomer; `None` when every other connection is busy.
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Pass> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.by_address.get(&address).is_some_and(|count| *count >= self.per_address_max) {
            places.evict(Some(address), self.idle_before_ms())?;
        } else if places.taken.len() >= self.connections_max {
            places.evict(None, self.idle_before_ms())?;
        }
        places.last += 1;
        let idle_since_ms = AtomicU64::new(self.now_ms());
        let place = Arc::new(Place { gate: self.clone(), id: places.last, address, idle_since_ms, ended: Notify::new() });
        places.taken.insert(place.id, place.clone());
        *places.by_address.entry(address).or_default() += 1;
        Some(Pass(place))
    }

    /// Ends the connection that has been idle for the longest: the system has no descriptor left.
    pub fn make_room(&self) {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).evict(None, self.idle_before_ms());
    }

    /// Ends every connection that has been idle for so long.
    pub fn sweep(&self, idle_ms_max: u64) {
        let now_ms = self.now_ms();
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |since_ms: u64| since_ms > 0 && now_ms.saturating_sub(since_ms) >= idle_ms_max;
        places
            .taken
            .values()
            .filter(|place| is_over(place.idle_since_ms.load(Ordering::Relaxed)))
            .for_each(|place| place.ended.notify_one());
    }

    /// The end for all: who has no request under way goes at once, the others after it.
    pub fn close(&self) {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).taken.values().for_each(|place| place.ended.notify_one());
    }

    /// Who is idle only since then may be about to ask.
    fn idle_before_ms(&self) -> u64 {
        self.now_ms().saturating_sub(self.evictable_after_ms)
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
    }
}

impl Places {
    /// Looks through all: only when there is no place, and then it is the smallest part of the work.
    fn evict(&mut self, address: Option<IpAddr>, idle_before_ms: u64) -> Option<()> {
        let idle = |place: &&Arc<Place>| {
            let is_idle = (1..=idle_before_ms).contains(&place.idle_since_ms.load(Ordering::Relaxed));
            is_idle && address.is_none_or(|wanted| wanted == place.address)
        };
        let oldest = self.taken.values().filter(idle).min_by_key(|place| (place.idle_since_ms.load(Ordering::Relaxed), place.id))?.clone();
        self.forget(&oldest);
        oldest.ended.notify_one();
        Some(())
    }

    fn forget(&mut self, place: &Place) {
        if self.taken.remove(&place.id).is_none() {
            return;
        }
        if let Some(count) = self.by_address.get_mut(&place.address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&place.address);
            }
        }
    }
}

impl Pass {
    /// From now on this connection may be ended to make room.
    pub fn idle(&self) {
        self.0.idle_since_ms.store(self.0.gate.now_ms(), Ordering::Relaxed);
    }

    pub fn busy(&self) {
        self.0.idle_since_ms.store(0, Ordering::Relaxed);
    }

    pub fn place(&self) -> Arc<Place> {
        self.0.clone()
    }
}

impl Place {
    /// Returns when a newcomer got this connection's place, or nobody has one any more.
    pub async fn ended(&self) {
        self.ended.notified().await;
    }

    /// Idle since it was first marked so, or busy.
    pub fn mark(&self, is_idle: bool) {
        let before = self.idle_since_ms.load(Ordering::Relaxed);
        let since = if !is_idle {
            0
        } else if before == 0 {
            self.gate.now_ms()
        } else {
            before
        };
        self.idle_since_ms.store(since, Ordering::Relaxed);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.gate.places.lock().unwrap_or_else(PoisonError::into_inner).forget(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(connections_max: usize) -> Arc<Gate> {
        Arc::new(Gate::new(&Limits { connections_max, evictable_after_ms: 0, ..Limits::default() }, 10_000))
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([127, 0, 0, last])
    }

    #[test]
    fn a_newcomer_takes_the_place_of_who_is_idle_for_longest_and_never_of_who_is_busy() {
        let gate = gate(4);
        let passes: Vec<Pass> = (1..=4).filter_map(|last| gate.admit(address(last))).collect();
        passes.iter().for_each(Pass::busy);
        assert!(gate.admit(address(9)).is_none());
        passes[2].idle();
        let newcomer = gate.admit(address(9)).expect("a place");
        newcomer.busy();
        assert!(gate.admit(address(8)).is_none());
        drop(passes);
        assert_eq!(gate.places.lock().expect("whole").taken.len(), 1);
        drop(newcomer);
        assert!(gate.places.lock().expect("whole").by_address.is_empty());
    }

    #[test]
    fn one_address_never_has_all() {
        let gate = gate(8);
        let passes: Vec<Pass> = (0..6).filter_map(|_| gate.admit(address(1))).collect();
        passes.iter().for_each(Pass::busy);
        assert!(gate.admit(address(1)).is_none());
        assert!(gate.admit(address(2)).is_some());
    }
}
