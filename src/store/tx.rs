//! Transactions as functions see them: a snapshot to read, a job's part of a group to write, and what all of them share.

use super::tables::catalog;
use super::totals::Totals;
use crate::model::catalog::Catalog;
use crate::model::error::Result;
use crate::model::time::Moment;
use rusqlite::Connection;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// Reads the clock; each transaction does so once.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// What the writer publishes and readers see, after each commit.
pub struct Shared {
    catalog: RwLock<Arc<Catalog>>,
    /// Counts up when any session, password or user changed: caches of credentials hold for one value of it.
    credentials: AtomicU64,
    clock: Clock,
    totals: Totals,
    on_commit: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Shared {
    pub(super) fn new(catalog: Catalog, clock: Clock) -> Self {
        Self {
            catalog: RwLock::new(Arc::new(catalog)),
            credentials: AtomicU64::new(0),
            clock,
            totals: Totals::default(),
            on_commit: OnceLock::new(),
        }
    }

    pub(super) fn catalog(&self) -> Arc<Catalog> {
        self.catalog.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_catalog(&self, catalog: Arc<Catalog>) {
        *self.catalog.write().unwrap_or_else(PoisonError::into_inner) = catalog;
    }

    pub(super) fn credentials(&self) -> u64 {
        self.credentials.load(Ordering::Acquire)
    }

    pub(super) fn now(&self) -> Moment {
        (self.clock)()
    }

    pub(super) fn totals(&self) -> &Totals {
        &self.totals
    }

    pub(super) fn set_on_commit(&self, tell: Box<dyn Fn() + Send + Sync>) {
        let _ = self.on_commit.set(tell);
    }

    pub(super) fn publish(&self, tx: WriteTx<'_>) {
        if tx.catalog_changed {
            self.set_catalog(tx.read.catalog);
        }
        if tx.credentials_changed {
            self.credentials.fetch_add(1, Ordering::AcqRel);
        }
        if let Some(tell) = self.on_commit.get() {
            tell();
        }
    }
}

/// One snapshot. Handed to every function that reads.
pub struct ReadTx<'c> {
    conn: &'c Connection,
    catalog: Arc<Catalog>,
    /// `None` inside a write, which sees what nobody else does.
    totals: Option<&'c Totals>,
}

impl<'c> ReadTx<'c> {
    pub(super) fn new(conn: &'c Connection, catalog: Arc<Catalog>) -> Self {
        Self { conn, catalog, totals: None }
    }

    pub(super) fn with_totals(self, totals: &'c Totals) -> Self {
        Self { totals: Some(totals), ..self }
    }

    pub(super) fn totals(&self) -> Option<&'c Totals> {
        self.totals
    }

    pub(super) fn conn(&self) -> &'c Connection {
        self.conn
    }

    /// Apps and schemas of this snapshot.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }
}

/// One job's part of a transaction. Handed to every function that writes; reads go through the same value.
pub struct WriteTx<'c> {
    read: ReadTx<'c>,
    now: Moment,
    catalog_changed: bool,
    credentials_changed: bool,
}

/// What a failed job must give back besides its rows.
pub(super) struct Mark {
    catalog: Arc<Catalog>,
    catalog_changed: bool,
    credentials_changed: bool,
}

impl<'c> WriteTx<'c> {
    pub(super) fn new(read: ReadTx<'c>, now: Moment) -> Self {
        Self { read, now, catalog_changed: false, credentials_changed: false }
    }

    /// The one reading of the clock of this transaction.
    pub fn now(&self) -> &Moment {
        &self.now
    }

    /// To be called after any change of an app, schema or field: raises the version and loads the catalog anew.
    pub fn catalog_changed(&mut self) -> Result<()> {
        catalog::raise_version(self.conn())?;
        self.read.catalog = Arc::new(catalog::load(self.conn())?);
        self.catalog_changed = true;
        Ok(())
    }

    /// To be called after any change that ends or alters a credential.
    pub fn credentials_changed(&mut self) {
        self.credentials_changed = true;
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { catalog: self.read.catalog.clone(), catalog_changed: self.catalog_changed, credentials_changed: self.credentials_changed }
    }

    pub(super) fn restore(&mut self, mark: Mark) {
        self.read.catalog = mark.catalog;
        self.catalog_changed = mark.catalog_changed;
        self.credentials_changed = mark.credentials_changed;
    }
}

impl<'c> Deref for WriteTx<'c> {
    type Target = ReadTx<'c>;

    fn deref(&self) -> &ReadTx<'c> {
        &self.read
    }
}
