#!/usr/bin/env python3
"""The tests of rights can fail: fifty checks are taken out of a copy of the program, one at a time, and the tests are run; CAUGHT_MIN of them must be found out.

MUTANTS_FOLDER   where the copy is built (default: a folder that goes away; the first build there takes minutes, so keep one to run this often)
MUTANTS          a part of a name, to try some only; every text is looked for all the same
DRY_RUN          1: only look whether each text still stands in the sources, once

A mutant is a file under src/, a text that stands there once, and what stands there instead. A text that is not found is an error: mend the list.
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
SECONDS_MAX = 900
# Those that are made for it, then all that knows of people and records.
FIRST = "test(/^(rights|credentials|meanwhile|programs)::/)"
REST = "binary(it) - test(/^(tidy|smoke|documents|damage|exchange|spreadsheets)::/) - " + FIRST
UNITS = "kind(lib)"

MUTANTS = [
    # What somebody is.
    ("ops/access.rs", "matches!(catalog.person(user.id), Some(Role::Owner | Role::Admin))", "matches!(user.role, Role::Owner | Role::Admin)"),
    ("ops/access.rs", "principal.user_id().is_some_and(|user| catalog.person(user).is_none())", "false"),
    ("ops/access.rs", "all(matches!(action, Action::List | Action::Read | Action::Export))", "all(action != Action::Delete)"),
    ("ops/access.rs", "let is_owner = matches!(standing(catalog, &who.principal, app), Standing::Owner);",
     "let is_owner = !matches!(standing(catalog, &who.principal, app), Standing::Nobody);"),
    # What is there for somebody.
    ("ops/access.rs", "!standing(catalog, &who.principal, app.id).is_nobody() && part(who, app.id).is_some()", "part(who, app.id).is_some()"),
    ("ops/access.rs", "standing(catalog, &who.principal, schema.app).knows(schema.id) && schema_part(who, schema).is_some()",
     "schema_part(who, schema).is_some()"),
    ("ops/access.rs", "catalog.schemas(app).filter(|schema| knows(catalog, who, schema)).cloned().collect()",
     "catalog.schemas(app).filter(|_| !who.door.is_empty()).cloned().collect()"),
    ("ops/access.rs", "Action::List | Action::Export => (reads?.and(acts), Cond::True)", "Action::List | Action::Export => (acts, Cond::True)"),
    ("ops/access.rs", "Action::Update | Action::Delete | Action::Manage => (reads?, acts)", "Action::Update | Action::Delete | Action::Manage => (Cond::True, acts)"),
    ("ops/access.rs", "Action::Create => (reads.unwrap_or(Cond::NEVER), acts)", "Action::Create => (reads.unwrap_or(Cond::True), acts)"),
    ("ops/access.rs", "filter(|now| now.is_same(before)).map(drop).ok_or(Error::Stale)", "map(drop).ok_or(Error::Stale)"),
    # What a token lets through.
    ("ops/access.rs", "actions.is_none_or(|actions| actions.contains(&action) || is_reading && actions.contains(&Action::Read))",
     "actions.is_none_or(|actions| !actions.is_empty() || is_reading)"),
    ("ops/access.rs", "lets(who, action) && (action != Action::Manage || parts(who).is_none())", "lets(who, action)"),
    ("ops/access.rs", "is_owner && lets(who, Action::Manage) && matches!(part(who, app), Some(None))", "is_owner && lets(who, Action::Manage)"),
    ("ops/access.rs", "if who.token.as_ref().is_none_or(|token| token.narrowing.is_open()) {", "if !who.door.is_empty() {"),
    ("ops/access.rs", "Some(Some(Some(fields))) => fields.iter().any(|field| field == slug)", "Some(Some(Some(_))) => true"),
    ("ops/access.rs", "by_role && by_token", "by_token"),
    # Rules and masks.
    ("model/role.rs", "Allowed::Where(rule) => rule.meaning.as_ref().map(|rule| cond(rule, me))", "Allowed::Where(_) => Some(Cond::True)"),
    ("model/role.rs", "if is_all { said } else { said.and(Cond::Rule { rule: rule.clone(), me }) }", "if is_all || said != Cond::True { said } else { Cond::Rule { rule: rule.clone(), me } }"),
    ("model/role.rs", "(self.sees_field)(schema.id, &field.slug) && self.sees_what_it_needs(field)", "(self.sees_field)(schema.id, &field.slug)"),
    ("model/role.rs", "Need::Records(of) => (self.sees_all)(of)", "Need::Records(of) => (self.knows)(of)"),
    ("store/sql.rs", "let hidden: Vec<String> = schema.hidden.iter().map(", "let hidden: Vec<String> = schema.hidden.iter().skip(1).map("),
    ("ops/guard.rs", "if seen.hidden.is_empty() {", "if !seen.hidden.is_empty() {"),
    ("ops/guard.rs", "if !rows::is_among_all(tx, &scope.whole, &scope.rows, record.id)? {\n        return Ok(Record", "if false {\n        return Ok(Record"),
    ("ops/guard.rs", "seen.len() == group.len() && rows::is_among_all(tx, &scope.whole, &scope.rows, holder)?", "seen.len() == group.len()"),
    ("ops/guard.rs", "if rows::is_among_all(tx, &scope.whole, &scope.acts, id)? {", "if !scope.whole.slug.is_empty() {"),
    ("ops/guard.rs", "match changed.find(|slug| scope.read_only.contains(slug)) {", "match changed.find(|slug| scope.read_only.contains(slug) && slug.is_empty()) {"),
    # What is done to records.
    ("ops/records.rs", "Some(read) => rows::is_among(tx, &read.whole, &read.rows, id)?", "Some(read) => rows::is_among(tx, &read.whole, &Cond::True, id)?"),
    ("ops/records.rs", "check_rows(tx, who, scope, &merged, Some((old.id, &before)))?;", "check_rows(tx, who, scope, &merged, Some((old.id, &merged)))?;"),
    ("ops/cascade.rs", "    may_follow(tx, who, &all)?;\n", ""),
    ("ops/cascade.rs", "rows::is_among_all(tx, &read.whole, &read.rows, record)?", "!read.whole.slug.is_empty()"),
    ("ops/bulk.rs", "if rows::is_among_all(tx, &scope.whole, &scope.rows, id)? {", "if !scope.whole.slug.is_empty() {"),
    ("ops/bulk.rs", "        guard::must_act(tx, &gone.scope, *id)?;\n", ""),
    ("ops/by_filter.rs", "            guard::must_act(tx, scope, *id)?;\n            ", "            "),
    ("ops/validate.rs", "let mut problems = unknown_keys(seen, draft);", "let mut problems = unknown_keys(schema, draft);"),
    # What is asked of them.
    ("ops/plan.rs", "Ok(scope.rows.clone().and(asked))", "Ok(asked)"),
    ("ops/filter.rs", "let schema = &scope.seen;", "let schema = &scope.whole;"),
    ("ops/export.rs", "let schema = scope.seen.clone();", "let schema = scope.whole.clone();"),
    ("ops/expand.rs", "rows::by_ids(self.tx, &scope.seen, None, &scope.rows, &ids,", "rows::by_ids(self.tx, &scope.seen, None, &Cond::True, &ids,"),
    ("ops/schemas.rs", "total_within(tx, &everything(&scope.seen, &scope.rows), most)?", "total_within(tx, &everything(&scope.seen, &Cond::True), most)?"),
    ("ops/search.rs", "    !scope.is_masked()\n", "    !scope.whole.slug.is_empty()\n"),
    ("ops/transfer.rs", "Ok(scopes.into_iter().next().filter(|_| !is_all))", "Ok(scopes.into_iter().next().filter(|_| !is_all && job.app.is_empty()))"),
    ("ops/reasons.rs", "sees.then(|| rule.text.clone())", "Some(rule.text.clone()).filter(|_| sees || !rule.text.is_empty())"),
    # Credentials and people.
    ("ops/credentials.rs", "if now_s >= found.expires_s || is_idle {", "if is_idle {"),
    ("ops/credentials.rs", "tokens::personal(tx, id)?.filter(|found| found.hash == token::digest(secret))", "tokens::personal(tx, id)?.filter(|_| !secret.is_empty())"),
    ("ops/credentials.rs", "account.generation == claims.generation\n            && lets_programs_in(account)", "lets_programs_in(account)"),
    ("auth/jwt.rs", "text(\"type\")? != kind.name()", "text(\"type\")?.is_empty()"),
    ("store/tables/tokens.rs", "AND u.api_access AND NOT u.suspended", "AND NOT u.suspended"),
    ("ops/tokens.rs", "        Some(_) => Err(Error::Forbidden(\"A token makes no other token", "        Some(_) if user.email.is_empty() => Err(Error::Forbidden(\"A token makes no other token"),
    ("ops/invitations.rs", "links::take(tx, &chosen.hash, &[chosen.purpose])?", "links::take(tx, &chosen.hash, &[Purpose::Invitation, Purpose::Reset, Purpose::SignIn])?"),
]


def name(number, mutant):
    return "%02d %s: %s" % (number, mutant[0], " ".join(mutant[1].split())[:70])


def source(folder, mutant):
    return os.path.join(folder, "src", mutant[0])


def mutated(folder, mutant):
    """The text of the file without the check; an error when it is not there once."""
    with open(source(folder, mutant), encoding="utf-8") as file:
        text = file.read()
    if text.count(mutant[1]) != 1:
        raise SystemExit("FAILED: in src/%s this stands %d times, not once: %s" % (mutant[0], text.count(mutant[1]), mutant[1]))
    return text.replace(mutant[1], mutant[2])


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def copy(folder):
    """The files of the tree as they are now, those only that differ, so that a kept copy is built anew as little as possible."""
    tracked = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True)
    for file in filter(None, tracked.stdout.decode().split("\0")):
        here, there = os.path.join(ROOT, file), os.path.join(folder, file)
        if not os.path.isfile(here):
            continue
        with open(here, "rb") as one:
            wanted = one.read()
        if os.path.exists(there):
            with open(there, "rb") as other:
                if other.read() == wanted:
                    continue
        os.makedirs(os.path.dirname(there), exist_ok=True)
        shutil.copy(here, there)


def tests(folder, which):
    """The first test that fails, None when all pass."""
    env = dict(os.environ, CARGO_TARGET_DIR=os.path.join(folder, "target"), RUST_BACKTRACE="0", NO_COLOR="1")
    env.setdefault("CARGO_PROFILE_DEV_DEBUG", "false")
    kinds = ["--lib"] if which == UNITS else ["--test", "it"]
    command = ["cargo", "nextest", "run", "--locked", "-j2", "--build-jobs", "2", "-E", which, *kinds]
    try:
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return "a test that never ends"
    if done.returncode == 0:
        return None
    failed = re.search(r"^ +(?:FAIL|SIGABRT|TIMEOUT) +\[.*?\] +(?:\(.*?\) +)?(.+)$", done.stderr, re.M)
    if not failed:
        raise SystemExit("FAILED: the copy does not build:\n%s" % done.stderr[-4000:])
    return failed.group(1)


def caught(folder, mutant):
    """By which test, if by any."""
    path = source(folder, mutant)
    with open(path, encoding="utf-8") as file:
        whole = file.read()
    write(path, mutated(folder, mutant))
    try:
        return next(filter(None, (tests(folder, which) for which in (FIRST, UNITS, REST))), None)
    finally:
        write(path, whole)


def run(folder):
    copy(folder)
    wanted, survivors, tried = os.environ.get("MUTANTS", ""), [], 0
    if not wanted and tests(folder, FIRST):
        raise SystemExit("FAILED: the tests fail without a mutant")
    for number, mutant in enumerate(MUTANTS, 1):
        if wanted not in name(number, mutant):
            continue
        begun, tried = time.monotonic(), tried + 1
        by = caught(folder, mutant)
        if not by:
            survivors.append(mutant)
        print("%s %s (%.0f s): %s" % ("ok" if by else "SURVIVED", name(number, mutant), time.monotonic() - begun, by or "no test fails"), flush=True)
    print("%d of %d mutants caught" % (tried - len(survivors), tried))
    return 0 if len(survivors) <= len(MUTANTS) - CAUGHT_MIN else 1


def main():
    for mutant in MUTANTS:
        mutated(ROOT, mutant)
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
