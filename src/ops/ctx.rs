//! What every operation stands on: the store, chance, limits, credentials, jobs, the names of this server. The clock is read here and nowhere else.

use super::attempts::Attempts;
use super::credentials::Cache;
use super::job_board::Jobs;
use super::rates::Rates;
use super::samples::Samples;
use crate::auth::control::Control;
use crate::auth::password::Hasher;
use crate::model::error::{Error, Result};
use crate::model::fault::Fault;
use crate::model::limits::Limits;
use crate::model::principal::{Caller, Principal};
use crate::model::site::Site;
use crate::model::time::Moment;
use crate::store::engine::{Clock, ReadTx, Store, WriteTx};
use jiff::Timestamp;
use std::sync::Arc;

/// Fills a buffer with chance.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

pub struct Ctx {
    pub store: Store,
    pub random: Random,
    pub limits: Limits,
    pub credentials: Credentials,
    pub jobs: Jobs,
    /// Requests that were sent of late.
    pub rates: Rates,
    pub site: Site,
    pub fault: Option<Fault>,
    /// Whether copies are made before large changes and once a day; not of what is thrown away.
    pub backs_up: bool,
    pub samples: Samples,
}

/// How a writing operation meets the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// In one transaction with them.
    Shared,
    /// In one of its own: it would hold them up.
    Alone,
    /// As if, and taken back.
    Rehearsed,
}

/// What knows secrets again.
pub struct Credentials {
    pub passwords: Hasher,
    /// Those in use.
    pub known: Cache,
    pub attempts: Attempts,
    pub control: Control,
}

/// The server itself, when it does what nobody asked for.
pub const SELF: Caller = Caller { principal: Principal::Control, door: "server", token: None, tab: None };

/// How often an operation may find the schema changed under it before it gives up.
pub const STALE_RETRIES_MAX: usize = 5;

impl Ctx {
    pub fn new(store: Store, random: Random, limits: Limits, control: Control) -> Self {
        let credentials = Credentials { passwords: Hasher::new(&limits), known: Cache::default(), attempts: Attempts::default(), control };
        Self {
            store,
            random,
            limits,
            credentials,
            jobs: Jobs::default(),
            rates: Rates::default(),
            site: Site::default(),
            fault: None,
            backs_up: true,
            samples: |_| None,
        }
    }

    /// So many random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.random)(&mut bytes);
        bytes
    }

    /// One snapshot for a reading operation.
    pub fn read<T>(&self, ask: impl FnOnce(&ReadTx<'_>) -> Result<T>) -> Result<T> {
        self.store.read(ask)
    }

    /// A writing operation in its two parts: `check` is pure and runs here; `run` reads and writes rows in the transaction.
    /// When the schema changed in between, both run again.
    pub fn write<P, T>(
        &self,
        check: impl Fn() -> Result<P>,
        run: impl Fn(&mut WriteTx<'_>, &P) -> Result<T> + Clone + Send + 'static,
    ) -> Result<T>
    where
        P: Send + 'static,
        T: Send + 'static,
    {
        self.write_by(Way::Shared, check, run)
    }

    /// `write`, in this way.
    pub fn write_by<P, T>(
        &self,
        way: Way,
        check: impl Fn() -> Result<P>,
        run: impl Fn(&mut WriteTx<'_>, &P) -> Result<T> + Clone + Send + 'static,
    ) -> Result<T>
    where
        P: Send + 'static,
        T: Send + 'static,
    {
        self.write_choosing(|_| way, check, run)
    }

    /// `write`, in a way that is known when it was checked.
    pub fn write_choosing<P, T>(
        &self,
        choose: impl Fn(&P) -> Way,
        check: impl Fn() -> Result<P>,
        run: impl Fn(&mut WriteTx<'_>, &P) -> Result<T> + Clone + Send + 'static,
    ) -> Result<T>
    where
        P: Send + 'static,
        T: Send + 'static,
    {
        for _ in 0..STALE_RETRIES_MAX {
            let checked = check()?;
            let (way, run) = (choose(&checked), run.clone());
            let work = move |tx: &mut WriteTx<'_>| run(tx, &checked);
            let done = match way {
                Way::Shared => self.store.write(work),
                Way::Alone => self.store.write_alone(work),
                Way::Rehearsed => self.store.rehearse(work),
            };
            match done {
                Err(Error::Stale) => {}
                other => return other,
            }
        }
        Err(Error::Busy { message: Error::Stale.message(), retry_after_s: 1 })
    }
}

/// What the system's clock says.
pub fn now() -> Moment {
    moment(Timestamp::now())
}

/// The system's clock.
pub fn clock() -> Clock {
    Arc::new(now)
}

/// A clock that stands still, for tests that compare whole answers.
pub fn stopped_clock(epoch_seconds: i64) -> Clock {
    let at = moment_at(epoch_seconds);
    Arc::new(move || at.clone())
}

/// The system's source of chance.
pub fn random() -> Random {
    Arc::new(|bytes| {
        // Without chance there are no secrets: refusing to go on is the only safe answer, and the caught panic becomes a 500.
        assert!(getrandom::fill(bytes).is_ok(), "the system has no randomness");
    })
}

/// So many seconds after 1970.
pub fn moment_at(epoch_seconds: i64) -> Moment {
    moment(Timestamp::from_second(epoch_seconds).unwrap_or_default())
}

/// The second of a time in RFC 3339.
pub fn second_of(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// A time in RFC 3339, whatever its zone, as times lie in the change log.
pub fn moment_of(text: &str) -> Option<String> {
    second_of(text).map(|second| moment_at(second).text)
}

fn moment(at: Timestamp) -> Moment {
    let epoch_seconds = at.as_second();
    let whole = Timestamp::from_second(epoch_seconds).unwrap_or_default();
    Moment { epoch_seconds, text: whole.to_string() }
}
