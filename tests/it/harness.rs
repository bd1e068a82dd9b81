//! A server without sockets: a fresh data file, the fixture app, a clock that stands at the seed's moment, chance that counts.

use crate::transcript::{Ask, Reply};
use carryall::model::error::Result;
use carryall::model::job::{Job, Outcome};
use carryall::model::limits::Limits;
use carryall::model::principal::{Caller, Principal, Role, Visitor};
use carryall::ops::ctx::{self, Ctx};
use carryall::ops::job_board::State;
use carryall::ops::{jobs, sessions};
use carryall::server::answer::{self, Head};
use carryall::store::engine::{Clock, Durability, Opening, Store};
use carryall::store::tables::{sessions as session_rows, users};
use std::io::Read;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// 2025-01-15T10:30:00Z, the moment in the seed's examples.
pub const NOW_S: i64 = 1_736_937_000;
/// The cookie that the seed's examples send.
pub const OWNER_COOKIE: &str = "your_session_cookie";
/// bcrypt of `your_password`, the password in the seed's examples, at the lowest cost.
const OWNER_HASH: &str = "$2b$04$Rv34VrHgkUmCCWqjN0xgW.lYYvEmAVPZGN85QztOVWtAwm32AN/lS";

pub const OWNER: Caller = Caller { principal: Principal::Control, door: "test", token: None, tab: None };

pub struct Harness {
    pub ctx: Arc<Ctx>,
    folder: tempfile::TempDir,
}

impl Harness {
    /// An empty data file.
    pub fn empty() -> Self {
        Self::with_limits(Limits::default())
    }

    pub fn with_limits(limits: Limits) -> Self {
        Self::with_clock(limits, ctx::stopped_clock(NOW_S))
    }

    pub fn with_clock(limits: Limits, clock: Clock) -> Self {
        Self::within(tempfile::tempdir().unwrap(), limits, clock)
    }

    /// The data file as it lies on the disk at this moment, opened by another server: what is left of this one when the power goes.
    pub fn torn(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["test.db", "test.db-wal"] {
            // The log first goes away when all of it is in the file.
            let _ = std::fs::copy(self.folder.path().join(name), folder.path().join(name));
        }
        Self::within(folder, self.ctx.limits.clone(), ctx::stopped_clock(NOW_S))
    }

    fn within(folder: tempfile::TempDir, limits: Limits, clock: Clock) -> Self {
        let path = folder.path().join("test.db");
        let how = Opening { durability: Durability::Relaxed, readers: 2, limits: limits.clone(), clock, fault: None };
        let Ok(store) = Store::open(&path, &how) else { panic!("the store does not open") };
        let counter = AtomicU8::new(0);
        let random: ctx::Random = Arc::new(move |bytes| bytes.fill_with(|| counter.fetch_add(1, Ordering::Relaxed)));
        let ctx = Ctx { samples: carryall::server::assets::sample, ..Ctx::new(store, random, limits, sessions::no_control()) };
        Self { ctx: Arc::new(ctx), folder }
    }

    /// The fixture app `my-crm`, its owner `your@email.com` and the owner's session.
    pub fn crm() -> Self {
        Self::crm_with(Limits::default())
    }

    pub fn crm_with(limits: Limits) -> Self {
        Self::with_limits(limits).filled()
    }

    /// An empty data file without an admin, and the token of its start link.
    pub fn unclaimed() -> (Self, String) {
        let harness = Self::empty();
        let token = harness.link();
        (harness, token)
    }

    /// The token of a fresh one-time link, as `carryall link` prints it.
    pub fn link(&self) -> String {
        let made = jobs::run(&self.ctx, &OWNER, &Job::Link { user: None }, &carryall::model::job::unwatched()).unwrap();
        made["token"].as_str().unwrap().to_owned()
    }

    /// With the fixture app, its owner and the owner's session.
    pub fn filled(self) -> Self {
        let harness = self;
        harness.apply(&fixture("my-crm.json"), false, false).unwrap();
        let session = carryall::auth::session::digest(OWNER_COOKIE);
        let made = harness.ctx.store.write(move |tx| {
            let owner = users::insert(tx, "your@email.com", OWNER_HASH, Role::Owner)?;
            session_rows::insert(tx, &session, owner.id, NOW_S + 1_000, &Visitor::default())
        });
        made.unwrap();
        harness
    }

    /// Members of the workspace, `ann` with the address `ann@example.com`, the owner's password, and a session for `As: ann`.
    pub fn with_people(self, names: &[&str]) -> Self {
        for name in names {
            let (email, session) = (format!("{name}@example.com"), carryall::auth::session::digest(&cookie_of(name)));
            let made = self.ctx.store.write(move |tx| {
                let member = users::insert(tx, &email, OWNER_HASH, Role::Member)?;
                session_rows::insert(tx, &session, member.id, NOW_S + 1_000, &carryall::model::principal::Visitor::default())
            });
            made.unwrap();
        }
        self
    }

    /// Applies an app file as the command does.
    pub fn apply(&self, text: &str, dry_run: bool, prune: bool) -> Result<Outcome> {
        jobs::run(&self.ctx, &OWNER, &Job::Apply { text: text.to_owned(), dry_run, prune }, &carryall::model::job::unwatched())
    }

    /// The owner's request with a body of some kind.
    pub fn send(&self, method: &str, target: &str, kind: &str, body: &str) -> Reply {
        let headers = [("As", "owner"), ("Content-Type", kind)].map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        self.answer(&Ask { method: method.to_owned(), url: target.to_owned(), headers, body: body.as_bytes().to_vec() })
    }

    /// What came of the job that a request of the owner begins.
    pub fn done(&self, target: &str, body: &str) -> serde_json::Value {
        let (status, begun) = self.ask("POST", target, body);
        assert_eq!(status, 201, "{begun}");
        self.outcome(begun["id"].as_u64().unwrap())
    }

    /// What came of a job, when it is over.
    pub fn outcome(&self, job: u64) -> serde_json::Value {
        loop {
            match self.ctx.jobs.get(job).unwrap().state {
                State::Running => std::thread::yield_now(),
                State::Done(outcome) => return outcome,
                other => panic!("{other:?}"),
            }
        }
    }

    /// Answers as the server would. `As: owner` stands for the owner's cookie, `As: ann` for hers, `From: 10.0.0.7` for where the request comes from,
    /// `Listener: my-crm` for the app of its listener.
    pub fn answer(&self, ask: &Ask) -> Reply {
        let mut headers = vec![("Host".to_owned(), "127.0.0.1:8090".to_owned())];
        let (mut peer, mut app) = ("127.0.0.1", None);
        for (name, value) in &ask.headers {
            match (name.as_str(), value.as_str()) {
                ("As", "owner") => headers.push(("Cookie".to_owned(), format!("sessionid={OWNER_COOKIE}"))),
                ("As", other) => headers.push(("Cookie".to_owned(), format!("sessionid={}", cookie_of(other)))),
                ("From", address) => peer = address,
                ("Listener", slug) => app = Some(Arc::from(slug)),
                ("Host", host) => headers[0].1 = host.to_owned(),
                _ => headers.push((name.clone(), value.clone())),
            }
        }
        let head = Head {
            peer: SocketAddr::new(peer.parse().unwrap(), 50_000),
            is_secure: false,
            method: ask.method.clone(),
            target: ask.url.clone(),
            headers,
            app,
            who: None,
        };
        let response = answer::in_process(&self.ctx, head, ask.body.clone());
        let headers = response.headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let mut body = Vec::new();
        response.data.into_reader_and_size().0.read_to_end(&mut body).unwrap();
        if ask.method == "HEAD" {
            body.clear();
        }
        Reply { status: response.status_code, headers, body }
    }

    /// One request of the owner's; status and JSON body.
    pub fn ask(&self, method: &str, url: &str, body: &str) -> (u16, serde_json::Value) {
        let headers = vec![("As".to_owned(), "owner".to_owned())];
        let reply = self.answer(&Ask { method: method.to_owned(), url: url.to_owned(), headers, body: body.as_bytes().to_vec() });
        (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
    }
}

/// The cookie of somebody whom `with_people` made.
fn cookie_of(name: &str) -> String {
    format!("the_session_of_{name}")
}

pub fn fixture(name: &str) -> String {
    std::fs::read_to_string(root().join("tests/fixtures").join(name)).unwrap()
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
