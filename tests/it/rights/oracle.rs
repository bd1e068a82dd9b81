//! The table of who may do what, without a word of the product: what a request needs, what it is about, what must be answered.

use super::principals::{Part, Principal, Way};

/// What a route takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Need {
    /// Nothing: it is about nobody's data.
    Open,
    /// A list of what is there for the caller.
    Apps,
    SignedIn,
    /// About themselves: with all that they may.
    Oneself,
    /// The same, and not by a token.
    TokenMaker,
    /// Of the workspace.
    Admin,
    /// The app is there for the caller.
    App,
    /// The same, and it is signed in: of the change log, as far as the caller may know of it.
    Log,
    /// The record is there for the caller, and it is signed in.
    LogOfRecord,
    /// The caller may change it.
    Owner,
    /// May say what others may in it.
    OwnerOfRoles,
    /// The caller may change it, or make it.
    Maker,
    /// May take all of it away as a file.
    AppFile,
    Schema,
    /// The schema is named in the query.
    SchemaOfNamed,
    List,
    Create,
    Upsert,
    Export,
    Read,
    Update,
    UpdateMany,
    Delete,
    DeleteMany,
}

/// What a cell must be answered with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Class {
    Allow,
    /// As what is not there.
    Hidden,
    Denied,
    SignIn,
    /// Of many records: told as a problem of one, as if it were not there.
    HiddenAmongMany,
}

/// What a request is about.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub app: &'static str,
    pub schema: &'static str,
    pub record: i64,
}

pub const APPS: [(&str, &[(&str, i64)]); 4] = [
    ("one", &[("deals", 4), ("notes", 1), ("teams", 2), ("vaultzq", 1), ("nosuch", 0)]),
    ("two", &[("things", 1), ("nosuch", 0)]),
    ("open", &[("posts", 2), ("inner", 1), ("nosuch", 0)]),
    ("nowhere", &[("nosuch", 0)]),
];
/// A record that no table has.
pub const NO_RECORD: i64 = 99;

/// What must be answered to somebody who comes in some way.
pub fn class(who: &Principal, need: Need, place: Place) -> Class {
    match who.way {
        // Whatever is asked, and where nothing would do, too: a credential that is not good is never taken for none.
        Way::Refused => Class::SignIn,
        Way::Token(part) => through(&part, who.person, need, place),
        Way::Cookie | Way::Jwt => of_person(who.person, need, place),
    }
}

pub fn knows_app_as(who: &Principal, app: &str) -> bool {
    who.way != Way::Refused && knows_app(who.person, app) && who.part().has_app(app)
}

pub fn knows_schema_as(who: &Principal, place: Place) -> bool {
    who.way != Way::Refused && knows_schema(who.person, place) && who.part().has_schema(place.app, place.schema)
}

/// What a token leaves of what its owner may.
fn through(part: &Part, who: &str, need: Need, place: Place) -> Class {
    let own = of_person(who, need, place);
    let only_if = |is_let: bool| if is_let { own } else { Class::Denied };
    let writes = only_if(!part.only_reads);
    match need {
        Need::Open | Need::Apps | Need::SignedIn => return own,
        Need::TokenMaker => return Class::Denied,
        Need::Oneself | Need::Admin => return only_if(part.is_open()),
        // An admin makes apps, and that is no part of an app.
        Need::Maker if who == "owner" => return only_if(part.is_open()),
        _ if !knows_app(who, place.app) => return own,
        // The owner of a token is told why it does not lead there.
        _ if !part.has_app(place.app) => return Class::Denied,
        _ => {}
    }
    let is_whole_app = part.schemas.is_none();
    match need {
        Need::App | Need::Log => own,
        Need::AppFile => only_if(is_whole_app),
        Need::Owner | Need::Maker => only_if(is_whole_app && !part.only_reads),
        Need::OwnerOfRoles => only_if(part.is_open()),
        _ if !knows_schema(who, place) || !part.has_schema(place.app, place.schema) => Class::Hidden,
        Need::Create | Need::Upsert | Need::Update | Need::UpdateMany => writes,
        // The first has a note, which would go, too.
        Need::Delete | Need::DeleteMany if place.schema == "deals" && place.record == 1 => {
            if part.has_schema("one", "notes") {
                writes
            } else {
                Class::Denied
            }
        }
        Need::Delete | Need::DeleteMany => writes,
        _ => own,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Act {
    List,
    Read,
    Create,
    Update,
    Delete,
    Export,
}

fn is_guest(who: &str, app: &str) -> bool {
    match (who, app) {
        ("owner", _) | ("boss" | "editor" | "viewer" | "seller", "one") | ("other", "two") => false,
        (_, app) => app == "open",
    }
}

pub fn knows_app(who: &str, app: &str) -> bool {
    app != "nowhere"
        && (who == "owner"
            || is_guest(who, app)
            || matches!((who, app), ("boss" | "editor" | "viewer" | "seller", "one") | ("other", "two")))
}

fn owns(who: &str, app: &str) -> bool {
    who == "owner" && app != "nowhere" || matches!((who, app), ("boss", "one") | ("other", "two"))
}

pub fn knows_schema(who: &str, place: Place) -> bool {
    if place.schema == "nosuch" || !knows_app(who, place.app) {
        return false;
    }
    match (who, place.app) {
        ("seller", "one") => ["deals", "teams", "notes"].contains(&place.schema),
        (who, "open") if is_guest(who, "open") => place.schema == "posts",
        _ => true,
    }
}

fn may(who: &str, place: Place, act: Act) -> bool {
    if !knows_schema(who, place) {
        return false;
    }
    if owns(who, place.app) {
        return true;
    }
    match (who, place.app) {
        ("editor", "one") => true,
        ("viewer", "one") => matches!(act, Act::List | Act::Read | Act::Export),
        ("seller", "one") => match place.schema {
            "deals" => true,
            "teams" => matches!(act, Act::List | Act::Read),
            _ => matches!(act, Act::List | Act::Read | Act::Create),
        },
        _ => matches!(act, Act::List | Act::Read | Act::Create),
    }
}

/// Whether a record is there for somebody.
fn sees(who: &str, place: Place) -> bool {
    place.record != NO_RECORD
        && match (who, place.schema) {
            ("seller", "deals") => place.record != 3,
            ("seller", "teams") => place.record == 1,
            (who, "posts") if is_guest(who, "open") => place.record == 1,
            _ => true,
        }
}

fn acts(who: &str, place: Place, act: Act) -> bool {
    match (who, place.schema, act) {
        ("seller", "deals", Act::Update) => matches!(place.record, 1 | 4),
        // The first has a note, which would go, too.
        ("seller", "deals", Act::Delete) => place.record == 4,
        _ => true,
    }
}

pub fn of_person(who: &str, need: Need, place: Place) -> Class {
    let found = answer(who, need, place);
    match found {
        // Whoever is not signed in is told to: hidden or not.
        Class::Hidden | Class::Denied if who == "guest" => {
            let is_record = matches!(need, Need::Read) && may(who, place, Act::Read);
            if is_record { found } else { Class::SignIn }
        }
        other => other,
    }
}

fn answer(who: &str, need: Need, place: Place) -> Class {
    let yes = |is_it: bool| if is_it { Class::Allow } else { Class::Denied };
    let schema = |act: Act| match (knows_schema(who, place), may(who, place, act)) {
        (false, _) => Class::Hidden,
        (true, may) => yes(may),
    };
    let record = |act: Act, many: bool| match schema(act) {
        Class::Allow if !sees(who, place) => {
            if many {
                Class::HiddenAmongMany
            } else {
                Class::Hidden
            }
        }
        Class::Allow => yes(acts(who, place, act)),
        other => other,
    };
    let app = |is_it: bool| if knows_app(who, place.app) { yes(is_it) } else { Class::Hidden };
    let signed_in = who != "guest";
    match need {
        Need::Open | Need::Apps => Class::Allow,
        Need::SignedIn | Need::Oneself | Need::TokenMaker => yes(signed_in),
        Need::Admin => yes(who == "owner"),
        Need::App => app(true),
        Need::Log if !signed_in => Class::Denied,
        Need::Log => app(true),
        Need::LogOfRecord if !signed_in => Class::Denied,
        Need::LogOfRecord => record(Act::Read, false),
        // Asked of the app before the schema is looked for.
        Need::Owner | Need::OwnerOfRoles => app(owns(who, place.app)),
        Need::Maker => yes(owns(who, place.app) || who == "owner"),
        Need::AppFile => app(owns(who, place.app) || matches!((who, place.app), ("editor" | "viewer", "one"))),
        Need::Schema => schema_known(who, place),
        Need::SchemaOfNamed => {
            if signed_in {
                schema_known(who, place)
            } else {
                Class::Denied
            }
        }
        Need::List => schema(Act::List),
        Need::Create => schema(Act::Create),
        Need::Export => schema(Act::Export),
        Need::Read => record(Act::Read, false),
        Need::Update => record(Act::Update, false),
        Need::UpdateMany => record(Act::Update, true),
        Need::Delete => record(Act::Delete, false),
        Need::DeleteMany => record(Act::Delete, true),
        Need::Upsert => match (schema(Act::Create), schema(Act::Update)) {
            (Class::Allow, other) | (other, _) => other,
        },
    }
}

fn schema_known(who: &str, place: Place) -> Class {
    if knows_schema(who, place) { Class::Allow } else { Class::Hidden }
}
