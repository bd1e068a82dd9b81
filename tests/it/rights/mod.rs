//! Who may do what. `world` has the apps and who may see which of their values, `principals` the ways in which people come, `oracle` what they must get,
//! and a file for each dialect its routes. Here every principal asks by every route of every dialect. Masks, rules and narrowed tokens are in
//! `scopes` and `little`.
//!
//! A new dialect is a new file with its `Tongue`, and a line in `TONGUES`.

mod appmixer;
mod concord;
mod dear;
mod fullfinity;
mod house;
mod little;
mod log;
mod oracle;
mod principals;
mod robostack;
mod scopes;
mod world;

use crate::harness::Harness;
use crate::transcript::Reply;
use carryall::dialect::DIALECTS;
use oracle::{Class, NO_RECORD, Need, Place, class, knows_app_as, knows_schema_as};
use principals::{Crowd, PRINCIPALS, Principal, Way};
use std::collections::BTreeSet;
use std::path::Path;
use world::{Canary, ask, canaries, whole};

const TONGUES: [Tongue; 5] = [house::HOUSE, robostack::ROBOSTACK, fullfinity::FULLFINITY, appmixer::APPMIXER, concord::CONCORD];

/// A dialect, as far as rights go.
struct Tongue {
    id: &'static str,
    /// One line for every route: `METHOD pattern`, and what it takes.
    needs: &'static [(&'static str, Need)],
    /// The places that matter to a route.
    places: fn(route: &str) -> Vec<Place>,
    request: fn(route: &str, place: Place) -> Sent,
    /// Whether an answer says no in this way, in the dialect's own form.
    refuses: fn(Class, &Reply) -> bool,
    /// Where an answer that is allowed changes the file, though nothing is rehearsed.
    changes: fn(route: &str) -> bool,
    /// What goes on after its answer, or signs somebody out: that it is allowed is seen elsewhere.
    goes_on: fn(route: &str) -> bool,
}

/// A request by a route about a place.
struct Sent {
    method: String,
    url: String,
    kind: &'static str,
    body: String,
    /// Of an address that names none.
    app: Option<&'static str>,
}

/// For routes that are about no record.
fn nowhere(_route: &str) -> Vec<Place> {
    vec![Place { app: "one", schema: "deals", record: 1 }]
}

/// A request by a route without parts.
fn plain(route: &str, body: &str) -> Sent {
    let (method, url) = route.split_once(' ').unwrap();
    Sent {
        method: method.to_owned(),
        url: url.to_owned(),
        kind: "application/json",
        body: if method == "GET" { "" } else { body }.to_owned(),
        app: None,
    }
}

/// Where an answer is not what it must be.
fn verdict(tongue: &Tongue, class: Class, reply: &Reply) -> Result<(), String> {
    let fits = match class {
        // What nobody may be told apart from what is wrong with the request: it came through.
        Class::Allow => !matches!(reply.status, 401 | 403) && reply.status < 500,
        refusal => (tongue.refuses)(refusal, reply),
    };
    if fits { Ok(()) } else { Err(format!("{class:?} is wanted, and this is {}: {}", reply.status, String::from_utf8_lossy(&reply.body))) }
}

/// Finds out whether a file was changed: whether anybody wrote to it is asked before all of it is compared.
struct Watch {
    file: rusqlite::Connection,
    version: i64,
    rows: String,
}

impl Watch {
    fn new(path: &Path) -> Self {
        let file = rusqlite::Connection::open(path).unwrap();
        let (version, rows) = (version(&file), dump(path));
        Self { file, version, rows }
    }

    fn has_changed(&mut self, path: &Path) -> bool {
        let now = version(&self.file);
        if now == self.version {
            return false;
        }
        self.version = now;
        dump(path) != self.rows
    }
}

fn version(file: &rusqlite::Connection) -> i64 {
    file.query_row("PRAGMA data_version", [], |row| row.get(0)).unwrap()
}

/// All rows of all tables, in order.
fn dump(path: &Path) -> String {
    let file = rusqlite::Connection::open(path).unwrap();
    let mut names = file.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut text = String::new();
    for name in names {
        let mut rows = file.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let width = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<String> = (0..width).map(|at| format!("{:?}", row.get_ref(at).unwrap())).collect();
            text.push_str(&format!("{name}: {}\n", cells.join(" ")));
        }
    }
    text
}

/// The places for somebody: what is refused whatever is asked is asked once.
fn places_for(tongue: &Tongue, route: &str, who: &Principal) -> Vec<Place> {
    let mut places = (tongue.places)(route);
    if who.way == Way::Refused {
        places.truncate(1);
    }
    places
}

/// Every principal of a kind, by every route, about everything.
fn matrix(is_among: fn(Way) -> bool, cells_min: usize) {
    let (canaries, mut crowd) = (canaries(), Crowd::new());
    let (mut watch, mut wrong, mut cells) = (Watch::new(crowd.world.ctx.store.path()), Vec::new(), 0);
    for tongue in &TONGUES {
        for (route, need) in tongue.needs {
            for who in PRINCIPALS.iter().filter(|who| is_among(who.way)) {
                for place in places_for(tongue, route, who) {
                    let (class, sent) = (class(who, *need, place), (tongue.request)(route, place));
                    if class == Class::Allow && (tongue.goes_on)(route) {
                        continue;
                    }
                    let reply = crowd.send(who, &sent);
                    cells += 1;
                    let mut told =
                        |what: String| wrong.push(format!("{}: {} {} {}\n    {what}", who.name, sent.method, sent.url, sent.body));
                    if let Err(what) = verdict(tongue, class, &reply) {
                        told(what);
                    }
                    let leaked = who.leaks(&canaries, &format!("{}{}", sent.url, sent.body), &whole(&reply));
                    if !leaked.is_empty() {
                        told(format!("leaks {leaked:?}: {}", whole(&reply)));
                    }
                    if watch.has_changed(crowd.world.ctx.store.path()) {
                        if class != Class::Allow || !(tongue.changes)(route) {
                            told("the file has changed".to_owned());
                        }
                        crowd = Crowd::new();
                        watch = Watch::new(crowd.world.ctx.store.path());
                    }
                }
            }
        }
    }
    assert!(cells > cells_min, "{cells}");
    assert!(wrong.is_empty(), "{} of {cells} cells are wrong:\n  {}", wrong.len(), wrong.join("\n  "));
}

#[test]
fn every_route_has_a_line_in_the_table_of_needs() {
    for dialect in DIALECTS {
        let tongue = TONGUES.iter().find(|tongue| tongue.id == dialect.id);
        let needs = tongue.unwrap_or_else(|| panic!("say in tests/it/rights/{}.rs who may use its routes", dialect.id)).needs;
        let routes: BTreeSet<String> = dialect.routes.iter().map(|route| format!("{} {}", route.method, route.pattern)).collect();
        let told: BTreeSet<String> = needs.iter().map(|(route, _)| (*route).to_owned()).collect();
        assert_eq!(routes, told, "say in NEEDS who may use a new route of {}", dialect.id);
        assert_eq!(told.len(), needs.len());
    }
}

#[test]
fn whoever_comes_by_a_session_gets_by_every_route_what_the_table_says_and_nothing_more() {
    matrix(|way| way == Way::Cookie, 2_000);
}

#[test]
fn whoever_comes_by_a_token_gets_by_every_route_what_the_table_says_and_nothing_more() {
    matrix(|way| matches!(way, Way::Token(_)), 1_500);
}

#[test]
fn whoever_comes_by_a_jwt_or_by_nothing_good_gets_by_every_route_what_the_table_says_and_nothing_more() {
    matrix(|way| matches!(way, Way::Jwt | Way::Refused), 1_000);
}

/// The same question about what is hidden and about what never was: the answers differ in the name that was asked for, and in nothing else.
#[test]
fn what_is_hidden_is_answered_like_what_is_not_there() {
    let crowd = Crowd::new();
    let mut compared = 0;
    for tongue in &TONGUES {
        for (route, need) in tongue.needs {
            for (place, who) in (tongue.places)(route).into_iter().flat_map(|place| PRINCIPALS.iter().map(move |who| (place, who))) {
                if !matches!(class(who, *need, place), Class::Hidden | Class::HiddenAmongMany) {
                    continue;
                }
                let other = if knows_schema_as(who, place) {
                    Place { record: NO_RECORD, ..place }
                } else if knows_app_as(who, place.app) {
                    Place { schema: "nosuch", ..place }
                } else {
                    Place { app: "nowhere", ..place }
                };
                let answers = [place, other].map(|place| {
                    let sent = (tongue.request)(route, place);
                    let reply = crowd.send(who, &sent);
                    let record = [format!("rec_{}", place.record), format!("'{}'", place.record)];
                    let names =
                        record.into_iter().chain([place.app, place.schema, robostack::uuid(place.app)].map(|name| format!("'{name}'")));
                    let answer = whole(&reply).replace(&format!("'{}'", sent.url), "IT");
                    (reply.status, names.fold(answer, |text, name| text.replace(&name, "IT")))
                });
                assert_eq!(answers[0], answers[1], "{} {route} {place:?}", who.name);
                compared += 1;
            }
        }
    }
    assert!(compared > 600, "{compared}");
}

/// A proof that the matrix can fail: the answers that an admin gets, taken for everybody's, are found out wherever they are more than somebody may have.
#[test]
fn a_check_that_was_dropped_would_be_found() {
    let (canaries, crowd) = (canaries(), Crowd::new());
    let owner = PRINCIPALS.iter().find(|who| who.name == "owner").unwrap();
    let all = TONGUES.iter().flat_map(|tongue| tongue.needs.iter().map(move |(route, need)| (tongue, *route, *need)));
    for (tongue, route, need) in all.filter(|(tongue, route, need)| *need != Need::Open && !(tongue.changes)(route)) {
        let is_found = (tongue.places)(route).into_iter().any(|place| {
            let sent = (tongue.request)(route, place);
            let reply = crowd.ask(owner, &sent.method, &sent.url, sent.kind, &sent.body);
            PRINCIPALS.iter().filter(|who| who.name != "owner" && who.way != Way::Refused).any(|who| {
                verdict(tongue, class(who, need, place), &reply).is_err() || !who.leaks(&canaries, &sent.url, &whole(&reply)).is_empty()
            })
        });
        assert!(is_found, "{route} could lose its check unseen");
    }
}

/// Of the canaries every one is met by somebody who may see it: otherwise their absence would prove nothing.
#[test]
fn every_canary_sings() {
    let world = world::world();
    let mut sung = whole(&ask(&world, "owner", "GET", "/api/apps", "", ""));
    for (app, schemas) in oracle::APPS {
        sung += &whole(&ask(&world, "owner", "GET", &format!("/api/apps/{app}/app-file?records=true"), "", ""));
        for (schema, _) in schemas {
            sung += &whole(&ask(&world, "owner", "GET", &format!("/api/apps/{app}/schemas/{schema}/records"), "", ""));
        }
    }
    let all: Vec<Canary> = canaries();
    let silent: Vec<&str> = all.iter().filter(|canary| !sung.contains(&canary.text)).map(|canary| &*canary.text).collect();
    assert_eq!(silent, Vec::<&str>::new());
}

/// Whoever's role is changed has the new one with the next request, wherever they are.
pub fn give(world: &Harness, user: &str, app: &str, role: &str) {
    let body = format!("{{\"user\": \"{user}@example.com\", \"app\": \"{app}\", \"role\": \"{role}\"}}");
    let (status, answer) = world.ask("POST", "/api/workspaces/default/grants", &body);
    assert_eq!(status, 200, "{answer}");
}
