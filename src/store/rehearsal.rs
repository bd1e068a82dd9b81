//! Trying out what would be written, on a copy of the data file: nobody who writes waits for it, and nothing of it stays.

use super::backup::{has_room, rehearsal_folder};
use super::engine::{Durability, Opening, Store, WriteTx};
use super::migrate;
use super::sqlite::{OrFailed, open_beside, open_untouched};
use crate::model::error::{Error, Result};
use rusqlite::backup::{Backup, StepResult};
use std::path::Path;

/// Runs `work` as if for good, and gives what it told. Where the disk has no room for a copy it is run by the writer and taken back.
pub fn rehearse<T: Send + 'static>(store: &Store, work: impl FnMut(&mut WriteTx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
    if !has_room(store.path()) {
        return store.rehearse(work);
    }
    let folder = rehearsal_folder(store.path())?;
    let path = folder.path().join("copy.db");
    copy(store.path(), &path)?;
    let how = Opening { durability: Durability::Relaxed, readers: 1, fault: None, ..store.opening().clone() };
    let copy = Store::open(&path, &how).map_err(|_| Error::internal("a copy cannot be opened"))?;
    copy.write_alone(work)
}

/// Page by page, of one snapshot.
fn copy(from: &Path, to: &Path) -> Result<()> {
    migrate::create(to, None).map_err(Error::internal)?;
    let (from, mut to) = (open_beside(from).or_failed()?, open_untouched(to).or_failed()?);
    to.execute_batch("PRAGMA synchronous = OFF").or_failed()?;
    match Backup::new(&from, &mut to).and_then(|backup| backup.step(-1)).or_failed()? {
        StepResult::Done => Ok(()),
        _ => Err(Error::Busy { message: "The data file is busy: nothing was tried out; try again".to_owned(), retry_after_s: 1 }),
    }
}
