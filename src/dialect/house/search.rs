//! Searching by words: a whole app, one record by its name. [house] Lists take `q` themselves, in `records`; what can be typed is said in
//! `ops/search_words`.

use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use crate::model::principal::Action;
use crate::ops::ctx::Ctx;
use crate::ops::search::{self, Asked, Match, Offered};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET …/search?q=&schemas=contacts,deals&limit=20`: `{"results": [{"schema", "id", "display", "rank", "snippet"}], "preparing"?: [slug]}`.
///
/// `rank` counts from 1. A snippet is `{"field", "pieces"}`: pieces of the field's text, of which the second, fourth and so on were found, so that
/// nobody has to put text into HTML to mark it.
pub fn app(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (limit, is_clamped) = limit(ctx, call)?;
    let text = call.query.once("q")?.ok_or_else(|| {
        Error::invalid(Problem::of("q", "required", "A search needs words to look for").hint("q=ann finds what begins with ann"))
    })?;
    let schemas = call.query.once("schemas")?.map(slugs).unwrap_or_default();
    let results = search::app(ctx, &call.caller, call.param(0), &Asked { text, schemas: &schemas, limit })?;
    let hits: Vec<Value> = (1..).zip(&results.hits).map(|(rank, hit)| found(rank, hit)).collect();
    let mut body = json!({"results": hits});
    if let Some(body) = body.as_object_mut().filter(|_| !results.preparing.is_empty()) {
        body.insert("preparing".to_owned(), json!(results.preparing));
    }
    Ok(clamped(reply::json(200, &body), limit, is_clamped))
}

fn slugs(text: &str) -> Vec<String> {
    text.split(',').map(|slug| slug.trim().to_owned()).collect()
}

fn found(rank: usize, hit: &Match) -> Value {
    let snippet = hit.passage.as_ref().map(|passage| json!({"field": passage.field, "pieces": passage.pieces}));
    json!({"schema": hit.schema, "id": hit.id.text(), "display": hit.display, "rank": rank, "snippet": snippet})
}

/// `GET …/lookup?q=ann&limit=20`: `{"results": [{"id", "display", "fits"}]}`.
pub fn look_up(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (limit, is_clamped) = limit(ctx, call)?;
    let text = call.query.once("q")?.unwrap_or_default();
    search::make_ready(ctx, &call.caller, call.param(0), call.param(1), Action::List)?;
    let offers = ctx.read(|tx| search::look_up(tx, &call.caller, call.param(0), call.param(1), text, limit, &ctx.limits))?;
    let one = |offered: &Offered| json!({"id": offered.id.text(), "display": offered.display, "fits": offered.fits});
    let offers: Vec<Value> = offers.iter().map(one).collect();
    Ok(clamped(reply::json(200, &json!({"results": offers})), limit, is_clamped))
}

/// How many results are wanted, and whether that was more than there can be.
fn limit(ctx: &Ctx, call: &Call<'_>) -> Result<(i64, bool)> {
    let limits = &ctx.limits;
    let Some(text) = call.query.once("limit")? else { return Ok((limits.search_results_default, false)) };
    let number = text.parse().ok().filter(|number| *number >= 1).ok_or_else(|| {
        Error::invalid(Problem::of("limit", "range", format!("'limit' must be a whole number from 1, not {}", quoted(text))))
    })?;
    Ok((limits.search_results_max.min(number), number > limits.search_results_max))
}

fn clamped(response: Response, limit: i64, is_clamped: bool) -> Response {
    if is_clamped { response.with_additional_header("X-Clamped", format!("limit={limit}")) } else { response }
}
