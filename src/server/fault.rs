//! The fault `handlers`: what a request asks to go wrong in its handler's place. Only in a server that was started for it (`model::fault`).

use crate::model::fault::Fault;
use crate::ops::ctx::Ctx;
use rouille::Request;
use std::time::Duration;

const HEADER: &str = "X-Carryall-Fault";

/// Sleeps or panics when the request says so and the server lets it.
pub fn strike(ctx: &Ctx, request: &Request) {
    let Some(wanted) = request.header(HEADER).filter(|_| ctx.fault == Some(Fault::Handlers)) else { return };
    assert!(wanted != "panic", "a fault that was asked for");
    if let Some(ms) = wanted.strip_prefix("sleep=").and_then(|ms| ms.parse().ok()) {
        std::thread::sleep(Duration::from_millis(ms));
    }
}
