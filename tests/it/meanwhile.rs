//! What was taken away while work goes on: the work asks again in its transaction, and is not done.

use crate::harness::{Harness, OWNER};
use carryall::model::error::{Error, Result};
use carryall::model::job::{Job, Outcome, Report};
use carryall::model::principal::{Caller, Narrowing, Principal, Role, Token, TokenKind, User, Visitor};
use carryall::ops::{jobs, me, settings, users};
use carryall::store::engine::WriteTx;
use carryall::store::tables::{tokens, users as rows};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const APP: &str = r#"{"carryall": 1, "app": {"slug": "made-meanwhile"}, "schemas": []}"#;

/// An admin who came in before anything happened.
fn ben(harness: &Harness) -> User {
    harness.ctx.store.write(|tx| rows::insert(tx, "ben@example.com", "x", Role::Admin)).unwrap()
}

fn caller(user: &User, token: Option<Token>) -> Caller {
    Caller { principal: Principal::User(user.clone()), door: "house", token: token.map(Arc::new), tab: None }
}

/// The same, by the first token that there is.
fn by_token(harness: &Harness, user: &User) -> Caller {
    let new = tokens::New {
        kind: TokenKind::Personal,
        user: user.id,
        name: "Job".to_owned(),
        key: None,
        hash: [7; 32],
        narrowing: Narrowing::default(),
        expires_s: None,
    };
    let id = harness.ctx.store.write(move |tx| tokens::insert(tx, &new)).unwrap();
    assert_eq!(id, 1);
    caller(user, Some(Token { id, name: "Job".to_owned(), narrowing: Narrowing::default() }))
}

/// Applies an app file; once it is about to be written, `meanwhile` happens.
fn applied(
    harness: &Harness,
    who: &Caller,
    text: &str,
    meanwhile: impl Fn(&mut WriteTx<'_>) -> Result<()> + Copy + Send + Sync + 'static,
) -> Result<Outcome> {
    let (store, is_done) = (harness.ctx.clone(), Arc::new(AtomicBool::new(false)));
    let report: Report = Arc::new(move |progress| {
        if progress.stage == "writing" && !is_done.swap(true, Ordering::Relaxed) {
            store.store.write(meanwhile)?;
        }
        Ok(())
    });
    jobs::run(&harness.ctx, who, &Job::Apply { text: text.to_owned(), dry_run: false, prune: false }, &report)
}

fn changed(tx: &mut WriteTx<'_>, changes: &users::Changes) -> Result<()> {
    let ben = rows::by_email(tx, "ben@example.com")?.ok_or(Error::NotSignedIn)?.account.user.id;
    users::change(tx, &OWNER, ben, changes).map(drop)
}

#[test]
fn work_of_somebody_who_is_no_admin_any_more_is_not_done() {
    let harness = Harness::crm();
    let who = caller(&ben(&harness), None);
    let known = harness.ctx.store.catalog().apps()[0].slug.clone();
    let changes_known = format!(r#"{{"carryall": 1, "app": {{"slug": "{known}", "name": "Ben's"}}, "schemas": []}}"#);
    let demoted = |tx: &mut WriteTx<'_>| changed(tx, &users::Changes { role: Some(Role::Member), ..users::Changes::default() });
    for text in [APP, &changes_known] {
        harness.ctx.store.write(|tx| changed(tx, &users::Changes { role: Some(Role::Admin), ..users::Changes::default() })).unwrap();
        let done = applied(&harness, &who, text, demoted);
        assert!(matches!(done, Err(Error::Forbidden(_))), "{done:?}");
    }
    harness.ctx.store.write(|tx| changed(tx, &users::Changes { role: Some(Role::Admin), ..users::Changes::default() })).unwrap();
    let suspended = |tx: &mut WriteTx<'_>| changed(tx, &users::Changes { is_suspended: Some(true), ..users::Changes::default() });
    assert!(matches!(applied(&harness, &who, APP, suspended), Err(Error::Forbidden(_))));
    harness.ctx.store.write(|tx| changed(tx, &users::Changes { is_suspended: Some(false), ..users::Changes::default() })).unwrap();
    let gone = |tx: &mut WriteTx<'_>| {
        let ben = rows::by_email(tx, "ben@example.com")?.ok_or(Error::NotSignedIn)?.account.user.id;
        users::remove(tx, &OWNER, ben)
    };
    assert!(matches!(applied(&harness, &who, APP, gone), Err(Error::Forbidden(_))));
    assert_eq!(harness.ctx.store.catalog().apps().len(), 1, "nothing was made");
}

#[test]
fn work_by_a_token_that_was_ended_is_not_done() {
    let harness = Harness::crm();
    let who = by_token(&harness, &ben(&harness));
    let ended = |tx: &mut WriteTx<'_>| tokens::remove(tx, 1);
    assert!(matches!(applied(&harness, &who, APP, ended), Err(Error::Unauthenticated(_))));
    assert_eq!(harness.ctx.store.catalog().apps().len(), 1);
}

/// Short writes wait for their turn, too.
#[test]
fn what_somebody_sets_of_themselves_or_for_all_is_not_set_after_what_let_them_in_has_ended() {
    let harness = Harness::crm();
    let ben = ben(&harness);
    let whole = caller(&ben, None);
    let settings = settings::Changes { has_refresh_rotation: Some(true), ..settings::Changes::default() };
    let tried = |who: &Caller, meanwhile: fn(&mut WriteTx<'_>) -> Result<()>| {
        let ahead = || harness.ctx.store.write(meanwhile);
        let (one, other, set) = (who.clone(), who.clone(), settings.clone());
        let renamed = harness.ctx.write(ahead, move |tx, ()| me::rename(tx, &one, "Ben").map(drop));
        let changed = harness.ctx.write(ahead, move |tx, ()| settings::change(tx, &other, &set).map(drop));
        [renamed, changed].map(|done| done.map_err(|error| matches!(error, Error::Unauthenticated(_) | Error::NotSignedIn)))
    };
    let token = by_token(&harness, &ben);
    assert_eq!(tried(&token, |tx| tokens::remove(tx, 1)), [Err(true), Err(true)]);
    let suspended = |tx: &mut WriteTx<'_>| changed(tx, &users::Changes { is_suspended: Some(true), ..users::Changes::default() });
    assert_eq!(tried(&whole, suspended), [Err(true), Err(true)]);
    let account = harness.ctx.read(|tx| rows::find(tx, ben.id)).unwrap().unwrap();
    assert_eq!(
        (account.name.as_str(), harness.ask("GET", "/api/workspaces/default/settings", "").1["refresh_rotation"].clone()),
        ("", false.into())
    );
    let back = |tx: &mut WriteTx<'_>| changed(tx, &users::Changes { is_suspended: Some(false), ..users::Changes::default() });
    assert_eq!(tried(&whole, back), [Ok(()), Ok(())]);
}

#[test]
fn a_password_is_not_changed_by_a_token_that_has_ended() {
    let harness = Harness::crm().with_people(&["ben"]);
    let ben = harness.ctx.read(|tx| rows::by_email(tx, "ben@example.com")).unwrap().unwrap().account.user;
    let who = by_token(&harness, &ben);
    let visitor = Visitor::default();
    let prepared = || me::prepare_password(&harness.ctx, &who, "your_password", "battery staple", None, &visitor);
    let sets = |ready: me::NewPassword| {
        let who = who.clone();
        harness.ctx.store.write(move |tx| me::set_password(tx, &who, &ready))
    };
    let ready = prepared().unwrap();
    harness.ctx.store.write(|tx| tokens::remove(tx, 1)).unwrap();
    assert!(matches!(sets(ready), Err(Error::Unauthenticated(_))));
    let hash = |harness: &Harness| harness.ctx.read(|tx| rows::by_id(tx, ben.id)).unwrap().unwrap().password_hash;
    assert!(harness.ctx.credentials.passwords.verify("your_password", Some(&hash(&harness))).unwrap());
}
