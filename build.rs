//! Tells Cargo that the embedded files changed: `include_dir!` and `include_str!` of a folder are not tracked by themselves.

fn main() {
    println!("cargo:rerun-if-changed=static");
    println!("cargo:rerun-if-changed=schema.sql");
}
