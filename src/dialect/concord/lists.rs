//! Lists of records, and the search, which is a list.

use super::asked::{Asked, bad_question};
use super::envelope::Pages;
use super::painter::Painter;
use super::place::{self, Place};
use crate::dialect::contract::origin;
use crate::model::error::{Error, Problem, Result};
use crate::ops::ctx::Ctx;
use crate::ops::lists;
use crate::wire::call::Call;
use crate::wire::paper::Paper;
use rouille::Response;
use std::sync::Arc;

/// `{"data": [record], "links", "meta", …}`
pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let place = place::find(ctx, call)?;
    let catalog = ctx.store.catalog();
    let asked = Asked::parse(&call.query, &catalog, &call.caller, &place.schema, &call.limits)?;
    let painter = Painter::new(&catalog, &place.schema, &asked.view.with, asked.view.chosen.clone());
    let mut paper = Paper::new(ctx.limits.reply_memory_bytes_max);
    paper.text().push_str("{\"data\":[");
    let mut rows = 0;
    let listed = ctx.read(|tx| {
        lists::list(tx, &call.caller, place.slugs(), &asked.query, &call.limits, &|_| false, &mut |row| {
            if rows > 0 {
                paper.text().push(',');
            }
            rows += 1;
            painter.paint(paper.text(), row)?;
            paper.settle()
        })
    });
    let total = listed.map_err(bad_question)?.total.unwrap_or_default();
    end(ctx, call, &place, &asked, &mut paper, rows, total)?;
    paper.json(200)
}

fn end(ctx: &Ctx, call: &Call<'_>, _place: &Place, asked: &Asked, paper: &mut Paper, rows: i64, total: i64) -> Result<()> {
    if asked.is_beyond && total > call.limits.page_offset_max {
        let message = format!("A page can begin after at most {} records", call.limits.page_offset_max);
        return Err(Error::Malformed(Problem::of("page", "range", message).hint("Narrow the list down by q and search_fields")));
    }
    let path = format!("{}{}", origin(ctx, call.request), call.request.url());
    let pages = Pages { path: &path, query: &call.query, page: asked.page, per_page: asked.per_page, total, rows };
    paper.text().push(']');
    paper.text().push_str(&pages.end());
    Ok(())
}
