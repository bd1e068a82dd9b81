//! Tokens that people make for programs: personal ones, and pairs of key and secret. A token is a part of what its owner may, never more; its secret is
//! told once. Knowing one again is in `credentials`.

use super::access::may_control;
use super::changes::log_account;
use super::credentials::{Identity, token_used_s};
use super::ctx::{Ctx, Random, moment_at, second_of};
use super::{apps, me, schemas, users as people};
use crate::auth::{keysecret, token};
use crate::model::app::App;
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use crate::model::principal::{Action, AppPart, Caller, Narrowing, Principal, SchemaPart, TokenKind, User, UserId};
use crate::model::schema::Schema;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::{tokens, users};
use std::sync::Arc;

/// Abilities that narrow nothing.
const ALL: &str = "*";
/// Letters behind the number of a term, and how many seconds each stands for.
const TERMS: [(char, i64); 4] = [('m', 60), ('h', 3_600), ('d', 24 * 3_600), ('y', 365 * 24 * 3_600)];
/// A hundred years.
const TERM_SECONDS_MAX: i64 = 100 * 365 * 24 * 3_600;

/// A token as somebody asks for it.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    pub kind: String,
    pub name: String,
    /// Slugs; `None`: all.
    pub apps: Option<Vec<String>>,
    /// Of an app, the tables that exist for it; they stand in `apps`, or make up `apps` when that is left out.
    pub schemas: Vec<(String, Vec<SchemaDraft>)>,
    /// `None`, or `*` among them: all.
    pub abilities: Option<Vec<String>>,
    /// `30d`, or a time; `None`: it does not expire.
    pub expires: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct SchemaDraft {
    pub schema: String,
    /// `None`: all.
    pub fields: Option<Vec<String>>,
}

/// A secret, and what knows it again. Whoever asks for the token tells the secret, which is nowhere else.
#[derive(Clone)]
pub struct Secret {
    pub key: Option<String>,
    pub secret: String,
    pub hash: [u8; 32],
}

/// A token that is about to be made.
#[derive(Clone)]
pub struct Ready {
    draft: Draft,
    kind: TokenKind,
    /// `None`: theirs who ask.
    owner: Option<String>,
    key: Option<String>,
    hash: [u8; 32],
    expires_s: Option<i64>,
    most: usize,
}

/// A token as lists show it, in the words that its parts have now.
#[derive(Clone)]
pub struct Shown {
    pub listed: tokens::Listed,
    pub apps: Option<Vec<ShownApp>>,
    pub expires_at: Option<String>,
    pub used_at: Option<String>,
}

#[derive(Clone)]
pub struct ShownApp {
    pub app: Arc<App>,
    pub schemas: Option<Vec<ShownSchema>>,
}

#[derive(Clone)]
pub struct ShownSchema {
    pub schema: Arc<Schema>,
    pub fields: Option<Vec<String>>,
}

/// The kind that a word means.
pub fn kind(word: &str) -> Result<TokenKind> {
    TokenKind::from_name(word).ok_or_else(|| {
        let names = TokenKind::ALL.map(TokenKind::name);
        let problem = Problem::of("kind", "option", format!("There is no kind of token {}; write personal or key-secret", quoted(word)));
        Error::invalid(problem.did_you_mean(word, names.into_iter()))
    })
}

/// A new secret.
pub fn draw(random: &Random, kind: TokenKind) -> Secret {
    match kind {
        TokenKind::Personal => {
            let mut bytes = [0; 2 * token::SECRET_CHARS];
            random(&mut bytes);
            let (secret, hash) = token::issue(bytes);
            Secret { key: None, secret, hash }
        }
        TokenKind::KeySecret => {
            let (mut key, mut bytes) = ([0; 16], [0; 32]);
            random(&mut key);
            random(&mut bytes);
            let (secret, hash) = keysecret::issue(bytes);
            Secret { key: Some(uuid::Builder::from_random_bytes(key).into_uuid().to_string()), secret, hash }
        }
    }
}

/// The part of `create` before the transaction. `owner` is the e-mail address of somebody else, whom only a command names.
pub fn prepare(ctx: &Ctx, who: &Caller, draft: Draft, owner: Option<&str>, key: Option<String>, hash: [u8; 32]) -> Result<Ready> {
    match owner {
        Some(_) => may_control(who)?,
        None => drop(maker(who)?),
    }
    let kind = kind(&draft.kind)?;
    let mut problems = Vec::new();
    if draft.name.trim().is_empty() {
        problems.push(Problem::of("name", "required", "A token needs a name by which it is known in lists and in the change log"));
    }
    problems.extend(people::check_name(ctx, &draft.name));
    if kind == TokenKind::KeySecret && draft.apps.as_ref().is_none_or(Vec::is_empty) && draft.schemas.is_empty() {
        let message = "A pair of key and secret is granted app by app: name at least one in 'apps'";
        problems.push(Problem::of("apps", "required", message).hint("\"apps\": [\"crm\"]"));
    }
    let expires_s = draft.expires.as_deref().map(|text| expiry(text, ctx.store.now().epoch_seconds)).transpose();
    let expires_s = expires_s.map_err(|problem| problems.push(problem)).unwrap_or_default();
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let owner = owner.map(str::to_owned);
    Ok(Ready { draft, kind, owner, key, hash, expires_s, most: ctx.limits.tokens_per_user_max })
}

/// Makes a token. Its names are looked up among what the caller can see.
pub fn create(tx: &mut WriteTx<'_>, who: &Caller, ready: &Ready) -> Result<Shown> {
    let owner = match &ready.owner {
        Some(email) => {
            let stored = users::by_email(tx, email)?;
            stored.ok_or_else(|| Error::not_found(format!("There is no user {}", quoted(email))))?.account.user
        }
        None => maker(who)?.clone(),
    };
    if tokens::of_user(tx, owner.id)?.len() >= ready.most {
        let problem = Problem::new("too_many", format!("{} has {} tokens, which is the most: end some first", owner.email, ready.most));
        return Err(Error::Conflict(problem));
    }
    let narrowing = resolve(tx, who, &ready.draft)?;
    let (kind, name, key) = (ready.kind, ready.draft.name.clone(), ready.key.clone());
    let new = tokens::New { kind, user: owner.id, name, key, hash: ready.hash, narrowing, expires_s: ready.expires_s };
    let id = tokens::insert(tx, &new)?;
    log_account(tx, who, format!("made the {} token '{}' of {}", kind.name(), new.name, owner.email))?;
    let listed = tokens::find(tx, id)?.ok_or_else(|| Error::internal("a token is missing"))?;
    Ok(shown(tx.catalog(), listed, None))
}

/// Whoever asks, when they have signed in: a token that makes others would outlive its own end by them.
fn maker(who: &Caller) -> Result<&User> {
    let user = me::whole(who)?;
    match who.token {
        None => Ok(user),
        Some(_) => Err(Error::Forbidden("A token makes no other token: sign in for that, or use carryall token create".to_owned())),
    }
}

/// Somebody's tokens: one's own, or for those who may look after people another's.
pub fn list(ctx: &Ctx, who: &Caller, other: Option<UserId>) -> Result<Vec<Shown>> {
    ctx.read(|tx| {
        let user = match other {
            Some(id) if who.user_id() != Some(id) => people::read(tx, who, id)?.user.id,
            _ => me::whole(who)?.id,
        };
        let all = tokens::of_user(tx, user)?.into_iter().map(|listed| {
            let used_s = token_used_s(ctx, listed.id, listed.used_s);
            shown(tx.catalog(), listed, used_s)
        });
        Ok(all.collect())
    })
}

/// Who comes by a token of one's own, without its secret: to see what it lets through. Whoever came by a token gets no other one so.
pub fn stand_in(ctx: &Ctx, who: &Caller, id: i64) -> Result<Identity> {
    let own = me::user(who)?.id;
    if who.token.as_ref().is_some_and(|token| token.id != id) {
        return Err(Error::Forbidden("A token tries as itself or as a guest, not as another token".to_owned()));
    }
    let now_s = ctx.store.now().epoch_seconds;
    let found = ctx.read(|tx| tokens::usable(tx, id))?.filter(|found| found.user.id == own);
    match found.filter(|found| found.expires_s.is_none_or(|end_s| now_s < end_s)) {
        Some(found) => Ok((Principal::User(found.user), Some(Arc::new(found.token)))),
        None => Err(Error::invalid(Problem::of("as", "unknown", format!("You have no token {id} that is good now")))),
    }
}

/// Ends a token: one's own, or for those who may look after people another's.
pub fn remove(tx: &mut WriteTx<'_>, who: &Caller, id: i64) -> Result<()> {
    let missing = || Error::not_found(format!("There is no token {id}"));
    let found = tokens::find(tx, id)?;
    let own = found.as_ref().filter(|found| who.user_id() == Some(found.user));
    let owner = match (own, &found) {
        (Some(_), _) => me::whole(who)?.email.clone(),
        // Whoever may not look after people hears the same of what is there and what is not.
        (None, _) if people::may_look_after(tx.catalog(), who).is_err() => {
            me::user(who)?;
            return Err(missing());
        }
        (None, Some(found)) => people::to_change(tx, who, found.user)?.user.email,
        (None, None) => return Err(missing()),
    };
    let found = found.ok_or_else(missing)?;
    tokens::remove(tx, id)?;
    log_account(tx, who, format!("ended the {} token '{}' of {owner}", found.kind.name(), found.name)).map(drop)
}

/// Names become numbers: what is not among what the caller can see is refused with the nearest name.
fn resolve(tx: &ReadTx<'_>, who: &Caller, draft: &Draft) -> Result<Narrowing> {
    let actions = draft.abilities.as_deref().map(abilities).transpose()?.flatten();
    let named: Option<Vec<&str>> = match (&draft.apps, draft.schemas.as_slice()) {
        (Some(apps), _) => Some(apps.iter().map(String::as_str).collect()),
        (None, []) => None,
        (None, parts) => Some(parts.iter().map(|(app, _)| app.as_str()).collect()),
    };
    let Some(named) = named else { return Ok(Narrowing { actions, apps: None }) };
    if let Some((app, _)) = draft.schemas.iter().find(|(app, _)| !named.contains(&app.as_str())) {
        let problem = Problem::of("schemas", "apps", format!("'schemas' names the app {}, which is not among 'apps'", quoted(app)));
        return Err(Error::invalid(problem.did_you_mean(app, named.into_iter())));
    }
    let mut parts: Vec<AppPart> = Vec::new();
    for slug in named {
        let app = apps::read(tx, who, slug).map_err(|error| in_field("apps", error))?;
        if parts.iter().any(|part| part.app == app.id) {
            return Err(Error::invalid(Problem::of("apps", "twice", format!("The app {} stands twice", quoted(slug)))));
        }
        let wanted = draft.schemas.iter().find(|(app, _)| app == slug).map(|(_, parts)| parts);
        let schemas = wanted.map(|wanted| wanted.iter().map(|part| schema_part(tx, who, slug, part)).collect::<Result<Vec<_>>>());
        parts.push(AppPart { app: app.id, schemas: schemas.transpose()? });
    }
    Ok(Narrowing { actions, apps: Some(parts) })
}

fn schema_part(tx: &ReadTx<'_>, who: &Caller, app: &str, draft: &SchemaDraft) -> Result<SchemaPart> {
    let schema = schemas::read(tx, who, app, &draft.schema).map_err(|error| in_field("schemas", error))?.schema;
    let slug = |wanted: &String| {
        schema.field(wanted).map(|field| field.slug.clone()).ok_or_else(|| {
            let problem = Problem::of("schemas", "unknown_field", format!("Table '{}' has no field {}", schema.slug, quoted(wanted)));
            Error::invalid(problem.did_you_mean(wanted, schema.fields.iter().map(|field| field.slug.as_str())))
        })
    };
    let fields = draft.fields.as_ref().map(|fields| fields.iter().map(slug).collect::<Result<Vec<_>>>());
    Ok(SchemaPart { schema: schema.id, fields: fields.transpose()? })
}

/// Something that a body names is not there: the body is wrong, not the address.
pub(super) fn in_field(field: &str, error: Error) -> Error {
    match error {
        Error::NotFound(problem) => Error::invalid(Problem { field: Some(field.to_owned()), ..problem }),
        other => other,
    }
}

/// `None` when nothing is narrowed.
fn abilities(words: &[String]) -> Result<Option<Vec<Action>>> {
    if words.iter().any(|word| word == ALL) {
        return Ok(None);
    }
    let action = |word: &String| {
        Action::from_name(word).ok_or_else(|| {
            let names = Action::ALL.map(Action::name);
            let message = format!("There is no ability {}; there are {} and {ALL}", quoted(word), names.join(", "));
            Error::invalid(Problem::of("abilities", "option", message).did_you_mean(word, names.into_iter()))
        })
    };
    let mut actions = words.iter().map(action).collect::<Result<Vec<_>>>()?;
    let mut seen = Vec::new();
    actions.retain(|action| {
        !seen.contains(action) && {
            seen.push(*action);
            true
        }
    });
    Ok(Some(actions))
}

/// `30d`, `12h`, `90m`, `1y`, or a time in RFC 3339.
fn expiry(text: &str, now_s: i64) -> std::result::Result<i64, Problem> {
    let wrong = |message: String| Problem::of("expires", "type", message).hint("30d, 12h, 90m, 1y, or a time such as 2030-01-31T12:00:00Z");
    let term = TERMS.iter().find_map(|(letter, seconds)| {
        let number = text.strip_suffix(*letter)?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| number.parse::<i64>().ok().and_then(|number| number.checked_mul(*seconds)).unwrap_or(i64::MAX))
    });
    let expires_s = match term {
        Some(seconds) if seconds > TERM_SECONDS_MAX => return Err(wrong("A token that expires does so within a hundred years".to_owned())),
        Some(seconds) => now_s + seconds,
        None => second_of(text).ok_or_else(|| wrong(format!("'expires' cannot be {}", quoted(text))))?,
    };
    if expires_s <= now_s { Err(wrong("A token cannot expire before it is made".to_owned())) } else { Ok(expires_s) }
}

/// In the words that the parts have now; parts that are gone are left out.
fn shown(catalog: &Catalog, listed: tokens::Listed, used_s: Option<i64>) -> Shown {
    let schema = |part: &SchemaPart| Some(ShownSchema { schema: catalog.schema_by_id(part.schema)?, fields: part.fields.clone() });
    let app = |part: &AppPart| {
        let app = catalog.apps().iter().find(|app| app.id == part.app)?.clone();
        let schemas = part.schemas.as_ref().map(|schemas| schemas.iter().filter_map(schema).collect());
        Some(ShownApp { app, schemas })
    };
    let apps = listed.narrowing.apps.as_ref().map(|apps| apps.iter().filter_map(app).collect());
    let at = |second: Option<i64>| second.map(|second| moment_at(second).text);
    Shown { apps, expires_at: at(listed.expires_s), used_at: at(used_s), listed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_or_a_time_in_the_future_is_an_expiry() {
        for (text, second) in [("30d", 2_592_100), ("12h", 43_300), ("1m", 160), ("1y", 31_536_100), ("1970-01-01T00:02:00Z", 120)] {
            assert_eq!(expiry(text, 100), Ok(second), "{text}");
        }
        let odd = ["", "d", "0d", "-1d", "+1d", "1.5d", "1w", "30", "30 d", "tomorrow", "1970-01-01T00:01:00Z", "1970-01-01", "101y"];
        for text in odd.into_iter().chain(["99999999999999999999d", "9223372036854775807y"]) {
            assert!(expiry(text, 100).is_err(), "{text}");
        }
    }
}
