//! Parses the command line and runs one command.

use std::process::ExitCode;

fn main() -> ExitCode {
    carryall::cli::run(std::env::args_os())
}
