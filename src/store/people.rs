//! People across a restore: what was taken from somebody since the backup was made is not given back by it. The rest of a restore is in `restore`.

use super::sqlite::OrFailed;
use crate::model::error::Result;
use crate::model::principal::Role;
use rusqlite::Connection;

/// People of one data file, as far as it says who may come in.
#[derive(Debug, Clone, Default)]
pub(super) struct People(Vec<Person>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Person {
    id: i64,
    email: String,
    created_at: String,
    role: String,
    is_suspended: bool,
    has_api_access: bool,
    password_hash: String,
}

impl People {
    /// Of a file that may be damaged: what can be read.
    pub fn of(conn: &Connection) -> Self {
        Self::read(conn).unwrap_or_default()
    }

    fn read(conn: &Connection) -> rusqlite::Result<Self> {
        let sql = "SELECT id, email, created_at, role, suspended, api_access, password_hash FROM user ORDER BY id";
        let mut statement = conn.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            Ok(Person {
                id: row.get(0)?,
                email: row.get(1)?,
                created_at: row.get(2)?,
                role: row.get(3)?,
                is_suspended: row.get(4)?,
                has_api_access: row.get(5)?,
                password_hash: row.get(6)?,
            })
        })?;
        rows.collect::<rusqlite::Result<_>>().map(Self)
    }

    fn same(&self, person: &Person) -> Option<&Person> {
        self.0.iter().find(|other| other.id == person.id && other.created_at == person.created_at)
    }

    /// Lets nobody in a copy do more than they may here; `given` is the last number that was given to anybody. Who is gone comes back suspended. A
    /// sentence for each whom it concerns. Of a file with other people nothing is taken over.
    pub fn hold_back(&self, copy: &Connection, given: i64) -> Result<Vec<String>> {
        let then = Self::read(copy).or_failed()?;
        if !then.0.iter().any(|person| self.same(person).is_some()) {
            return Ok(Vec::new());
        }
        let mut now: Vec<Person> = then.0.iter().map(|person| self.held_back(person, given)).collect();
        self.keep_an_owner(&then.0, &mut now);
        let mut told = Vec::new();
        for (then, now) in then.0.iter().zip(&now).filter(|(then, now)| then != now) {
            let sql = "UPDATE user SET role = ?2, suspended = ?3, api_access = ?4, password_hash = ?5 WHERE id = ?1";
            copy.execute(sql, (now.id, &now.role, now.is_suspended, now.has_api_access, &now.password_hash)).or_failed()?;
            told.push(format!("{}: {}", now.email, self.sentence(then, now)));
        }
        Ok(told)
    }

    fn held_back(&self, then: &Person, given: i64) -> Person {
        match self.same(then) {
            Some(here) => Person {
                role: lower(&then.role, &here.role).to_owned(),
                is_suspended: then.is_suspended || here.is_suspended,
                has_api_access: then.has_api_access && here.has_api_access,
                password_hash: if here.password_hash.is_empty() { &then.password_hash } else { &here.password_hash }.clone(),
                ..then.clone()
            },
            None => Person { is_suspended: then.is_suspended || then.id <= given, ..then.clone() },
        }
    }

    /// Somebody has to look after the file: without an owner who can come in, those who were one then are one again, first of all who still may come in.
    fn keep_an_owner(&self, then: &[Person], now: &mut [Person]) {
        if now.iter().any(Person::is_active_owner) {
            return;
        }
        let may_come_in = |person: &Person| self.same(person).is_some_and(|here| !here.is_suspended);
        let is_any_in = then.iter().any(|person| person.is_active_owner() && may_come_in(person));
        for (then, now) in then.iter().zip(now).filter(|(then, _)| then.is_active_owner() && (may_come_in(then) || !is_any_in)) {
            now.role.clone_from(&then.role);
            now.is_suspended = false;
        }
    }

    fn sentence(&self, then: &Person, now: &Person) -> String {
        let mut parts = Vec::new();
        match (now.is_suspended && !then.is_suspended, self.same(then)) {
            (true, None) => parts.push("was deleted since, and comes back suspended".to_owned()),
            (true, Some(_)) => parts.push("stays suspended".to_owned()),
            _ => {}
        }
        if now.role != then.role {
            parts.push(format!("stays {}", now.role));
        }
        if now.has_api_access != then.has_api_access {
            parts.push("stays without API access".to_owned());
        }
        if now.password_hash != then.password_hash {
            parts.push("keeps the newer password".to_owned());
        }
        parts.join(", ")
    }
}

impl Person {
    fn is_active_owner(&self) -> bool {
        self.role == Role::Owner.name() && !self.is_suspended && !self.password_hash.is_empty()
    }
}

/// The role that lets do less; roles stand from the highest to the lowest.
fn lower<'r>(one: &'r str, other: &'r str) -> &'r str {
    let rank = |name: &str| Role::ALL.iter().position(|role| role.name() == name);
    if rank(other) > rank(one) { other } else { one }
}
