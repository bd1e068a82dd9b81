//! The built executable: starts, answers, survives kill -9.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

const PROGRAM: &str = env!("CARGO_BIN_EXE_carryall");
const EMAIL: &str = "owner@example.com";
const PASSWORD: &str = "correct-horse-battery";
/// Far more than any answer needs: a test that would hang fails instead.
const PATIENCE: Duration = Duration::from_secs(30);

// --- the program -----------------------------------------------------------------------------------------------------

/// A folder for a data file, and one for everything else, so that what the program leaves beside the data file is seen.
pub(crate) struct Place {
    pub(crate) data: tempfile::TempDir,
    pub(crate) scratch: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { data: tempfile::tempdir().unwrap(), scratch: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn db(&self) -> PathBuf {
        self.data.path().join("data.db")
    }

    /// A file outside the data file's folder.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.scratch.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs a command on the data file to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, "")
    }

    pub(crate) fn run_with(&self, args: &[&str], stdin: &str) -> Ran {
        run_on(&self.db(), args, stdin)
    }

    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    pub(crate) fn serve_with(&self, variables: &[(&str, &str)]) -> Server {
        let db = self.db();
        let args = ["serve", "--db", db.to_str().unwrap(), "--listen", "127.0.0.1:0", "--no-open", "--quiet"];
        Server::start(carryall().args(args).envs(variables.iter().copied()), &self.scratch.path().join("log"))
    }

    /// Names in the data file's folder.
    fn left(&self) -> BTreeSet<String> {
        std::fs::read_dir(self.data.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn assert_tidy(&self) {
        assert_eq!(self.left(), BTreeSet::from(["data.db".to_owned()]), "the data file is alone when nobody has it open");
    }
}

/// The program, deaf to the settings of whoever runs the tests.
pub(crate) fn carryall() -> Command {
    let mut command = Command::new(PROGRAM);
    for name in ["CARRYALL_DB", "CARRYALL_LISTEN", "CARRYALL_LOG", "CARRYALL_ADMIN_EMAIL", "CARRYALL_ADMIN_PASSWORD"] {
        command.env_remove(name);
    }
    command
}

/// How a command ended and what it said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn run_on(db: &Path, args: &[&str], stdin: &str) -> Ran {
    let mut command = carryall();
    command.args(args).arg("--db").arg(db).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that does not read its input closes it, which is its right.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    ran(child.wait_with_output().unwrap())
}

fn ran(output: Output) -> Ran {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A serving process. It is killed when this value goes, so that a test that falls leaves none behind.
pub(crate) struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    /// Where its stderr goes.
    log: PathBuf,
    /// `127.0.0.1:50123`
    pub(crate) address: String,
}

impl Server {
    /// Starts it and waits until it says that it listens.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Self {
        let to_log = File::create(log).unwrap();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(to_log).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.strip_prefix("listening on http://").map(|address| address.trim_end().to_owned());
        let mut server = Self { child, out, log: log.to_owned(), address: String::new() };
        server.address = address.unwrap_or_else(|| panic!("it said {line:?} and {:?}", server.said()));
        server
    }

    /// Everything on stderr up to now.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Asks it to end; gives the exit code and what it printed after the first line.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }

    /// kill -9: not one instruction more.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, method: &str, target: &str, headers: &[&str], body: &str) -> Answer {
        once(&self.address, method, target, headers, body).unwrap()
    }

    pub(crate) fn get(&self, target: &str, cookie: &str) -> Answer {
        self.ask("GET", target, &[&format!("Cookie: {cookie}")], "")
    }

    /// Signs in by the form; gives the cookie.
    pub(crate) fn sign_in(&self, email: &str, password: &str) -> String {
        let form = format!("username={}&password={password}", email.replace('@', "%40"));
        let answer = self.ask("POST", "/auth/login/", &["Content-Type: application/x-www-form-urlencoded"], &form);
        assert_eq!((answer.status, answer.header("Location")), (302, "/"), "{}", answer.text());
        answer.session()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// --- HTTP ------------------------------------------------------------------------------------------------------------

pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// Takes a whole answer from the front of what has arrived; `None` while a part of it is still missing.
    fn take(arrived: &mut Vec<u8>) -> Option<Self> {
        let head_end = arrived.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&arrived[..head_end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut answer = Self { status, headers, body: Vec::new() };
        let end = head_end + 4 + answer.header("Content-Length").parse().unwrap_or(0);
        if arrived.len() < end {
            return None;
        }
        answer.body = arrived[head_end + 4..end].to_vec();
        arrived.drain(..end);
        Some(answer)
    }

    /// The value of a header, empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{} {}: {error}", self.status, self.text()))
    }

    /// `sessionid=…` of the cookie that the answer sets.
    pub(crate) fn session(&self) -> String {
        let cookies = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Set-Cookie"));
        let pairs = cookies.filter_map(|(_, cookie)| cookie.split(';').next());
        pairs.into_iter().find(|pair| pair.starts_with("sessionid=")).unwrap().to_owned()
    }
}

fn request(address: &str, method: &str, target: &str, headers: &[&str], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n", body.len());
    headers.iter().for_each(|header| text.push_str(&format!("{header}\r\n")));
    format!("{text}\r\n{body}").into_bytes()
}

/// One request on a connection that the server closes after its answer.
fn once(address: &str, method: &str, target: &str, headers: &[&str], body: &str) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&request(address, method, target, &[headers, &["Connection: close"]].concat(), body))?;
    let mut arrived = Vec::new();
    stream.read_to_end(&mut arrived)?;
    match Answer::take(&mut arrived) {
        Some(answer) if arrived.is_empty() => Ok(answer),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// A connection for many requests.
struct Line {
    stream: TcpStream,
    address: String,
    arrived: Vec<u8>,
}

impl Line {
    fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, address: address.to_owned(), arrived: Vec::new() })
    }

    fn ask(&mut self, method: &str, target: &str, headers: &[&str], body: &str) -> io::Result<Answer> {
        self.stream.write_all(&request(&self.address, method, target, headers, body))?;
        loop {
            if let Some(answer) = Answer::take(&mut self.arrived) {
                return Ok(answer);
            }
            let mut part = [0; 16 * 1024];
            match self.stream.read(&mut part)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => self.arrived.extend_from_slice(&part[..length]),
            }
        }
    }
}

// --- serving ---------------------------------------------------------------------------------------------------------

const FIRST_ADMIN: [(&str, &str); 2] = [("CARRYALL_ADMIN_EMAIL", EMAIL), ("CARRYALL_ADMIN_PASSWORD", PASSWORD)];

#[test]
fn it_serves_programs_and_people_until_it_is_asked_to_stop() {
    let place = Place::new();
    let server = place.serve_with(&FIRST_ADMIN);
    assert!(server.address.starts_with("127.0.0.1:"), "{}", server.address);

    let health = server.ask("GET", "/healthz", &[], "");
    assert_eq!((health.status, health.json()), (200, json!({"status": "ok"})));
    let root = server.ask("GET", "/", &[], "");
    assert_eq!((root.status, &root.json()["name"]), (200, &json!("carryall")));
    let browser = server.ask("GET", "/", &["Accept: text/html,application/xhtml+xml,*/*;q=0.8"], "");
    assert_eq!((browser.status, browser.header("Location")), (302, "/_/"));

    assert_eq!(server.ask("GET", "/api/apps", &[], "").status, 401);
    let cookie = server.sign_in(EMAIL, PASSWORD);
    let apps = server.get("/api/apps", &cookie);
    assert_eq!((apps.status, apps.json()), (200, json!({"apps": []})));

    // A browser that stays connected and says nothing does not hold up the end.
    let mut idle = Line::open(&server.address).unwrap();
    assert_eq!(idle.ask("GET", "/healthz", &[], "").unwrap().status, 200);
    assert!(place.left().contains("data.db.lock"), "while it runs, commands can find it: {:?}", place.left());
    assert_eq!(server.stop(), (Some(0), String::new()), "one line on stdout is all that it ever prints");
    place.assert_tidy();
}

#[test]
fn an_index_that_was_used_in_a_short_run_is_known_to_have_been() {
    let place = Place::new();
    let app =
        json!({"carryall": 1, "app": {"slug": "crm"}, "schemas": [{"slug": "things", "fields": [{"slug": "size", "type": "integer"}]}]});
    assert_eq!(place.run(&["apply", &place.file("app.json", app.to_string())]).code, Some(0));
    let noted = |sql: &str| rusqlite::Connection::open(place.db()).unwrap().query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    let old = "INSERT INTO auto_index SELECT id, 'size', '2020-01-01', 'why', 1, '2020-01-01' FROM schema RETURNING used_at";
    assert_eq!(noted(old), "2020-01-01");
    let server = place.serve_with(&FIRST_ADMIN);
    let cookie = server.sign_in(EMAIL, PASSWORD);
    assert_eq!(server.get("/api/apps/crm/schemas/things/records?filter[size]=5", &cookie).status, 200);
    assert_eq!(server.stop().0, Some(0));
    assert!(noted("SELECT used_at FROM auto_index").starts_with("20") && noted("SELECT used_at FROM auto_index") != "2020-01-01");
}

#[test]
fn the_admin_page_names_files_that_are_there_and_may_be_kept_for_ever() {
    let place = Place::new();
    let server = place.serve();
    let page = server.ask("GET", "/_/", &["Accept: text/html"], "");
    assert_eq!((page.status, page.header("Content-Type"), page.header("Cache-Control")), (200, "text/html; charset=utf-8", "no-cache"));
    let policy = page.header("Content-Security-Policy").to_owned();
    for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");

    let assets: Vec<&str> = page.text().split('"').filter(|text| text.starts_with("/_/a/")).collect();
    assert!(assets.len() > 10, "the page names only {assets:?}");
    let mut line = Line::open(&server.address).unwrap();
    for asset in &assets {
        let answer = line.ask("GET", asset, &[], "").unwrap();
        assert_eq!(answer.status, 200, "{asset}");
        let kind = match asset.rsplit_once('.').unwrap().1 {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            other => panic!("{asset}: {other}"),
        };
        assert_eq!(answer.header("Content-Type"), kind, "{asset}");
        assert!(answer.header("Cache-Control").contains("immutable") && !answer.body.is_empty(), "{asset}");
        assert!(answer.header("Content-Security-Policy").contains("require-trusted-types-for"), "{asset}");
    }
    // Addresses of the page's own screens get the page; files that are not there get none, and samples are no files of the page.
    assert_eq!(line.ask("GET", "/_/apps/crm/deals", &[], "").unwrap().text(), page.text());
    let version = assets[0].split('/').nth(3).unwrap();
    for name in ["nothing.js", "samples/crm.json", "../Cargo.toml", "%2e%2e/Cargo.toml"] {
        let answer = line.ask("GET", &format!("/_/a/{version}/{name}"), &[], "").unwrap();
        assert_eq!((answer.status, answer.header("Cache-Control")), (404, "no-store"), "{name}");
    }
    assert_eq!(server.stop().0, Some(0));
}

// --- kill -9 ---------------------------------------------------------------------------------------------------------

const WRITERS: usize = 8;
const CYCLES: usize = 5;
const RECORDS: &str = "/api/apps/log/schemas/entries/records";
const LOG_APP: &str = r#"{"carryall": 1, "app": {"slug": "log"}, "schemas": [{"slug": "entries", "fields": [
    {"slug": "name", "type": "text", "required": true, "unique": true},
    {"slug": "number", "type": "integer", "index": true},
    {"slug": "words", "type": "text"}]}]}"#;

/// What a record holds beside its name; every name has other values, so that a mixed-up or torn row would show.
type Values = (i64, String);

/// The values that belong to a name.
fn values_of(cycle: usize, writer: usize, turn: usize) -> (String, Values) {
    let number = i64::try_from((cycle * WRITERS + writer) * 1_000_000 + turn).unwrap() * if turn.is_multiple_of(2) { 1 } else { -1 };
    (format!("{cycle}-{writer}-{turn}"), (number, format!("é😀\"\\{turn} ").repeat(turn % 30)))
}

/// What one writer sent, and the ids of what was acknowledged to it.
#[derive(Default)]
struct Written {
    sent: BTreeMap<String, Values>,
    acknowledged: BTreeMap<String, String>,
}

/// Creates records until the server is gone, and tells of each that was acknowledged.
fn write_until_the_end(address: &str, cookie: &str, cycle: usize, writer: usize, tell: &Sender<()>) -> Written {
    let mut written = Written::default();
    let mut kept = None;
    for turn in 0.. {
        let (name, values) = values_of(cycle, writer, turn);
        let body = json!({"name": name, "number": values.0, "words": values.1}).to_string();
        let headers = [&*format!("Cookie: {cookie}"), "Content-Type: application/json"];
        written.sent.insert(name.clone(), values);
        // Every other writer stays on one connection, the others make one for each record.
        let answer = if writer.is_multiple_of(2) {
            let line = kept.take().map_or_else(|| Line::open(address), Ok);
            line.and_then(|mut line| {
                let answer = line.ask("POST", RECORDS, &headers, &body);
                kept = Some(line);
                answer
            })
        } else {
            once(address, "POST", RECORDS, &headers, &body)
        };
        // The answer did not arrive completely: this record may be there or not.
        let Ok(answer) = answer else { break };
        assert_eq!(answer.status, 201, "{}", answer.text());
        written.acknowledged.insert(answer.json()["id"].as_str().unwrap().to_owned(), name);
        let _ = tell.send(());
    }
    written
}

/// Every record that paging visits, by id.
fn all_records(server: &Server, cookie: &str) -> BTreeMap<String, (String, Values)> {
    let mut line = Line::open(&server.address).unwrap();
    let mut found = BTreeMap::new();
    let (mut visited, mut page, mut pages) = (0, 0, 1);
    while page < pages {
        page += 1;
        let target = format!("{RECORDS}?per_page=100&page={page}");
        let answer = line.ask("GET", &target, &[&format!("Cookie: {cookie}")], "").unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        pages = answer["total_pages"].as_u64().unwrap();
        let records = answer["records"].as_array().unwrap();
        visited += records.len();
        for record in records {
            let text = |key: &str| record[key].as_str().unwrap().to_owned();
            let twice = found.insert(text("id"), (text("name"), (record["number"].as_i64().unwrap(), text("words"))));
            assert!(twice.is_none(), "paging visits {record} twice");
        }
        if page == pages {
            assert_eq!(answer["total"].as_u64(), u64::try_from(visited).ok(), "the list's total is the number of its rows");
        }
    }
    found
}

fn number_of(id: &str) -> u64 {
    id.strip_prefix("rec_").unwrap().parse().unwrap()
}

#[test]
fn what_was_acknowledged_survives_kill_9_and_nothing_else_appears() {
    let place = Place::new();
    let applied = place.run(&["apply", &place.file("log.json", LOG_APP)]);
    assert_eq!(applied.code, Some(0), "{applied:?}");
    let mut all = Written::default();
    let mut server = place.serve_with(&FIRST_ADMIN);
    let cookie = server.sign_in(EMAIL, PASSWORD);
    for cycle in 0..CYCLES {
        let (tell, told) = channel();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (address, cookie, tell) = (server.address.clone(), cookie.clone(), tell.clone());
                thread::spawn(move || write_until_the_end(&address, &cookie, cycle, writer, &tell))
            })
            .collect();
        drop(tell);
        // Somewhere else in the flow each time; all writers are at it when the process ends.
        let enough = 300 + cycle * 53;
        assert_eq!(told.iter().take(enough).count(), enough, "the writers ended before they should: {}", server.said());
        server.kill();
        assert!(place.left().contains("data.db.lock"), "it had no time to tidy up: {:?}", place.left());
        for writer in writers {
            let written = writer.join().unwrap();
            assert!(written.sent.len() - written.acknowledged.len() <= 1, "a writer has one record under way at most");
            all.sent.extend(written.sent);
            all.acknowledged.extend(written.acknowledged);
        }

        // A command that only reads finds everything in what the killed process left.
        let exported = place.run(&["export", "--app", "log", "--schema", "entries", "--format", "ndjson"]);
        assert_eq!(exported.code, Some(0), "{exported:?}");
        // The session was acknowledged too: the cookie is still good.
        server = place.serve();
        let found = all_records(&server, &cookie);
        assert_eq!(exported.out.lines().count(), found.len());
        let lost: Vec<_> = all.acknowledged.iter().filter(|(id, name)| found.get(*id).map(|(found, _)| found) != Some(*name)).collect();
        assert!(lost.is_empty(), "{} acknowledged records are lost, such as {:?}", lost.len(), lost.first());
        for (id, (name, values)) in &found {
            assert_eq!(Some(values), all.sent.get(name), "{id} {name} is not what was sent");
        }
        let names: BTreeSet<&String> = found.values().map(|(name, _)| name).collect();
        assert_eq!(names.len(), found.len(), "what was sent once is there once");

        // The next id is a new one, higher than all that were given.
        let (name, values) = values_of(cycle, WRITERS, 0);
        let body = json!({"name": name, "number": values.0, "words": values.1}).to_string();
        let answer = server.ask("POST", RECORDS, &[&format!("Cookie: {cookie}")], &body);
        assert_eq!(answer.status, 201, "{}", answer.text());
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        let highest = found.keys().map(|id| number_of(id)).max().unwrap();
        assert!(number_of(&id) > highest, "{id} after rec_{highest}");
        // The indexes know what the rows know.
        let one = server.get(&format!("{RECORDS}?filter[number]={}&filter[name]={name}", values.0), &cookie).json();
        assert_eq!(one["total"], 1, "{one}");
        all.sent.insert(name.clone(), values);
        all.acknowledged.insert(id, name);
    }
    assert_eq!(server.stop().0, Some(0));
    place.assert_tidy();
}

// --- commands --------------------------------------------------------------------------------------------------------

const CRM_APP: &str = r#"{"carryall": 1, "app": {"slug": "crm"}, "schemas": [{"slug": "deals", "fields": [
    {"slug": "title", "type": "text", "required": true, "unique": true},
    {"slug": "amount", "type": "decimal", "scale": 2}]}]}"#;
const DEALS_CSV: &str = "title,amount\nOne,10.50\n\"Two, and more\",200\n";
const DEALS: &str = "/api/apps/crm/schemas/deals/records";

/// The titles and amounts that the server lists at this moment.
fn deals(server: &Server, cookie: &str) -> Vec<(String, String)> {
    let answer = server.get(&format!("{DEALS}?sort=title"), cookie);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let records = answer.json()["records"].as_array().unwrap().clone();
    records.iter().map(|record| (record["title"].as_str().unwrap().to_owned(), record["amount"].to_string())).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(title, amount)| ((*title).to_owned(), (*amount).to_owned())).collect()
}

/// The one-time token in a line that `link` or `demo` printed.
fn token(text: &str) -> String {
    let rest = text.split_once("/_/start#t=").unwrap_or_else(|| panic!("no link in {text:?}")).1;
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}

fn use_link(server: &Server, token: &str) -> Answer {
    server.ask("POST", "/auth/link/", &["Content-Type: application/json"], &json!({"token": token}).to_string())
}

#[test]
fn a_second_server_is_refused_and_told_where_the_first_is() {
    let place = Place::new();
    let server = place.serve();
    let second = place.run(&["serve", "--listen", "127.0.0.1:0", "--no-open"]);
    assert_eq!((second.code, second.out.as_str()), (Some(4), ""), "{second:?}");
    assert_eq!(second.err, format!("carryall: {} is open in the server at http://{}\n", place.db().display(), server.address));
    assert_eq!(server.ask("GET", "/healthz", &[], "").status, 200, "the first one does not mind");
    assert_eq!(server.stop().0, Some(0));
    // Its lock is gone with it.
    assert_eq!(place.serve().stop().0, Some(0));
    place.assert_tidy();
}

#[test]
fn commands_hand_their_work_to_the_running_server() {
    let place = Place::new();
    let server = place.serve_with(&FIRST_ADMIN);
    let cookie = server.sign_in(EMAIL, PASSWORD);
    let (app, csv) = (place.file("crm.json", CRM_APP), place.file("deals.csv", DEALS_CSV));

    let applied = place.run(&["apply", &app]);
    assert_eq!(applied.code, Some(0), "{applied:?}");
    assert_eq!(applied.out, "  create app crm\n  create table deals (2 fields)\napp crm now matches the file\n");
    assert_eq!(deals(&server, &cookie), []);
    let again = place.run(&["apply", &app]);
    assert_eq!((again.code, again.out.as_str()), (Some(0), "app crm matches the file already\n"), "{again:?}");

    let imported = place.run(&["import", &csv, "--app", "crm"]);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    assert_eq!(imported.out, "2 rows imported into crm/deals: 2 created, 0 updated\n");
    assert_eq!(deals(&server, &cookie), pairs(&[("One", "10.5"), ("Two, and more", "200")]));

    // Refused there is refused here, with the same words.
    let twice = place.run(&["import", &csv, "--app", "crm"]);
    assert_eq!((twice.code, twice.out.as_str()), (Some(1), ""), "{twice:?}");
    assert!(twice.err.starts_with("carryall: Row 1 (line 2): a record with the same title ('One') is there already"), "{twice:?}");
    assert_eq!(deals(&server, &cookie).len(), 2);

    let admin = place.run_with(&["admin", "create", "--email", "ann@example.com", "--password-stdin"], "another-long-password\n");
    assert_eq!((admin.code, admin.out.as_str()), (Some(0), "ann@example.com is an admin\n"), "{admin:?}");
    let her_cookie = server.sign_in("ann@example.com", "another-long-password");
    assert_eq!(server.get("/api/workspaces/default/me", &her_cookie).json()["user"]["email"], "ann@example.com");

    let link = place.run(&["link", "--user", "ann@example.com"]);
    assert_eq!(link.code, Some(0), "{link:?}");
    assert!(link.out.starts_with(&format!("http://{}/_/start#t=", server.address)), "{link:?}");
    let opened = use_link(&server, &token(&link.out));
    assert_eq!((opened.status, &opened.json()["user"]["email"]), (200, &json!("ann@example.com")));
    assert_eq!(use_link(&server, &token(&link.out)).status, 401, "a link opens once");

    // Export reads the file itself, beside the server, whatever has not yet moved from the log into it.
    let exported = place.run(&["export", "--app", "crm", "--schema", "deals", "--format", "csv"]);
    assert_eq!((exported.code, exported.out.as_str()), (Some(0), "title,amount\nOne,10.50\n\"Two, and more\",200.00\n"), "{exported:?}");

    assert_eq!(server.stop(), (Some(0), String::new()));
    place.assert_tidy();
}

#[test]
fn ids_go_out_and_come_back_by_commands_with_a_server_and_without() {
    let place = Place::new();
    let (app, csv) = (place.file("crm.json", CRM_APP), place.file("deals.csv", DEALS_CSV));
    assert_eq!(place.run(&["apply", &app]).code, Some(0));
    assert_eq!(place.run(&["import", &csv, "--app", "crm"]).code, Some(0));
    let output = place.scratch.path().join("out.csv");
    let output = output.to_str().unwrap();
    let back = ["import", output, "--app", "crm", "--schema", "deals"];
    let work = |place: &Place| {
        let exported = place.run(&["export", "--app", "crm", "--schema", "deals", "--ids", "-o", output]);
        assert_eq!(exported.code, Some(0), "{exported:?}");
        let text = std::fs::read_to_string(output).unwrap();
        assert!(text.starts_with("id,title,amount\nrec_1,One,10.50\nrec_2,"), "{text}");
        let plain = place.run(&back);
        assert!(plain.code == Some(1) && plain.err.contains("--key id updates the records that have them"), "{plain:?}");
        let changed = place.run(&[&back[..], &["--key", "id"]].concat());
        assert_eq!(changed.out, "2 rows imported into crm/deals: 0 created, 2 updated\n", "{changed:?}");
        let skipped = place.run(&[&back[..], &["--skip", "id", "--skip", "amount", "--blank-errors", "--key", "title"]].concat());
        assert_eq!(skipped.out, "2 rows imported into crm/deals: 0 created, 2 updated\n", "{skipped:?}");
    };
    work(&place);
    let server = place.serve_with(&FIRST_ADMIN);
    work(&place);
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn a_file_of_rows_is_no_place_for_a_whole_app() {
    let place = Place::new();
    assert_eq!(place.run(&["apply", &place.file("crm.json", CRM_APP)]).code, Some(0));
    for ending in ["csv", "xlsx", "ndjson"] {
        let output = place.scratch.path().join(format!("x.{ending}"));
        let ran = place.run(&["export", "--app", "crm", "-o", output.to_str().unwrap()]);
        let words = format!(
            "carryall: A .{ending} file holds one table: add --schema NAME. A whole app goes into a .json file, or is named: --format app\n"
        );
        assert_eq!((ran.code, ran.err), (Some(2), words));
        assert!(!output.exists());
    }
    let output = place.scratch.path().join("x.json");
    assert_eq!(place.run(&["export", "--app", "crm", "-o", output.to_str().unwrap()]).code, Some(0));
    assert!(std::fs::read_to_string(output).unwrap().contains("\"carryall\": 1"));
}

#[test]
fn a_file_with_letters_of_its_own_makes_a_table_that_can_be_read() {
    let place = Place::new();
    let csv = place.file("Über uns.csv", "Größe,Ort,日本\n5,Köln,x\n");
    let made = place.run(&["import", &csv, "--app", "demo"]);
    assert_eq!(made.out, "1 row imported into demo/ueber-uns, a new table: 1 created, 0 updated\n", "{made:?}");
    for field in ["groesse (Größe)", "ort (Ort)", "ri_ben (日本)"] {
        assert!(made.err.contains(field), "{made:?}");
    }
    let bad = place.file("bad.json", r#"{"carryall": 1, "app": {"slug": "Über uns"}}"#);
    assert!(place.run(&["apply", &bad]).err.contains("Did you mean 'ueber-uns'?"));
}

#[test]
fn commands_do_their_work_themselves_when_no_server_runs() {
    let place = Place::new();
    let (app, csv) = (place.file("crm.json", CRM_APP), place.file("deals.csv", DEALS_CSV));
    let output = place.scratch.path().join("out.ndjson");
    let output = output.to_str().unwrap();
    let steps: [(&[&str], &str, &str); 6] = [
        (&["apply", &app, "--dry-run"], "", "app crm would be changed so (dry run: nothing was)\n"),
        (&["apply", &app], "", "app crm now matches the file\n"),
        (&["import", &csv, "--app", "crm", "--json"], "", "}\n"),
        (&["import", &csv, "--app", "crm", "--key", "title"], "", "0 created, 2 updated\n"),
        (&["admin", "create", "--email", EMAIL, "--password-stdin"], PASSWORD, "owner@example.com is an admin\n"),
        (&["export", "--app", "crm", "--schema", "deals", "-o", output], "", ""),
    ];
    let mut made = false;
    for (args, stdin, end) in steps {
        let ran = place.run_with(args, stdin);
        assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
        assert!(ran.out.ends_with(end), "{args:?}: {ran:?}");
        // A dry run makes no file.
        assert_eq!(place.left().is_empty(), args.contains(&"--dry-run") && !made, "{args:?}");
        made |= !place.left().is_empty();
        if made {
            place.assert_tidy();
        }
    }
    assert_eq!(
        std::fs::read_to_string(output).unwrap(),
        "{\"title\":\"One\",\"amount\":10.5}\n{\"title\":\"Two, and more\",\"amount\":200}\n"
    );
    let link = place.run(&["link"]);
    assert_eq!(link.code, Some(0), "{link:?}");

    let server = place.serve();
    assert_eq!(use_link(&server, &token(&link.out)).status, 200, "a link from before the server ran");
    let cookie = server.sign_in(EMAIL, PASSWORD);
    assert_eq!(deals(&server, &cookie), pairs(&[("One", "10.5"), ("Two, and more", "200")]));
}

#[test]
fn an_import_that_meets_the_end_of_its_server_is_done_or_not_begun_and_says_so() {
    let place = Place::new();
    let mut rows = String::from("number,name\n");
    (0..60_000).for_each(|row| rows.push_str(&format!("{row},row {row}\n")));
    let file = place.file("rows.csv", &rows);
    let server = place.serve_with(&[("CARRYALL_LOG", "info")]);
    let db = place.db();
    let args = ["--db", db.to_str().unwrap(), "import", &file, "--app", "big"];
    let import = carryall().args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !server.said().contains(r#""path":"/api/workspaces/default/jobs","status":201"#) {
        std::thread::yield_now();
    }
    assert_eq!(server.stop().0, Some(0));
    let told = import.wait_with_output().unwrap();
    let [out, err] = [told.stdout, told.stderr].map(|text| String::from_utf8(text).unwrap());
    place.assert_tidy();
    let export = place.run(&["export", "--app", "big", "--schema", "rows", "--format", "csv"]);
    if told.status.success() {
        assert_eq!(out, "60000 rows imported into big/rows, a new table: 60000 created, 0 updated\n", "{err}");
        assert_eq!(export.out.lines().count(), 60_001);
    } else {
        assert_eq!(err, "carryall: The job was cancelled, or its server stopped: nothing was changed\n");
        assert!(export.code == Some(1) && export.err.contains("There is no app"), "{}", export.err);
    }
}

#[test]
fn a_refusal_reaches_a_client_that_is_still_sending() {
    let place = Place::new();
    let server = place.serve();
    for (path, status) in [("/api/workspaces", 405), ("/nothing", 404), ("/auth/login/", 413)] {
        let mut line = TcpStream::connect(&server.address).unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: 3000000\r\nConnection: close\r\n\r\n", server.address);
        line.write_all(head.as_bytes()).unwrap();
        line.write_all(&vec![b'x'; 3_000_000]).unwrap();
        let mut answer = String::new();
        line.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
    }
    // Where requests are counted, whoever is refused before theirs was read is told how many are left; a browser that asks first, too.
    for (target, headers, status, left) in [
        (format!("/api/contacts?{}", "x".repeat(9_000)), vec![], 414, "60"),
        ("/api/contacts".to_owned(), vec!["Content-Length: 1", "Transfer-Encoding: chunked"], 400, "60"),
        (format!("/api/apps?{}", "x".repeat(9_000)), vec![], 414, ""),
    ] {
        let refused = server.ask("GET", &target, &headers, "");
        assert_eq!((refused.status, refused.header("X-RateLimit-Remaining")), (status, left), "{}", refused.text());
    }
    let long = server.get(&format!("/api/apps?{}", "x".repeat(9_000)), "");
    assert_eq!((long.status, &long.json()["error"]["message"]), (414, &json!("The address is longer than 8192 bytes")));
}

#[test]
fn an_array_that_waits_in_a_file_is_stored_and_one_that_is_too_long_is_refused() {
    let place = Place::new();
    let server = place.serve_with(&FIRST_ADMIN);
    let cookie = format!("Cookie: {}", server.sign_in(EMAIL, PASSWORD));
    let headers = [cookie.as_str(), "Content-Type: application/x-www-form-urlencoded"];
    let target = "/api/apps/big/schemas/rows/records?create=schema";
    let rows = |count: usize| Value::Array((0..count).map(|row| json!({"number": row, "text": "x".repeat(1_000)})).collect()).to_string();
    let made = server.ask("POST", target, &headers, &rows(3_000));
    assert_eq!((made.status, made.json()["records"].as_array().map(Vec::len)), (201, Some(3_000)));
    let more = server.ask("PUT", "/api/apps/big/schemas/rows/records?key=number", &headers, &rows(3_001));
    assert_eq!((more.status, &more.json()["created"], &more.json()["updated"]), (200, &json!(1), &json!(3_000)));
    let long = server.ask("POST", "/api/apps/big/schemas/rows/records", &headers, &rows(34_000));
    assert_eq!((long.status, &long.json()["error"]["message"]), (413, &json!("The body is longer than 33554432 bytes")));
    assert_eq!(server.stop().0, Some(0));
    place.assert_tidy();
}

#[test]
fn a_password_that_is_made_up_signs_in() {
    let place = Place::new();
    let made = place.run(&["admin", "create", "--email", EMAIL]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let password = made.out.strip_prefix("owner@example.com is an admin; password: ").unwrap().trim_end();
    assert_eq!(password.len(), 24, "{password}");
    place.serve().sign_in(EMAIL, password);
}

#[test]
fn a_wrong_request_to_a_command_ends_with_1_and_a_sentence() {
    let place = Place::new();
    let bad = place.file("bad.json", "{\"carryall\": 1,\n\"ap\": {}}");
    let other = place.file("other.json", r#"{"carryall": 1, "app": {"slug": "other"}}"#);
    assert_eq!(place.run(&["apply", &other]).code, Some(0));
    for (args, sentence) in [
        (vec!["apply", "missing.json"], "There is no file missing.json"),
        (
            vec!["apply", &*bad],
            "The app file has no 'app'\ncarryall: The app file has the unknown key 'ap'. It takes: carryall, app, schemas, roles, records",
        ),
        (vec!["import", "missing.csv", "--app", "crm"], "There is no file missing.csv"),
        (vec!["admin", "create", "--email", "ann"], "The sign-in name must be an e-mail address such as ann@example.com, not 'ann'"),
        (vec!["admin", "create", "--email", EMAIL, "--password-stdin"], "The password must have at least 8 characters"),
        (vec!["export", "--app", "crm", "--schema", "deals"], "There is no app 'crm'"),
        // Without a name it would make the first admin, of whom there is none.
        (vec!["link", "--user", EMAIL], "There is no user 'owner@example.com'"),
    ] {
        let ran = place.run(&args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{args:?}: {ran:?}");
        assert!(ran.err.starts_with(&format!("carryall: {sentence}")), "{args:?}: {ran:?}");
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    let place = Place::new();
    let csv = place.file("deals.csv", DEALS_CSV);
    for args in [
        vec!["srve"],
        vec!["serve", "--prot", "8090"],
        vec!["serve", "--listen", "here"],
        vec!["serve", "--durability", "some"],
        vec!["apply"],
        vec!["import", &csv],
        vec!["import", &csv, "--app", "crm", "--map", "title"],
        vec!["export"],
        vec!["export", "--app", "crm", "--format", "csv"],
        vec!["export", "--app", "crm", "--ids"],
        vec!["export", "--app", "crm", "--schema", "deals", "--format", "xml"],
        vec!["admin"],
        vec!["demo", "--sample", "nothing"],
    ] {
        let ran = place.run(&args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{args:?}: {ran:?}");
        assert!(!ran.err.is_empty(), "{args:?} ends without a word");
    }
    let near = place.run(&["srve"]);
    assert!(near.err.contains("'serve'"), "{near:?}");
}

#[test]
fn help_and_version_are_printed() {
    let version = format!("carryall {}\n", env!("CARGO_PKG_VERSION"));
    for (args, start) in [(["version"], &*version), (["--version"], &*version), (["--help"], "An app backend you can carry")] {
        let ran = ran(carryall().args(args).output().unwrap());
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{args:?}: {ran:?}");
        assert!(ran.out.starts_with(start), "{args:?}: {ran:?}");
    }
}

#[test]
fn a_taken_port_ends_with_1_and_gives_the_file_back() {
    let place = Place::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let ran = place.run(&["serve", "--listen", &address, "--no-open"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{ran:?}");
    assert_eq!(ran.err, format!("carryall: {address} is taken by another program. Try --listen 127.0.0.1:0 for any free port\n"));
    place.assert_tidy();
}

// --- files that are not ours -----------------------------------------------------------------------------------------

/// Where the header of a SQLite file holds the numbers by which a program knows its own.
const USER_VERSION: usize = 60;
const APPLICATION_ID: usize = 68;
/// 1, twice: a rollback journal, as most programs have it; 2: a write-ahead log.
const JOURNAL: usize = 18;

/// A data file of this program with other bytes at some places.
fn patched(patches: &[(usize, &[u8])]) -> Vec<u8> {
    let place = Place::new();
    assert_eq!(place.run(&["apply", &place.file("crm.json", CRM_APP)]).code, Some(0));
    let mut bytes = std::fs::read(place.db()).unwrap();
    assert_eq!(&bytes[..16], b"SQLite format 3\0");
    assert_eq!((&bytes[USER_VERSION..USER_VERSION + 4], &bytes[APPLICATION_ID..APPLICATION_ID + 4]), (&[0, 0, 0, 8][..], &b"CRRY"[..]));
    for (at, patch) in patches {
        bytes[*at..at + patch.len()].copy_from_slice(patch);
    }
    bytes
}

/// Runs the commands on a data file of these bytes; all must end with 3 and this sentence and leave the folder as it was.
fn assert_unusable(bytes: &[u8], commands: &[&[&str]], sentence: &str) {
    let place = Place::new();
    let (app, csv) = (place.file("crm.json", CRM_APP), place.file("deals.csv", DEALS_CSV));
    for args in commands {
        std::fs::write(place.db(), bytes).unwrap();
        let args: Vec<&str> = args
            .iter()
            .map(|arg| {
                if *arg == "APP" {
                    &*app
                } else if *arg == "CSV" {
                    &*csv
                } else {
                    arg
                }
            })
            .collect();
        let ran = place.run(&args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{args:?}: {ran:?}");
        assert_eq!(ran.err, format!("carryall: {} cannot be used: {sentence}\n", place.db().display()), "{args:?}");
        place.assert_tidy();
        assert!(std::fs::read(place.db()).unwrap() == bytes, "{args:?} changed a file that is not ours");
    }
}

const WRITING: &[&[&str]] = &[
    &["serve", "--listen", "127.0.0.1:0", "--no-open"],
    &["apply", "APP"],
    &["import", "CSV", "--app", "crm"],
    &["admin", "create", "--email", EMAIL],
    &["link"],
];
const READING: &[&[&str]] = &[&["export", "--app", "crm", "--schema", "deals"]];

#[test]
fn a_newer_file_is_refused() {
    let newer = patched(&[(USER_VERSION, &[0, 0, 0, 99])]);
    let sentence = "it was made by a newer Carryall (file version 99, this program knows 8). Use the newer program";
    assert_unusable(&newer, WRITING, sentence);
}

#[test]
fn a_newer_file_is_not_exported_by_guessing_either() {
    let newer = patched(&[(USER_VERSION, &[0, 0, 0, 99])]);
    let sentence = "it was made by a newer Carryall (file version 99, this program knows 8). Use the newer program";
    assert_unusable(&newer, READING, sentence);
}

#[test]
fn the_file_of_another_sqlite_program_is_refused() {
    let sentence = "it is a SQLite file of another program. Choose another file with --db";
    assert_unusable(&patched(&[(APPLICATION_ID, b"GPKG")]), WRITING, sentence);
    // Most programs set neither number.
    assert_unusable(&patched(&[(APPLICATION_ID, &[0; 4]), (USER_VERSION, &[0; 4])]), WRITING, sentence);
}

#[test]
fn the_file_of_another_sqlite_program_keeps_its_journal() {
    let other = patched(&[(APPLICATION_ID, b"GPKG"), (JOURNAL, &[1, 1])]);
    assert_unusable(&other, WRITING, "it is a SQLite file of another program. Choose another file with --db");
}

#[test]
fn the_file_of_another_sqlite_program_is_not_exported() {
    // The same pages under other names: a table `meta` is what every data file of ours has.
    let mut other = patched(&[(APPLICATION_ID, &[0; 4]), (USER_VERSION, &[0; 4]), (JOURNAL, &[1, 1])]);
    let places: Vec<usize> = other.windows(4).enumerate().filter(|(_, bytes)| bytes == b"meta").map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    places.iter().for_each(|at| other[*at..at + 4].copy_from_slice(b"atem"));
    assert_unusable(&other, READING, "it is a SQLite file of another program. Choose another file with --db");
}

/// No database at all: shorter and longer than the header of one.
fn plain_texts() -> [String; 2] {
    ["title,amount\n".to_owned(), "title,amount\n".repeat(1_000)]
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    for text in plain_texts() {
        assert_unusable(text.as_bytes(), WRITING, "it is not a Carryall data file. Choose another file with --db");
    }
}

#[test]
fn a_file_that_is_no_database_is_not_exported() {
    for text in plain_texts() {
        assert_unusable(text.as_bytes(), READING, "it is not a Carryall data file. Choose another file with --db");
    }
}

#[test]
fn a_place_where_no_file_can_be_is_refused() {
    let place = Place::new();
    for path in [place.data.path().join("no/such/folder/data.db"), place.data.path().to_owned()] {
        for args in [&["serve", "--listen", "127.0.0.1:0", "--no-open"][..], &["link"], &["export", "--app", "crm", "--schema", "deals"]] {
            let ran = run_on(&path, args, "");
            assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{args:?}: {ran:?}");
            assert!(ran.err.starts_with(&format!("carryall: {} cannot be used: ", path.display())), "{args:?}: {ran:?}");
        }
    }
    assert!(place.left().is_empty(), "{:?}", place.left());
}

// --- demo ------------------------------------------------------------------------------------------------------------

#[test]
fn the_demo_tells_three_ways_in_that_work_and_takes_its_data_with_it() {
    let place = Place::new();
    let data = place.data.path();
    let mut command = carryall();
    command.args(["demo", "--listen", "127.0.0.1:0", "--no-open", "--quiet"]).env("TMPDIR", data);
    let server = Server::start(&mut command, &place.scratch.path().join("log"));
    let said = server.said();
    assert_eq!(place.left().len(), 1, "the demo's data lies in one folder of its own: {:?}", place.left());

    // The curl line, as a shell reads it.
    let curl = said.lines().find_map(|line| line.trim().strip_prefix("Try      curl -b ")).unwrap_or_else(|| panic!("no curl in {said}"));
    let (cookie, url) = curl.split_once(' ').unwrap();
    let target = url.trim_matches('\'').strip_prefix(&format!("http://{}", server.address)).unwrap();
    let answer = server.get(target, cookie);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let amounts: Vec<f64> = answer["records"].as_array().unwrap().iter().map(|deal| deal["amount"].as_f64().unwrap()).collect();
    assert!(matches!(amounts[..], [most, second] if most >= second), "{answer}");

    let token = token(&said);
    let opened = use_link(&server, &token);
    assert_eq!(opened.status, 200, "{}", opened.text());
    assert_eq!(server.get("/api/apps", &opened.session()).json()["apps"][0]["slug"], "crm");
    let again = use_link(&server, &token);
    assert_eq!(again.status, 401, "{}", again.text());
    assert_eq!(again.header("Set-Cookie"), "");

    let words: Vec<&str> = said.lines().find_map(|line| line.trim().strip_prefix("Sign in ")).unwrap().split_whitespace().collect();
    let [email, password] = words[..] else { panic!("{said}") };
    server.sign_in(email, password);

    assert_eq!(server.stop(), (Some(0), String::new()));
    assert!(place.left().is_empty(), "thrown away when it stops: {:?}", place.left());
}

/// Whoever waits for news hears of it at once and of nothing else; nobody waits beyond the end of the server.
#[test]
fn a_request_that_waits_for_changes_is_answered_by_the_next_one() {
    let place = Place::new();
    assert_eq!(place.run(&["apply", &place.file("crm.json", crate::harness::fixture("my-crm.json"))]).code, Some(0));
    assert_eq!(place.run_with(&["admin", "create", "--email", "a@example.com", "--password-stdin"], "correct horse").code, Some(0));
    let server = place.serve();
    let cookie = server.sign_in("a@example.com", "correct horse");
    let last = server.get("/api/apps/my-crm/changes", &cookie).json()["last"].as_i64().unwrap();
    let waits = |since: i64| {
        let (address, target) = (server.address.clone(), format!("/api/apps/my-crm/changes?since={since}&wait=50"));
        let header = format!("Cookie: {cookie}");
        std::thread::spawn(move || once(&address, "GET", &target, &[&header], "").unwrap())
    };
    let waiters: Vec<_> = (0..20).map(|_| waits(last)).collect();
    // Those who wait hold no thread: this one is served, though there are fewer readers than waiters.
    let made = server.ask("POST", "/api/apps/my-crm/schemas/companies/records", &[&format!("Cookie: {cookie}")], r#"{"name": "Initech"}"#);
    assert_eq!(made.status, 201);
    for waiter in waiters {
        let news = waiter.join().unwrap().json();
        assert_eq!(news["changes"].as_array().unwrap().len(), 1, "{news}");
        assert_eq!(news["changes"][0]["label"], "created Initech in companies");
    }
    let again = waits(last + 1);
    let (code, _) = server.stop();
    assert_eq!(code, Some(0));
    // Either it was waiting and heard that nothing came, or it came when the door was closed.
    if let Ok(answer) = again.join() {
        assert_eq!(answer.json()["changes"], serde_json::json!([]));
    }
}

/// A copy taken while others write is whole and of one moment; it comes back, and what was there is kept, even when it was damaged.
#[test]
fn a_backup_is_checked_and_comes_back() {
    let place = Place::new();
    assert_eq!(place.run(&["import", &place.file("films.csv", "Title\nMetropolis\nThe Kid\n"), "--app", "cinema"]).code, Some(0));
    assert_eq!(place.run_with(&["admin", "create", "--email", "a@example.com", "--password-stdin"], "correct horse").code, Some(0));
    let backup = place.scratch.path().join("films.db");
    let server = place.serve();
    let cookie = format!("Cookie: {}", server.sign_in("a@example.com", "correct horse"));
    let add = |title: String| {
        server.ask("POST", "/api/apps/cinema/schemas/films/records", &[&cookie], &format!("{{\"title\": \"{title}\"}}")).status
    };
    let (begun, begins) = channel();
    let records = std::thread::scope(|threads| {
        let writer = threads.spawn(|| {
            for turn in 0..300 {
                assert_eq!(add(format!("Part {turn}")), 201);
                let _ = begun.send(turn);
            }
        });
        assert!(begins.iter().any(|turn| turn == 20));
        let made = place.run(&["backup", "-o", backup.to_str().unwrap(), "--json"]);
        assert_eq!(made.code, Some(0), "{}", made.err);
        writer.join().unwrap();
        serde_json::from_str::<Value>(&made.out).unwrap()["records"].as_u64().unwrap()
    });
    assert!((22..=302).contains(&records), "{records}");
    let again = place.run(&["backup", "-o", backup.to_str().unwrap()]);
    assert!(again.code == Some(1) && again.err.contains("is there already"), "{}", again.err);
    let held = place.run(&["restore", backup.to_str().unwrap()]);
    assert!(held.code == Some(4) && held.err.contains("is open in the server"), "{}", held.err);
    assert_eq!(server.stop().0, Some(0));
    assert!(place.run(&["check"]).out.ends_with("is well: 1 app, 1 table, 302 records\n"));

    // Pages of records become noise.
    let mut bytes = std::fs::read(place.db()).unwrap();
    let middle = bytes.len() * 3 / 4;
    bytes[middle..middle + 8192].fill(0x5a);
    std::fs::write(place.db(), bytes).unwrap();
    let damaged = place.run(&["check"]);
    assert!(damaged.code == Some(1) && damaged.err.contains("The file is damaged"), "{:?} {}", damaged.code, damaged.err);
    let copied = place.run(&["backup"]);
    assert!(copied.code == Some(3) && copied.err.contains("cannot be used: it is damaged"), "{:?} {}", copied.code, copied.err);
    let mended = place.run(&["check", "--mend"]);
    assert!(mended.code == Some(1) && mended.err.contains("The file is damaged"), "{:?} {}", mended.code, mended.err);
    let noise = std::fs::read(place.db()).unwrap();
    let back = place.run(&["restore", backup.to_str().unwrap()]);
    assert_eq!(back.code, Some(0), "{}", back.err);
    assert!(place.run(&["check"]).out.ends_with(&format!("is well: 1 app, 1 table, {records} records\n")));
    let kept = carryall::store::backup::kept(&place.db());
    let aside = kept.iter().find(|kept| kept.reason == carryall::model::backup::Reason::BeforeRestore).unwrap();
    assert!(std::fs::read(&aside.path).unwrap() == noise, "the damaged file is kept to the byte");
    let no_backup = place.run(&["restore", &place.file("x.db", "nothing")]);
    assert!(no_backup.code == Some(1) && no_backup.err.contains("is no good copy"), "{}", no_backup.err);
    assert!(place.run(&["check"]).out.ends_with(&format!("is well: 1 app, 1 table, {records} records\n")));
}
