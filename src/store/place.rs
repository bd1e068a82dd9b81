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
fn network_disk(whole: &Path) -> Option<String> {
    const KINDS: [(u32, &str); 10] = [
        (0x0000_6969, "NFS"),
        (0x0000_517b, "SMB"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB2"),
        (0x0102_1997, "9P"),
        (0x5346_414f, "AFS"),
        (0x00c3_6400, "Ceph"),
        (0x7375_7245, "Coda"),
        (0x0bd0_0bd0, "Lustre"),
        (0x786f_4256, "VirtualBox"),
    ];
    const FUSE: u32 = 0x6573_5546;
    let found = rustix::fs::statfs(folder_of(whole)).ok()?;
    // Only the lower half names the kind, whatever the width of the word is here.
    let kind = u32::try_from(i128::from(found.f_type) & 0xffff_ffff).ok()?;
    if kind == FUSE {
        return fuse_program(&std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default(), whole);
    }
    KINDS.iter().find(|(known, _)| *known == kind).map(|(_, name)| (*name).to_owned())
}

#[cfg(not(target_os = "linux"))]
fn network_disk(_: &Path) -> Option<String> {
    None
}

/// The program behind the FUSE disk that a file lies on, by the list of mounts; `None` of one that only reads a disk of this machine (`fuseblk`).
#[cfg(target_os = "linux")]
fn fuse_program(mounts: &str, whole: &Path) -> Option<String> {
    // 36 35 0:40 / /mnt/far rw,relatime shared:1 - fuse.sshfs ann@far:/ rw; the last of two at one place is the one that is seen.
    let placed = mounts.lines().filter_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let place = place.split(' ').nth(4)?.replace("\\040", " ");
        whole.starts_with(&place).then(|| (place.len(), kind.split(' ').next().unwrap_or_default()))
    });
    match placed.max_by_key(|(length, _)| *length) {
        Some((_, "fuseblk")) => None,
        Some((_, kind)) => Some(kind.strip_prefix("fuse.").unwrap_or("FUSE").to_owned()),
        None => Some("FUSE".to_owned()),
    }
}

/// Whether a process of this number runs; nobody else's is asked for more.
#[cfg(unix)]
pub fn is_running(process: u32) -> bool {
    let pid = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
    // One that may not be asked is there all the same.
    pid.is_some_and(|pid| !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH)))
}

/// Elsewhere a file that somebody has open cannot be taken away, so nothing is lost by trying.
#[cfg(not(unix))]
pub fn is_running(_: u32) -> bool {
    false
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

    #[cfg(target_os = "linux")]
    #[test]
    fn a_fuse_disk_is_told_by_its_program_and_a_disk_of_this_machine_is_none() {
        let mounts = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
            40 22 0:44 / /mnt/far rw,nosuid - fuse.sshfs ann@far:/ rw,user_id=0\n\
            41 22 0:45 / /mnt/my\\040cloud rw - fuse.rclone cloud: rw\n\
            42 22 8:17 / /mnt/stick rw - fuseblk /dev/sdb1 rw\n";
        let told = |path: &str| fuse_program(mounts, Path::new(path));
        assert_eq!(told("/mnt/far/deep/carryall.db").as_deref(), Some("sshfs"));
        assert_eq!(told("/mnt/my cloud/carryall.db").as_deref(), Some("rclone"));
        assert_eq!(told("/mnt/stick/carryall.db"), None);
    }

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
