//! `carryall export`: a table, or a whole app, to a file or to stdout. It only reads, so it works beside a running server.

use super::job::{OWNER, Work, data_file, patient};
use super::outcome::{Ended, Failure, say, unopened};
use crate::format::file::Format;
use crate::model::job::Progress;
use crate::model::limits::Limits;
use crate::ops::app_file;
use crate::ops::export::{self, Export};
use crate::store::engine::Store;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::Path;

/// Of a table, and the app file of all of them.
const FORMATS: [&str; 5] = ["csv", "json", "ndjson", "xlsx", APP];
const APP: &str = "app";

pub fn command() -> Command {
    Command::new("export").about("Export a table as JSON, NDJSON, CSV or XLSX, or a whole app as an app file")
        .after_help("In CSV a text that a spreadsheet would calculate (=1+1, +a, -a, @a) gets an apostrophe before it; an import takes it away again.")
        .args([
        Arg::new("app").long("app").value_name("SLUG").required(true).help("The app"),
        Arg::new("schema").long("schema").value_name("SLUG").help("The table [default: the whole app, as an app file]"),
        Arg::new("format")
            .long("format")
            .value_name("FORMAT")
            .value_parser(FORMATS)
            .help("[default: by the ending of the output file, else json]"),
        Arg::new("ids").long("ids").action(ArgAction::SetTrue).help("Put the records' ids first, for an import with --key id"),
        Arg::new("output").short('o').long("output").value_name("FILE").help("Where to write [default: stdout]"),
    ])
}

pub fn run(matches: &ArgMatches) -> Ended {
    let text = |name: &str| matches.get_one::<String>(name).map_or("", String::as_str);
    let output = matches.get_one::<String>("output").map(Path::new);
    let named = matches.get_one::<String>("format").map(String::as_str);
    match (named, matches.contains_id("schema")) {
        (Some(APP), true) => return Err(Failure::new(2, "An app file holds all tables of an app: leave --schema out")),
        (Some(APP) | None, false) if matches.get_flag("ids") => {
            return Err(Failure::new(2, "--ids needs a table: --schema NAME. An app file keeps what its records point to without ids"));
        }
        (None, false) if let Some(ending) = output.and_then(of_one_table) => {
            let message = format!(
                "A .{ending} file holds one table: add --schema NAME. A whole app goes into a .json file, or is named: --format app"
            );
            return Err(Failure::new(2, message));
        }
        (Some(APP) | None, false) => return whole(matches, text("app"), output),
        (Some(format), false) => return Err(Failure::new(2, format!("--format {format} needs a table: --schema NAME"))),
        (_, true) => {}
    }
    let format = match (matches.get_one::<String>("format"), output) {
        (Some(name), _) => Format::from_name(name),
        (None, Some(path)) => Some(Format::of(path)?),
        (None, None) => Some(Format::Json),
    };
    let format = format.ok_or_else(|| Failure::new(2, "There is no such format"))?;
    let path = data_file(matches);
    let store = Store::open_for_reading(&path, &patient()?).map_err(|error| unopened(&path, error))?;
    let work = Work::begin();
    let report = work.report();
    let tell = |rows: u64| report(Progress { stage: "writing", done: 0, total: None, unit: "rows", rows });
    let limits = Limits::default();
    let asked = Export { app: text("app"), schema: text("schema"), format, query: None, has_ids: matches.get_flag("ids") };
    let write = |out: Box<dyn Write + '_>| store.read(|tx| export::export(tx, &OWNER, &asked, &limits, out, &tell));
    let rows = match output {
        None => to_stdout(write)?,
        Some(output) => to_file(output, write)?,
    };
    work.end();
    say(&format!("{} exported", super::outcome::counted(rows, "row")));
    Ok(())
}

/// The ending of a file that is no app file.
fn of_one_table(output: &Path) -> Option<String> {
    let is_of_rows = Format::of(output).is_ok_and(|format| format != Format::Json);
    output.extension().filter(|_| is_of_rows).map(|ending| ending.to_string_lossy().into_owned())
}

/// An app with its records, as an app file.
fn whole(matches: &ArgMatches, app: &str, output: Option<&Path>) -> Ended {
    let path = data_file(matches);
    let store = Store::open_for_reading(&path, &patient()?).map_err(|error| unopened(&path, error))?;
    let write = |mut out: Box<dyn Write + '_>| {
        let written = store.read(|tx| app_file::write(tx, &OWNER, app, true, &mut out))?;
        out.flush().map_err(crate::format::rows::unwritten)?;
        Ok(written)
    };
    let records = match output {
        None => to_stdout(write)?,
        Some(output) => to_file(output, write)?,
    };
    say(&format!("{} exported, with the app and its tables", super::outcome::counted(records, "record")));
    Ok(())
}

/// By way of a file: whoever reads slowly would hold the snapshot, and with it the log of everything that is written meanwhile.
fn to_stdout(write: impl FnOnce(Box<dyn Write + '_>) -> crate::model::error::Result<u64>) -> Result<u64, Failure> {
    let failed = |error: std::io::Error| Failure::new(1, format!("The export cannot be written: {error}"));
    let mut file = tempfile::tempfile().map_err(failed)?;
    let rows = write(Box::new(BufWriter::new(&file)))?;
    file.rewind().and_then(|()| std::io::copy(&mut file, &mut Stdout)).and_then(|_| Stdout.flush()).map_err(failed)?;
    Ok(rows)
}

/// Stdout for people who pipe into `head`: a reader who has seen enough is no failure.
struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match std::io::stdout().write(bytes) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
            written => written,
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match std::io::stdout().flush() {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
            flushed => flushed,
        }
    }
}

/// Writes beside the file and renames at the end: a failed export leaves what was there. A link leads to its file; what is no plain
/// file (a pipe, a device) is written to as it is.
fn to_file(output: &Path, write: impl FnOnce(Box<dyn Write + '_>) -> crate::model::error::Result<u64>) -> Result<u64, Failure> {
    let failed = |error: std::io::Error| Failure::new(1, format!("{} cannot be written: {error}", output.display()));
    let target = output.canonicalize().unwrap_or_else(|_| output.to_owned());
    let there = std::fs::metadata(&target).ok();
    if there.as_ref().is_some_and(|data| !data.is_file()) {
        let out = File::options().write(true).open(&target).map_err(failed)?;
        return Ok(write(Box::new(BufWriter::new(out)))?);
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unmade = |error: std::io::Error| Failure::new(1, format!("{} cannot be written: {}", output.display(), error.kind()));
    let beside = tempfile::NamedTempFile::new_in(folder).map_err(unmade)?;
    let out: &File = beside.as_file();
    let rows = write(Box::new(BufWriter::new(out)))?;
    beside.as_file().sync_all().map_err(failed)?;
    if let Some(data) = there {
        beside.as_file().set_permissions(data.permissions()).map_err(failed)?;
    }
    beside.persist(&target).map_err(|error| failed(error.error))?;
    Ok(rows)
}
