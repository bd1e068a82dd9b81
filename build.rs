//! Tells Cargo that the embedded files changed (`include_dir!` does not track a folder by itself) and names this state of them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=static");
    println!("cargo:rerun-if-changed=schema.sql");
    let mut hasher = DefaultHasher::new();
    hash(Path::new("static"), &mut hasher);
    println!("cargo:rustc-env=CARRYALL_BUILD={:016x}", hasher.finish());
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
