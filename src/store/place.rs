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

/// The file itself where a name is a symbolic link: SQLite's log lies beside the file, not beside the link.
pub fn real(file: &Path) -> PathBuf {
    if file.is_symlink() { file.canonicalize().unwrap_or_else(|_| file.to_owned()) } else { file.to_owned() }
}

/// A name that was made, changed or taken away is so on the disk only when its folder is flushed.
pub fn sync_folder(file: &Path, fault: Option<Fault>) -> io::Result<()> {
    if cfg!(unix) && fault != Some(Fault::SkipFolderSync) { File::open(folder_of(file))?.sync_all() } else { Ok(()) }
}

/// Why a folder is no good place for a data file, as a sentence; `None` when nothing is known against it.
pub fn doubt(data: &Path) -> Option<String> {
    let whole = data.canonicalize().unwrap_or_else(|_| data.to_owned());
    let file = data.display();
    if let Some(kind) = network_disk(&whole) {
        return Some(format!(
            "{file} lies on a network disk ({kind}), whose locks SQLite cannot rely on: let this machine alone use it, or keep it on a disk of its own"
        ));
    }
    synced_by(&whole).map(|program| {
        format!("{file} lies in a folder that {program} copies while it is written to: the copies can be torn. Keep it elsewhere, and put backups there")
    })
}

/// Folder names of programs that copy what is in them to other machines.
const SYNCED: [(&str, &str); 9] = [
    ("Dropbox", "Dropbox"),
    ("OneDrive", "OneDrive"),
    ("Google Drive", "Google Drive"),
    ("GoogleDrive", "Google Drive"),
    ("com~apple~CloudDocs", "iCloud"),
    ("iCloud Drive", "iCloud"),
    ("Nextcloud", "Nextcloud"),
    ("ownCloud", "ownCloud"),
    ("pCloudDrive", "pCloud"),
];

fn synced_by(whole: &Path) -> Option<&'static str> {
    let by_name = whole.parent()?.components().find_map(|part| {
        let part = part.as_os_str().to_string_lossy();
        // `OneDrive - Company` is one, too.
        SYNCED.iter().find(|(name, _)| part == *name || part.starts_with(&format!("{name} "))).map(|(_, program)| *program)
    });
    by_name.or_else(|| whole.ancestors().any(|folder| folder.join(".stfolder").exists()).then_some("Syncthing"))
}

/// The kind of network disk that a file lies on.
#[cfg(target_os = "linux")]
fn network_disk(whole: &Path) -> Option<&'static str> {
    const KINDS: [(u32, &str); 8] = [
        (0x0000_6969, "NFS"),
        (0x0000_517b, "SMB"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB2"),
        (0x0102_1997, "9P"),
        (0x5346_414f, "AFS"),
        (0x00c3_6400, "Ceph"),
        (0x7375_7245, "Coda"),
    ];
    let found = rustix::fs::statfs(folder_of(whole)).ok()?;
    // Only the lower half names the kind, whatever the width of the word is here.
    let kind = u32::try_from(i128::from(found.f_type) & 0xffff_ffff).ok()?;
    KINDS.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name)
}

#[cfg(not(target_os = "linux"))]
fn network_disk(_: &Path) -> Option<&'static str> {
    None
}

/// Bytes that are free on the disk of a file, if the system says so.
#[cfg(unix)]
pub fn free_bytes(file: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder_of(file)).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
pub fn free_bytes(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_copied_while_it_is_written_to_is_told_by_its_name() {
        let told = |path: &str| synced_by(Path::new(path));
        assert_eq!(told("/media/ann/Dropbox/crm/carryall.db"), Some("Dropbox"));
        assert_eq!(told("/media/ann/OneDrive - Acme/carryall.db"), Some("OneDrive"));
        assert_eq!(told("/media/ann/Dropboxes/carryall.db"), None);
        assert_eq!(told("/media/ann/Dropbox"), None, "a file of that name is no such folder");
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".stfolder")).unwrap();
        assert_eq!(synced_by(&folder.path().join("deep/carryall.db")), Some("Syncthing"));
        assert_eq!(doubt(&folder.path().join("carryall.db")).map(|words| words.contains("Syncthing")), Some(true));
    }
}
