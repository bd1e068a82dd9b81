//! Runs a job here, or in the server that has the data file open: the one way in which commands write.

use super::outcome::{Failure, say, unopened};
use super::progress::Bar;
use crate::config::{DATA_FILE, variable};
use crate::model::error::{Error, Problem};
use crate::model::fault::Fault;
use crate::model::job::{Import, Job, Outcome, Progress, Report};
use crate::model::limits::Limits;
use crate::model::name::quoted;
use crate::model::principal::{Caller, Principal};
use crate::ops::ctx::{self, Ctx};
use crate::ops::jobs;
use crate::server::signals::Interrupt;
use crate::store::engine::{Durability, Opening, Store};
use crate::store::lock::{Holder, holder};
use crate::store::place::{self, real};
use clap::ArgMatches;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The owner of the data file, at a terminal.
pub const OWNER: Caller = Caller { principal: Principal::Control, door: "cli", token: None, tab: None };

const POLL: Duration = Duration::from_millis(100);
const BUSY_WAIT: Duration = Duration::from_secs(60);
const SERVER_TIMEOUT: Duration = Duration::from_secs(30);

/// The data file that the command line, else the environment, names.
pub fn data_file(matches: &ArgMatches) -> PathBuf {
    let given = matches.get_one::<String>("db").cloned().or_else(|| variable("CARRYALL_DB"));
    real(Path::new(given.as_deref().unwrap_or(DATA_FILE)))
}

/// How a command opens a data file: it alone reads and writes.
pub fn opening() -> Result<Opening, Failure> {
    Ok(Opening { durability: Durability::Full, readers: 2, limits: Limits::default(), clock: ctx::clock(), fault: fault()? })
}

/// The same for commands that look at all of a large file.
pub fn patient() -> Result<Opening, Failure> {
    let opening = opening()?;
    Ok(Opening { limits: Limits { read_timeout_ms: u64::from(u32::MAX), ..opening.limits.clone() }, ..opening })
}

/// The fault that a test asked for.
pub fn fault() -> Result<Option<Fault>, Failure> {
    let unknown = |name: &str| Failure::new(2, format!("There is no fault {}; CARRYALL_FAULT is for tests", quoted(name)));
    variable("CARRYALL_FAULT").map(|name| Fault::named(&name).ok_or_else(|| unknown(&name))).transpose()
}

/// Does the job where the data file is open. `sent` is the job's form on the wire. Ctrl-C ends it, and leaves nothing of it.
pub fn run(path: &Path, job: &Job, sent: &Value) -> Result<Outcome, Failure> {
    let work = Work::begin();
    let done = match holder(path) {
        Some(Holder { address: Some(address), secret: Some(secret) }) => {
            // Programs of this machine may come without TLS.
            let plain = address.split_once("://").map_or(address.as_str(), |(_, plain)| plain);
            remotely(plain, &secret, sent, &work)
        }
        _ => here(path, job, &work),
    };
    work.end();
    done
}

/// What a command shows while it works, and whether somebody stops it.
pub struct Work {
    bar: Bar,
    interrupt: Interrupt,
}

impl Work {
    pub fn begin() -> Self {
        // Where signals cannot be caught, Ctrl-C ends the program as it would anyway.
        Self { bar: Bar::new(), interrupt: Interrupt::watch().unwrap_or_default() }
    }

    /// Shows what a job tells, and ends it when it is to end.
    pub fn report(&self) -> Report {
        let (show, interrupt) = (self.bar.report(), self.interrupt.clone());
        Arc::new(move |progress| {
            show(progress)?;
            if interrupt.is_asked() { Err(stopped()) } else { Ok(()) }
        })
    }

    pub fn end(&self) {
        self.bar.end();
        self.interrupt.end();
    }
}

fn stopped() -> Error {
    Error::Conflict(Problem::new("cancelled", "Stopped: nothing was changed"))
}

fn here(path: &Path, job: &Job, work: &Work) -> Result<Outcome, Failure> {
    let existed = path.exists();
    if let Some(doubt) = place::doubt(path) {
        say(&format!("{doubt}."));
    }
    let how = opening()?;
    let store = Store::open(path, &how).map_err(|error| unopened(path, error))?;
    let ctx = Ctx::new(store, ctx::random(), how.limits, crate::ops::sessions::no_control());
    let done = jobs::run(&ctx, &OWNER, job, &work.report());
    // Closes every connection: only then is the file alone.
    drop(ctx);
    // A file that this command made and put nothing into was not asked for.
    if !existed && (done.is_err() || is_dry_run(job)) {
        let _ = std::fs::remove_file(path);
    }
    Ok(done?)
}

fn is_dry_run(job: &Job) -> bool {
    match job {
        Job::Import(import) => import.dry_run,
        Job::Apply { dry_run, .. } => *dry_run,
        Job::AdminCreate { .. } | Job::Link { .. } | Job::TokenCreate(_) => false,
        Job::Backup(_) | Job::Restore(_) | Job::Check | Job::Mend | Job::Index { .. } => false,
    }
}

fn remotely(address: &str, secret: &str, sent: &Value, work: &Work) -> Result<Outcome, Failure> {
    let started = patiently(|| ask(address, secret, "POST", "/api/workspaces/default/jobs", &sent.to_string()))?;
    let id = started.get("id").and_then(Value::as_u64).ok_or_else(|| unanswered(&started))?;
    let mut is_asked = false;
    loop {
        if work.interrupt.is_asked() && !std::mem::replace(&mut is_asked, true) {
            patiently(|| ask(address, secret, "DELETE", &format!("/api/workspaces/default/jobs/{id}"), ""))?;
        }
        let state =
            patiently(|| ask(address, secret, "GET", &format!("/api/workspaces/default/jobs/{id}"), "")).map_err(|mut failure| {
                failure.lines.push("How the job ended is not known: look at the data before you run it again".to_owned());
                failure
            })?;
        match state.get("state").and_then(Value::as_str) {
            Some("done") => return Ok(state.get("outcome").cloned().unwrap_or_default()),
            Some("failed") => {
                let lines = state.get("messages").and_then(Value::as_array);
                let lines = lines.map(|lines| lines.iter().filter_map(Value::as_str).map(str::to_owned).collect());
                return Err(Failure { code: 1, lines: lines.unwrap_or_default() });
            }
            Some("cancelled") if is_asked => return Err(stopped().into()),
            Some("cancelled") => return Err(Failure::new(1, "The job was cancelled, or its server stopped: nothing was changed")),
            Some("running" | "cancelling") => work.bar.show(progress(&state)),
            _ => return Err(unanswered(&state)),
        }
        std::thread::sleep(POLL);
    }
}

/// Asks again while the server is too busy to answer, for as long as a person would wait.
fn patiently(ask: impl Fn() -> Result<(u16, Value), Failure>) -> Result<Value, Failure> {
    let started = Instant::now();
    loop {
        match ask()? {
            (200..=299, value) => return Ok(value),
            (503, _) if started.elapsed() < BUSY_WAIT => std::thread::sleep(POLL),
            (_, value) => return Err(unanswered(&value)),
        }
    }
}

fn progress(state: &Value) -> Progress {
    let number = |key: &str| state.get(key).and_then(Value::as_u64);
    let one_of = |key: &str, words: &[&'static str]| {
        let told = state.get(key).and_then(Value::as_str).unwrap_or_default();
        words.iter().copied().find(|word| *word == told).unwrap_or_default()
    };
    Progress {
        stage: one_of("stage", &["reading", "checking", "copying", "writing"]),
        done: number("done").unwrap_or_default(),
        total: number("total"),
        unit: one_of("unit", &["bytes", "tables", "rows"]),
        rows: number("rows").unwrap_or_default(),
    }
}

/// One request to the server of this machine: status and JSON. It is our own server on loopback, so HTTP/1.0 without keep-alive is all that is needed.
fn ask(address: &str, secret: &str, method: &str, path: &str, body: &str) -> Result<(u16, Value), Failure> {
    let gone = |error: std::io::Error| {
        Failure::new(1, format!("The server at http://{address}, which has the data file, does not answer: {error}"))
    };
    let mut stream = TcpStream::connect(address).map_err(gone)?;
    stream.set_read_timeout(Some(SERVER_TIMEOUT)).map_err(gone)?;
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nAuthorization: Bearer {secret}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).map_err(gone)?;
    let mut text = String::new();
    stream.read_to_string(&mut text).map_err(gone)?;
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
    let value: Value = serde_json::from_str(body)
        .map_err(|_| Failure::new(1, format!("The server at http://{address} gave an answer that is no JSON")))?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    Ok((status, value))
}

fn unanswered(value: &Value) -> Failure {
    let message = value.pointer("/error/message").and_then(Value::as_str);
    Failure::new(1, message.unwrap_or("The server gave an answer that is not known here"))
}

/// Names the server what it must find: paths made whole.
pub fn whole(path: &str) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::new(1, format!("{path}: {error}")))
}

/// An import as the server takes it.
pub fn import_form(import: &Import) -> Value {
    json!({
        "kind": "import", "file": import.file, "app": import.app, "schema": import.schema, "schema_given": import.schema_given,
        "map": import.map, "types": import.types, "key": import.key, "skip": import.skip,
        "blank_errors": import.blank_errors, "sheet": import.sheet, "dry_run": import.dry_run,
    })
}

/// What was given under a name that may stand several times.
pub fn texts(matches: &ArgMatches, name: &str) -> Vec<String> {
    matches.get_many::<String>(name).into_iter().flatten().cloned().collect()
}

/// `HEADER=FIELD`: cut at the last `=`, for a heading may hold one and a slug may not.
pub fn pairs(matches: &ArgMatches, name: &str) -> Result<Vec<(String, String)>, Failure> {
    let given = matches.get_many::<String>(name).into_iter().flatten();
    given
        .map(|pair| {
            let (heading, slug) =
                pair.rsplit_once('=').ok_or_else(|| Failure::new(2, format!("--{name} wants HEADER=VALUE, not '{pair}'")))?;
            Ok((heading.to_owned(), slug.to_owned()))
        })
        .collect()
}
