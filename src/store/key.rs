//! `FILE.key` beside the data file: the key that JWTs are signed with. Made when the first one is signed; without it those that were given out are no
//! longer good, and nothing else is lost. It is in no backup.

use super::place::{folder_of, real, sync_folder, with_ending};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

pub const KEY_BYTES: usize = 32;

/// The key of a data file, if there is one.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read(data: &Path) -> io::Result<Option<[u8; KEY_BYTES]>> {
    let path = beside(data);
    let kind = match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found?.file_type(),
    };
    if kind.is_symlink() {
        return Err(io::Error::other("it is a symbolic link; remove it"));
    }
    // Opening a pipe waits for somebody who writes into it.
    if !kind.is_file() {
        return Err(io::Error::other("it is no regular file; remove it"));
    }
    let file = File::open(&path)?;
    make_private(&file)?;
    let mut bytes = Vec::new();
    file.take(u64::try_from(KEY_BYTES + 1).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    // One of another length was not made here.
    Ok(bytes.try_into().ok())
}

/// Puts a key there.
pub fn write(data: &Path, key: &[u8; KEY_BYTES]) -> io::Result<()> {
    let path = beside(data);
    let mut file = tempfile::Builder::new().prefix(&format!(".key-{}-", std::process::id())).tempfile_in(folder_of(&path))?;
    file.write_all(key)?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    sync_folder(&path, None)
}

fn beside(data: &Path) -> PathBuf {
    with_ending(&real(data), ".key")
}

/// One that was copied may be open to others.
#[cfg(unix)]
fn make_private(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if file.metadata()?.permissions().mode() & 0o077 == 0 { Ok(()) } else { file.set_permissions(PermissionsExt::from_mode(0o600)) }
}

#[cfg(not(unix))]
fn make_private(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_and_one_of_another_length_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data.db");
        assert_eq!(read(&data).unwrap(), None);
        write(&data, &[7; KEY_BYTES]).unwrap();
        assert_eq!(read(&data).unwrap(), Some([7; KEY_BYTES]));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let path = folder.path().join("data.db.key");
            let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(), 0o600);
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
            assert_eq!(read(&data).unwrap(), Some([7; KEY_BYTES]));
            assert_eq!(mode(), 0o600, "a key that others could read is closed to them");
        }
        for odd in [&[0; KEY_BYTES - 1][..], &[0; KEY_BYTES + 1], &[]] {
            std::fs::write(folder.path().join("data.db.key"), odd).unwrap();
            assert_eq!(read(&data).unwrap(), None);
        }
    }
}
