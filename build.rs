//! Tells Cargo that the embedded files changed (`include_dir!` does not track a folder by itself), names this state of them and packs each. Takes the two
//! files of Swagger UI that are needed out of the archive of the crate that carries it, as they are packed there.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::Path;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=static");
    println!("cargo:rerun-if-changed=schema.sql");
    println!("cargo:rerun-if-changed=build.rs");
    let mut hasher = DefaultHasher::new();
    hash(Path::new("static"), &mut hasher);
    SWAGGER_UI_VENDORED.hash(&mut hasher);
    println!("cargo:rustc-env=CARRYALL_BUILD={:016x}", hasher.finish());
    let out = std::env::var("OUT_DIR")?;
    let packed = Path::new(&out).join("packed");
    if packed.exists() {
        std::fs::remove_dir_all(&packed)?;
    }
    pack(Path::new("static"), &packed)?;
    for name in ["swagger-ui-bundle.js", "swagger-ui.css"] {
        let packed = gzip(SWAGGER_UI_VENDORED, &format!("/dist/{name}")).ok_or_else(|| format!("{name} is not in the archive"))?;
        std::fs::write(Path::new(&out).join(format!("{name}.gz")), packed)?;
    }
    Ok(())
}

/// Names and contents of all files, in the order of their names: the same on every machine.
fn hash(folder: &Path, hasher: &mut DefaultHasher) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            hash(&path, hasher);
        } else {
            path.to_string_lossy().hash(hasher);
            std::fs::read(&path).unwrap_or_default().hash(hasher);
        }
    }
}

/// Every file of a folder in gzip, under its own name: who asks for it in that form gets it as it lies here.
fn pack(folder: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        // Samples are never sent as they are.
        if from.is_dir() && !from.ends_with("samples") {
            pack(&from, &to)?;
        } else if from.is_file() {
            let mut packed = GzEncoder::new(std::fs::File::create(to)?, Compression::best());
            packed.write_all(&std::fs::read(from)?)?;
            packed.finish()?;
        }
    }
    Ok(())
}

/// A file of a zip archive in gzip's form: both hold the same deflated bytes, the same checksum and the same length.
fn gzip(zip: &[u8], ending: &str) -> Option<Vec<u8>> {
    const DIRECTORY_END: &[u8] = b"PK\x05\x06";
    const DEFLATED: u64 = 8;
    let end = zip.windows(4).rposition(|bytes| bytes == DIRECTORY_END)?;
    let (count, mut at) = (number(zip, end + 10, 2)?, number(zip, end + 16, 4)?);
    for _ in 0..count {
        let entry = usize::try_from(at).ok()?;
        let lengths = [28, 30, 32].map(|place| number(zip, entry + place, 2));
        let [Some(name), Some(extra), Some(comment)] = lengths else { return None };
        let name = zip.get(entry + 46..)?.get(..usize::try_from(name).ok()?)?;
        if name.ends_with(ending.as_bytes()) && number(zip, entry + 10, 2)? == DEFLATED {
            let local = usize::try_from(number(zip, entry + 42, 4)?).ok()?;
            let data = local + 30 + usize::try_from(number(zip, local + 26, 2)? + number(zip, local + 28, 2)?).ok()?;
            let deflated = zip.get(data..)?.get(..usize::try_from(number(zip, entry + 20, 4)?).ok()?)?;
            // RFC 1952: no name, no time, packed as small as it went, of no known system.
            let head: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
            return Some([head, deflated, zip.get(entry + 16..entry + 20)?, zip.get(entry + 24..entry + 28)?].concat());
        }
        at += 46 + u64::try_from(name.len()).ok()? + extra + comment;
    }
    None
}

/// A number of so many bytes, the lowest first.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + length)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number * 256 + u64::from(*byte)))
}
