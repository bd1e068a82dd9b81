//! Writes that are done once however often they are sent: under a key that the caller chose, the first answer is kept for a day, in the transaction of
//! the write itself, and given again. What an answer looks like is the dialect's.

use super::ctx::{Ctx, Way};
use super::showing::{self, Completes};
use crate::auth::jwt::digest;
use crate::model::error::{Error, Problem, Result};
use crate::model::limits::Limits;
use crate::model::principal::{Caller, UserId};
use crate::store::engine::WriteTx;
use crate::store::tables::idempotency::{self as kept, Kept};

/// Whose key it is, and for which request.
#[derive(Debug, Clone)]
pub struct Key {
    user: UserId,
    key: String,
    request: [u8; 32],
}

const KEY_CHARS_MAX: usize = 255;

impl Key {
    /// `request` tells it from every other.
    pub fn new(who: &Caller, key: &str, request: &[u8]) -> Result<Self> {
        let bare = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
        let is_plain = !bare.is_empty() && bare.len() <= KEY_CHARS_MAX && bare.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
        if !is_plain {
            let message = format!("The header Idempotency-Key must be 1 to {KEY_CHARS_MAX} plain characters without spaces");
            return Err(Error::Malformed(Problem::new("header", message).hint("Idempotency-Key: 8e03978e-40d5-43dd-bc93-6894a57f9324")));
        }
        let user = who.user_id().ok_or(Error::NotSignedIn)?;
        Ok(Self { user, key: bare.to_owned(), request: digest(request) })
    }
}

/// What a write came to.
pub enum Once<T> {
    /// Without a key.
    Done(T),
    /// What is kept under the key.
    Answered {
        answer: String,
        /// It was kept before, and nothing was done now.
        is_repeated: bool,
    },
}

/// `showing::write`, under a key if there is one; then `tell` makes the answer, in the transaction. A rehearsal has no key.
pub fn write<P, T>(
    ctx: &Ctx,
    way: Way,
    key: Option<Key>,
    check: impl Fn() -> Result<P>,
    run: impl Fn(&mut WriteTx<'_>, &P) -> Result<T> + Clone + Send + 'static,
    tell: impl Fn(T) -> Result<String> + Clone + Send + 'static,
) -> Result<Once<T>>
where
    P: Send + 'static,
    T: Completes + Send + 'static,
{
    let Some(key) = key.filter(|_| way != Way::Rehearsed) else {
        return showing::write(ctx, way, check, run).map(Once::Done);
    };
    let limits = ctx.limits.clone();
    ctx.write_by(way, check, move |tx, checked| {
        if let Some(answer) = answered(tx, &key)? {
            return Ok(Once::Answered { answer, is_repeated: true });
        }
        let mut done = run(tx, checked)?;
        done.complete_in(tx)?;
        let answer = tell(done)?;
        keep(tx, &key, answer.clone(), &limits)?;
        Ok(Once::Answered { answer, is_repeated: false })
    })
}

/// The answer that was given under the key, if there was one; a refusal if that was to another request.
fn answered(tx: &WriteTx<'_>, key: &Key) -> Result<Option<String>> {
    match kept::find(tx, key.user, &key.key)? {
        Some(kept) if kept.request == key.request => Ok(Some(kept.answer)),
        Some(_) => {
            let problem = Problem::new("idempotency_key", "This Idempotency-Key was sent with another request: nothing was done");
            Err(Error::Conflict(
                problem.hint("A request that is sent again has the same method, address and body; a new one needs a new key"),
            ))
        }
        None => Ok(None),
    }
}

/// Keeps what is answered. Nothing of the write stays if it cannot be kept.
fn keep(tx: &mut WriteTx<'_>, key: &Key, answer: String, limits: &Limits) -> Result<()> {
    let most = limits.idempotency_answer_bytes_max;
    if answer.len() > most {
        let message = format!("With an Idempotency-Key the answer can have at most {most} bytes, and this one has {}", answer.len());
        return Err(Error::TooLarge(format!("{message}: nothing was done. Send fewer records at once")));
    }
    kept::sweep(tx)?;
    if kept::count(tx, key.user)? >= limits.idempotency_keys_per_user_max {
        let message =
            format!("You have sent {} keys within a day; further ones have room when those end", limits.idempotency_keys_per_user_max);
        return Err(Error::TooMany { message, retry_after_s: 3_600 });
    }
    let expires_s = tx.now().epoch_seconds + limits.idempotency_seconds;
    kept::insert(tx, key.user, &key.key, &Kept { request: key.request.to_vec(), answer }, expires_s)
}
