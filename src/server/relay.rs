//! Requests that a handler sends within this process: the same way as from outside, past the sockets and the pools. What only those guard is refused:
//! work whose queue is part of its safety.

use super::answer::{self, Head};
use super::router::{self, Place, Routed};
use crate::dialect::contract::Pool;
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use crate::ops::ctx::Ctx;
use crate::wire::body::Body;
use crate::wire::inward::Inward;
use rouille::{Request, Response, ResponseBody};
use std::sync::Arc;

/// Answers it as the address would. Runs on the thread of the request that it stands in, `outer`.
pub fn send(ctx: &Arc<Ctx>, outer: &Request, app: Option<Arc<str>>, inward: Inward) -> Result<Response> {
    let Inward { dialect, method, target, headers, body, who } = inward;
    let (peer, is_secure) = (*outer.remote_addr(), outer.is_secure());
    let head = Head { peer, is_secure, method, target, headers, app, who: Some(who) };
    let is_head = head.method == "HEAD";
    let found = router::find(&head.method, &head.target);
    let spoken = match &found {
        Ok(Place::Route(routed)) => routed.dialect,
        _ => router::owner(&head.target),
    };
    speaks(dialect.as_deref(), spoken.id, &head.target)?;
    let response = match found {
        Ok(Place::Route(routed)) => {
            may_go(ctx, &routed, body.len())?;
            answer::answer(ctx, head, routed, if body.is_empty() { Body::Empty } else { Body::Memory(body) })
        }
        Ok(Place::Options(allow)) => answer::options(ctx, head, &allow),
        Err(error) => answer::refuse(ctx, head, error),
    };
    // From outside it is the transport that leaves the body out.
    Ok(if is_head { Response { data: ResponseBody::empty(), ..response } } else { response })
}

/// A request within a request within a request would have no end.
pub fn nested() -> Error {
    Error::malformed("A request that is tried cannot try another one")
}

fn speaks(wanted: Option<&str>, spoken: &str, target: &str) -> Result<()> {
    match wanted {
        Some(wanted) if wanted != spoken => {
            let message = format!("{} is an address of the dialect '{spoken}', not of {}", quoted(target), quoted(wanted));
            Err(Error::invalid(Problem::of("dialect", "option", message).hint("Leave 'dialect' out, or ask one of its own addresses")))
        }
        _ => Ok(()),
    }
}

fn may_go(ctx: &Ctx, routed: &Routed, bytes: usize) -> Result<()> {
    if routed.route.pool == Pool::Hash {
        let message = "What compares a password is not tried from here: send it to the address itself, where such requests wait in turn";
        return Err(Error::invalid(Problem::of("request", "not_allowed", message)));
    }
    let most = routed.route.body.bytes(&ctx.limits.spoken(&routed.dialect.limits));
    if bytes > most {
        return Err(Error::TooLarge(format!("The body is longer than {most} bytes, which is the most here")));
    }
    Ok(())
}
