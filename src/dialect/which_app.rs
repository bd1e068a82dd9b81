//! Which app a request means whose address names none: what it says by a header, the listener and the host's name that it came by, for `ops/which_app`.

use crate::model::app::App;
use crate::model::error::{Error, Result};
use crate::ops::ctx::Ctx;
use crate::ops::which_app::{self, Named};
use crate::wire::call::Call;
use std::sync::Arc;

const HEADER: &str = "X-Carryall-App";

pub fn find(ctx: &Ctx, call: &Call<'_>) -> Result<Arc<App>> {
    if call.request.headers().filter(|(name, _)| name.eq_ignore_ascii_case(HEADER)).count() > 1 {
        return Err(Error::malformed(format!("There are two {HEADER} headers: send the one that counts")));
    }
    let host = call.request.header("Host").and_then(|host| ctx.site.app_named(host));
    let named = Named {
        header: call.request.header(HEADER).map(str::trim).filter(|slug| !slug.is_empty()),
        listener: call.listener_app.as_deref(),
        host: host.as_deref(),
    };
    ctx.read(|tx| which_app::find(tx, &call.caller, &named))
}
