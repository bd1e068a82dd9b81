#!/usr/bin/env python3
"""The tests of rights can fail: fifty checks of the program are taken out, one at a time, and the tests are run; CAUGHT_MIN of them must be found out.

All are built once, into a copy of the sources: there each check stands beside its mutant, and CARRYALL_MUTANT chooses. The program itself has no such switch.

MUTANTS_FOLDER   where the copy is built (default: a folder that goes away; the first build there takes minutes, so keep one to run this often)
MUTANTS          a regular expression, to try those only whose name it finds: ^0[1-5]
DRY_RUN          1: only look whether each text still stands in the sources, once

A mutant is a file under src/, an expression that stands there once, and what is done instead; «» mark the expression in a longer text that is there once.
A text that is not found is an error: mend the list.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CAUGHT_MIN = 49
BUILD_SECONDS_MAX, TEST_SECONDS_MAX = 3600, 900
# What is quick and made for it, then the matrix, then those that compare passwords, then all that knows of people and records.
QUICK = "test(/^(meanwhile|rights::(little|scopes))::/)"
MATRIX = "test(/^rights::/)"
FIRST = "test(/^(rights|credentials|meanwhile|programs)::/)"
UNITS = "kind(lib)"
REST = "binary(it) - test(/^(tidy|smoke|documents|damage|exchange|spreadsheets)::/) - " + FIRST
SWITCH = """
pub mod mutants {
    pub fn is(number: u32) -> bool {
        static CHOSEN: std::sync::OnceLock<Option<u32>> = std::sync::OnceLock::new();
        *CHOSEN.get_or_init(|| std::env::var("CARRYALL_MUTANT").ok()?.parse().ok()) == Some(number)
    }
}
"""

MUTANTS = [
    # What somebody is.
    ("ops/access.rs", "matches!(catalog.person(user.id), Some(Role::Owner | Role::Admin))", "matches!(user.role, Role::Owner | Role::Admin)"),
    ("ops/access.rs", "principal.user_id().is_some_and(|user| catalog.person(user).is_none())", "false"),
    ("ops/access.rs", "all(matches!(action, Action::List | Action::Read | Action::Export))", "all(action != Action::Delete)"),
    ("ops/access.rs", "matches!(standing(catalog, &who.principal, app), Standing::Owner)", "!standing(catalog, &who.principal, app).is_nobody()"),
    # What is there for somebody.
    ("ops/access.rs", "!standing(catalog, &who.principal, app.id).is_nobody() && part(who, app.id).is_some()", "part(who, app.id).is_some()"),
    ("ops/access.rs", "standing(catalog, &who.principal, schema.app).knows(schema.id) && schema_part(who, schema).is_some()",
     "schema_part(who, schema).is_some()"),
    ("ops/access.rs", "catalog.schemas(app).filter(|schema| «knows(catalog, who, schema)»)", "!schema.slug.is_empty()"),
    ("ops/access.rs", "Action::List | Action::Export => «(reads?.and(acts), Cond::True)»", "(acts, Cond::True)"),
    ("ops/access.rs", "Action::Update | Action::Delete | Action::Manage => «(reads?, acts)»", "(Cond::True, acts)"),
    ("ops/access.rs", "Action::Create => «(reads.unwrap_or(Cond::NEVER), acts)»", "(reads.unwrap_or(Cond::True), acts)"),
    ("ops/access.rs", "filter(|now| «now.is_same(before)»)", "now.action == before.action"),
    # What a token lets through.
    ("ops/access.rs", "actions.contains(&action) || is_reading && actions.contains(&Action::Read)", "!actions.is_empty() || is_reading"),
    ("ops/access.rs", "lets(who, action) && (action != Action::Manage || parts(who).is_none())", "lets(who, action)"),
    ("ops/access.rs", "is_owner && lets(who, Action::Manage) && matches!(part(who, app), Some(None))", "is_owner && lets(who, Action::Manage)"),
    ("ops/access.rs", "who.token.as_ref().is_none_or(|token| token.narrowing.is_open())", "!who.door.is_empty()"),
    ("ops/access.rs", "fields.iter().any(|field| field == slug)", "!fields.is_empty()"),
    ("ops/access.rs", "by_role && by_token", "by_token"),
    ("ops/tokens.rs", "(Some(_), _) => «me::whole(who)?.email.clone()»", "me::user(who)?.email.clone()"),
    ("ops/tokens.rs", "Err(Error::Forbidden(\"A token makes no other token: sign in for that, or use carryall token create\".to_owned()))", "Ok(user)"),
    # Rules and masks.
    ("model/role.rs", "rule.meaning.as_ref().map(|rule| cond(rule, me))", "rule.meaning.as_ref().map(|_| Cond::True)"),
    ("model/role.rs", "if is_all { said } else { said.and(Cond::Rule { rule: rule.clone(), me }) }",
     "if is_all || said != Cond::True { said } else { Cond::Rule { rule: rule.clone(), me } }"),
    ("model/role.rs", "(self.sees_field)(schema.id, &field.slug) && self.sees_what_it_needs(field)", "(self.sees_field)(schema.id, &field.slug)"),
    ("model/role.rs", "Need::Records(of) => «(self.sees_all)(of)»", "(self.knows)(of)"),
    ("store/sql.rs", "schema.hidden.iter()", "schema.hidden.get(1..).unwrap_or_default().iter()"),
    ("ops/guard.rs", "seen.hidden.is_empty()", "!seen.hidden.is_empty()"),
    ("ops/guard.rs", "!rows::is_among_all(tx, &scope.whole, &scope.rows, record.id)?", "false"),
    ("ops/guard.rs", "seen.len() == group.len() && rows::is_among_all(tx, &scope.whole, &scope.rows, holder)?", "seen.len() == group.len()"),
    ("ops/guard.rs", "rows::is_among_all(tx, &scope.whole, &scope.acts, id)?", "true"),
    ("ops/guard.rs", "changed.find(|slug| «scope.read_only.contains(slug)»)", "slug.is_empty()"),
    # What is done to records.
    ("ops/records.rs", "rows::is_among(tx, &read.whole, «&read.rows», id)?", "&crate::model::plan::Cond::True"),
    ("ops/cascade.rs", "may_follow(tx, who, &all)?", "()"),
    ("ops/cascade.rs", "rows::is_among_all(tx, &read.whole, &read.rows, record)?", "true"),
    ("ops/bulk.rs", "rows::is_among_all(tx, &scope.whole, &scope.rows, id)?", "true"),
    ("ops/bulk.rs", "guard::must_act(tx, &gone.scope, *id)?", "()"),
    ("ops/by_filter.rs", "guard::must_act(tx, scope, *id)?;\n            ids.push(*id)", "ids.push(*id)"),
    ("ops/validate.rs", "let mut problems = unknown_keys(«seen», draft);", "schema"),
    # What is asked of them.
    ("ops/plan.rs", "scope.rows.clone().and(asked)", "asked"),
    ("ops/filter.rs", "let schema = «&scope.seen»;", "&scope.whole"),
    ("ops/export.rs", "let schema = «scope.seen.clone()»;", "scope.whole.clone()"),
    ("ops/expand.rs", "rows::by_ids(self.tx, &scope.seen, None, «&scope.rows», &ids,", "&crate::model::plan::Cond::True"),
    ("ops/schemas.rs", "everything(&scope.seen, «&scope.rows»)", "&crate::model::plan::Cond::True"),
    ("ops/search.rs", "!scope.is_masked()", "true"),
    ("ops/transfer.rs", "scopes.into_iter().next().filter(|_| !is_all)", "None"),
    ("ops/reasons.rs", "sees.then(|| rule.text.clone())", "Some(rule.text.clone())"),
    # Credentials and people.
    ("ops/credentials.rs", "now_s >= found.expires_s || is_idle", "is_idle"),
    ("ops/credentials.rs", "tokens::personal(tx, id)?.filter(|found| «found.hash == token::digest(secret)»)", "found.hash != [0; 32]"),
    ("ops/credentials.rs", "account.generation == claims.generation\n            && lets_programs_in(account)", "lets_programs_in(account)"),
    ("auth/jwt.rs", "text(\"type\")? != kind.name()", "text(\"type\")?.is_empty()"),
    ("store/tables/tokens.rs", "tx.conn().prepare_cached(&sql)", "tx.conn().prepare_cached(&sql.replace(\"AND u.api_access\", \"\"))"),
    ("ops/invitations.rs", "tokens::remove_all(tx, user.id)?", "()"),
]


def name(number):
    file, text, _ = MUTANTS[number - 1]
    return "%02d %s: %s" % (number, file, " ".join(text.split())[:80])


def place(text, number):
    """Where the expression of a mutant begins and ends."""
    file, marked, _ = MUTANTS[number - 1]
    plain = re.sub("[«»]", "", marked)
    if text.count(plain) != 1:
        raise SystemExit("FAILED: in src/%s this stands %d times, not once: %s" % (file, text.count(plain), plain))
    begins = text.index(plain) + max(marked.find("«"), 0)
    return begins, begins + len(re.search("«(.*)»", marked, re.S).group(1) if "«" in marked else plain)


def mutated(file, text):
    """The text of a file with all its mutants beside what they stand for."""
    places = sorted((*place(text, number), number) for number in range(1, len(MUTANTS) + 1) if MUTANTS[number - 1][0] == file)
    for (_, end, one), (begins, _, other) in zip(places, places[1:]):
        if begins < end:
            raise SystemExit("FAILED: the mutants %d and %d overlap" % (one, other))
    for begins, end, number in reversed(places):
        text = "%s(if crate::mutants::is(%d) { %s } else { %s })%s" % (text[:begins], number, MUTANTS[number - 1][2], text[begins:end], text[end:])
    return text


def wanted(file, held):
    """A file of the copy: as it is here, but for the mutants."""
    if file == "src/lib.rs":
        return b"#![allow(unused_parens)]\n" + held + SWITCH.encode("ascii")
    if file.startswith("src/") and any(file == "src/" + known for known, *_ in MUTANTS):
        return mutated(file[len("src/"):], held.decode("utf-8")).encode("utf-8")
    return held


def copy(folder):
    """Writes those files only that differ, so that a kept copy is built anew as little as possible."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True)
    for file in filter(None, listed.stdout.decode("utf-8").split("\0")):
        here, there = os.path.join(ROOT, file), os.path.join(folder, file)
        if not os.path.isfile(here):
            continue
        with open(here, "rb") as one:
            held = wanted(file, one.read())
        if os.path.exists(there):
            with open(there, "rb") as other:
                if other.read() == held:
                    continue
        os.makedirs(os.path.dirname(there), exist_ok=True)
        with open(there, "wb") as other:
            other.write(held)
        shutil.copymode(here, there)


def cargo(folder, arguments, seconds, mutant=None):
    env = dict(os.environ, CARGO_TARGET_DIR=os.path.join(folder, "target"), RUST_BACKTRACE="0", NO_COLOR="1")
    env.setdefault("CARGO_PROFILE_DEV_DEBUG", "false")
    env.pop("CARRYALL_MUTANT", None)
    if mutant:
        env["CARRYALL_MUTANT"] = str(mutant)
    command = ["cargo", "nextest", "run", "--locked", "--lib", "--test", "it", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=seconds)


def failing(folder, which, mutant=None):
    """The first test that fails, None when all pass."""
    try:
        done = cargo(folder, ["-E", which], TEST_SECONDS_MAX, mutant)
    except subprocess.TimeoutExpired:
        return "a test that never ends"
    if done.returncode == 0:
        return None
    failed = re.search(r"^ +(?:FAIL|SIGABRT|TIMEOUT) +\[.*?\] +(?:\(.*?\) +)?(.+)$", done.stderr, re.M)
    if not failed:
        raise SystemExit("FAILED: the tests do not run:\n%s" % done.stderr[-4000:])
    return failed.group(1)


def run(folder):
    copy(folder)
    built = cargo(folder, ["--no-run"], BUILD_SECONDS_MAX)
    if built.returncode:
        raise SystemExit("FAILED: the mutants do not build:\n%s" % built.stderr[-8000:])
    some, tried, survivors = os.environ.get("MUTANTS", ""), 0, 0
    without = not some and failing(folder, FIRST)
    if without:
        raise SystemExit("FAILED: without a mutant %s fails" % without)
    for number in range(1, len(MUTANTS) + 1):
        if not re.search(some, name(number)):
            continue
        begun, tried = time.monotonic(), tried + 1
        by = next(filter(None, (failing(folder, which, number) for which in (QUICK, MATRIX, FIRST, UNITS, REST))), None)
        survivors += not by
        print("%s %s (%.0f s): %s" % ("ok" if by else "SURVIVED", name(number), time.monotonic() - begun, by or "no test fails"), flush=True)
    print("%d of %d mutants caught" % (tried - survivors, tried))
    return 0 if survivors <= len(MUTANTS) - CAUGHT_MIN else 1


def main():
    for file in sorted({file for file, *_ in MUTANTS}):
        with open(os.path.join(ROOT, "src", file), encoding="utf-8") as held:
            mutated(file, held.read())
    if os.environ.get("DRY_RUN"):
        print("%d mutants, all of them fit" % len(MUTANTS))
        return 0
    kept = os.environ.get("MUTANTS_FOLDER")
    if kept:
        return run(os.path.abspath(kept))
    with tempfile.TemporaryDirectory(prefix="carryall-mutants-") as folder:
        return run(folder)


if __name__ == "__main__":
    sys.exit(main())
