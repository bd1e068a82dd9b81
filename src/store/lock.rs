//! `FILE.lock` beside the data file: who has it open for writing, where that server listens, and the secret by which a command of the same user may hand it a job.

use serde_json::{Value, json};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longer than any look at the lock takes.
const PROBE: Duration = Duration::from_millis(200);

/// The lock, held as long as this value lives.
pub struct Lock {
    file: File,
    path: PathBuf,
}

/// The process that has the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// `http://127.0.0.1:8090`; `None` when it is a command and no server, or still starting.
    pub address: Option<String>,
    pub secret: Option<String>,
}

pub enum Refused {
    Held(Holder),
    Failed(std::io::Error),
}

impl Lock {
    /// Takes the lock of a data file, or says who has it.
    pub fn acquire(data: &Path) -> Result<Self, Refused> {
        let path = beside(data);
        let started = Instant::now();
        loop {
            if path.is_symlink() {
                return Err(Refused::Failed(std::io::Error::other("it is a symbolic link; remove it")));
            }
            let file = open(&path).map_err(Refused::Failed)?;
            match file.try_lock() {
                Ok(()) => {}
                // A command that only looks who has the file holds it for a moment.
                Err(TryLockError::WouldBlock) if started.elapsed() < PROBE => {
                    std::thread::sleep(PROBE / 20);
                    continue;
                }
                Err(TryLockError::WouldBlock) => return Err(Refused::Held(read(&path))),
                Err(TryLockError::Error(error)) => return Err(Refused::Failed(error)),
            }
            // The holder before us removes the file when it stops: a lock on a file that is no longer there is worth nothing.
            if same_file(&file, &path) {
                let mut lock = Self { file, path };
                lock.write(&json!({})).map_err(Refused::Failed)?;
                return Ok(lock);
            }
        }
    }

    /// Tells other commands where the server is.
    pub fn announce(&mut self, address: &str, secret: &str) -> std::io::Result<()> {
        self.write(&json!({"address": address, "secret": secret, "pid": std::process::id()}))
    }

    fn write(&mut self, value: &Value) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(value.to_string().as_bytes())?;
        self.file.flush()
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while it is held, so that nobody can take it in between. A failure leaves a file that the next start takes over.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Who has the data file open for writing at this moment, if anybody.
pub fn holder(data: &Path) -> Option<Holder> {
    let path = beside(data);
    let file = File::open(&path).ok()?;
    match file.try_lock_shared() {
        // A lock file that others may write, or that is not the owner's of the data, says nothing that a secret may be sent to.
        Err(TryLockError::WouldBlock) if is_private(&file, data) => Some(read(&path)),
        Err(TryLockError::WouldBlock) => Some(Holder { address: None, secret: None }),
        _ => None,
    }
}

/// The lock belongs to the file itself: whatever link leads to it, the lock is the same.
fn beside(data: &Path) -> PathBuf {
    let folder = data.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let placed = || Some(folder.canonicalize().ok()?.join(data.file_name()?));
    let data = data.canonicalize().ok().or_else(placed).unwrap_or_else(|| data.to_owned());
    let mut name = data.into_os_string();
    name.push(".lock");
    PathBuf::from(name)
}

fn read(path: &Path) -> Holder {
    let mut text = String::new();
    let read = File::open(path).and_then(|mut file| file.read_to_string(&mut text));
    let value: Value = read.ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_default();
    let get = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let address = get("address").filter(|url| url.split_once("://").is_some_and(|(_, address)| address.parse::<SocketAddr>().is_ok()));
    let secret = get("secret").filter(|secret| secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
    Holder { address, secret }
}

#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    // One that was there already may be open to others; the secret is written only after this.
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

#[cfg(unix)]
fn is_private(file: &File, data: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (lock, data) = (file.metadata(), std::fs::metadata(data));
    matches!((lock, data), (Ok(lock), Ok(data)) if lock.uid() == data.uid() && lock.mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(_: &File, _: &Path) -> bool {
    true
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

#[cfg(unix)]
fn same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let held = file.metadata().map(|data| (data.dev(), data.ino()));
    let there = std::fs::metadata(path).map(|data| (data.dev(), data.ino()));
    matches!((held, there), (Ok(held), Ok(there)) if held == there)
}

/// Elsewhere an open file cannot be removed, so it is always the same.
#[cfg(not(unix))]
fn same_file(_: &File, _: &Path) -> bool {
    true
}
