//! The place of a data file: its folder, the files beside it.

use crate::model::fault::Fault;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The folder that a file is in.
pub fn folder_of(file: &Path) -> PathBuf {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// `FILE-wal` and the like.
pub fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// A name that was made, changed or taken away is so on the disk only when its folder is flushed.
pub fn sync_folder(file: &Path, fault: Option<Fault>) -> io::Result<()> {
    if cfg!(unix) && fault != Some(Fault::SkipFolderSync) { File::open(folder_of(file))?.sync_all() } else { Ok(()) }
}
