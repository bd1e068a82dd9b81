//! Lists: windows of records by a question, with what stands beside them; how a list is found.

use super::access;
use super::called::Calling;
use super::cursor;
use super::expand::{self, Branch, Expanding};
use super::filter::Asking;
use super::plan::{chosen, plan};
use super::records::{self, Shown};
use super::search;
use super::views;
use crate::model::error::{Error, Result};
use crate::model::explained::Explained;
use crate::model::limits::Limits;
use crate::model::listed::{Beside, Listed, Row, Show, Stamps};
use crate::model::plan::Plan;
use crate::model::principal::{Action, Caller};
use crate::model::query::{Count, Query};
use crate::model::record::{Expected, RecordId, RecordRef, Records};
use crate::model::schema::Schema;
use crate::store::engine::ReadTx;
use crate::store::explain;
use crate::store::records as rows;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::sync::Arc;

/// One window of a list: every row goes to `show`, unless the caller has the answer already.
pub fn list(
    tx: &ReadTx<'_>,
    who: &Caller,
    [app, schema]: [&str; 2],
    query: &Query,
    limits: &Limits,
    is_known: &dyn Fn(&str) -> bool,
    show: &mut Show<'_>,
) -> Result<Listed> {
    let scope = access::scope(tx.catalog(), who, app, schema, Action::List)?;
    let query = &*views::applied(tx, who, &scope, query, limits)?;
    let mut plan = plan(&Asking::of(tx, who), &scope, query, limits)?;
    let view = View::new(&scope.seen, query, limits)?;
    plan.shown = view.wanted();
    let state = if view.tree.is_empty() && query.names.is_none() { state(tx, who, &plan)? } else { None };
    if state.as_deref().is_some_and(is_known) {
        return Ok(Listed { total: None, is_capped: false, next_cursor: None, called: None, state, is_known: true });
    }
    let mut calling = query.names.map(|most| Calling::new(tx, who, &scope.seen, view.fields.as_deref(), most, limits));
    let mut gathered = Records::default();
    let mut window = Walk { limit: plan.window.limit, rows: 0, last: None, has_more: false };
    // Whoever asks where the window ends learns whether anything follows: one row more is looked at.
    plan.window.limit = plan.window.limit.saturating_add(i64::from(query.cursor.is_some()));
    let mut visit = |record: RecordRef<'_>| {
        if !window.takes(record.id) {
            return Ok(());
        }
        if let Some(calling) = &mut calling {
            calling.take(record)?;
        }
        if view.tree.is_empty() {
            return view.show(record, &[], show);
        }
        gathered.push(&record.to_record());
        Ok(())
    };
    let total = match search::ranked(tx, &scope, &plan, query, limits)? {
        Some(ranked) => ranked.show(tx, &plan, query.count, &mut visit)?,
        None => rows::list(tx, &plan, &cursor::parts(&plan, query)?, query.count, limits.count_auto_rows_max, &mut visit)?,
    };
    if !view.tree.is_empty() {
        let records: Vec<RecordRef<'_>> = gathered.iter().collect();
        let beside = Expanding::new(tx, who, limits).beside(&scope.seen, &records, &view.tree)?;
        for (record, beside) in records.into_iter().zip(&beside) {
            view.show(record, beside, show)?;
        }
    }
    let called = calling.map(|calling| calling.called(tx)).transpose()?;
    let last = window.last.filter(|_| window.has_more);
    let next_cursor = last.map(|last| cursor::after(tx, &plan, query, last)).transpose()?;
    Ok(Listed { total: total.rows, is_capped: total.is_capped, next_cursor, called, state, is_known: false })
}

/// A name for what this caller is shown of a list: rights are part of the catalog.
fn state(tx: &ReadTx<'_>, who: &Caller, plan: &Plan) -> Result<Option<String>> {
    let user = who.user_id().map(|user| user.0);
    let token = who.token.as_ref().map(|token| token.id);
    let of_caller = |rows: String| format!("{rows}-{}-{}-{}", tx.catalog().version, user.unwrap_or_default(), token.unwrap_or_default());
    Ok(rows::state(tx, plan)?.map(of_caller))
}

/// One record, by app, schema and id, as far as it is to be seen, if it is as the caller expects it.
pub fn read(
    tx: &ReadTx<'_>,
    who: &Caller,
    [app, schema, id]: [&str; 3],
    expected: &Expected,
    query: &Query,
    limits: &Limits,
    show: &mut Show<'_>,
) -> Result<Shown> {
    let shown = records::read(tx, who, app, schema, id, expected)?;
    let schema = access::scope(tx.catalog(), who, app, schema, Action::Read)?.seen;
    let view = View::new(&schema, query, limits)?;
    let record = shown.record.as_ref();
    let beside = Expanding::new(tx, who, limits).beside(&schema, &[record], &view.tree)?;
    view.show(record, beside.first().map(Vec::as_slice).unwrap_or_default(), show)?;
    Ok(Shown { is_all_its_own: shown.is_all_its_own && view.tree.is_empty(), ..shown })
}

/// How such a list is found, and what would find it better. For those who may change that.
pub fn explain(tx: &ReadTx<'_>, who: &Caller, app: &str, schema: &str, query: &Query, limits: &Limits) -> Result<Explained> {
    access::managed(tx.catalog(), who, app)?;
    let scope = access::scope(tx.catalog(), who, app, schema, Action::List)?;
    let query = &*views::applied(tx, who, &scope, query, limits)?;
    let mut plan = plan(&Asking::of(tx, who), &scope, query, limits)?;
    plan.shown = View::new(&scope.seen, query, limits)?.wanted();
    explain::explain(tx, &plan, &cursor::parts(&plan, query)?, query.count != Count::None)
}

/// The rows of a window that have gone by.
struct Walk {
    limit: i64,
    rows: i64,
    last: Option<RecordId>,
    has_more: bool,
}

impl Walk {
    /// Whether a row is one of the window's, and not the one behind it.
    fn takes(&mut self, id: RecordId) -> bool {
        self.has_more = self.rows == self.limit;
        if !self.has_more {
            self.rows += 1;
            self.last = Some(id);
        }
        !self.has_more
    }
}

/// What is shown of each record.
pub struct View {
    fields: Option<Vec<String>>,
    stamps: Stamps,
    pub tree: Vec<Branch>,
}

impl View {
    pub fn new(schema: &Arc<Schema>, query: &Query, limits: &Limits) -> Result<Self> {
        let tree = expand::tree(&query.expand, limits)?;
        let Some(names) = &query.fields else { return Ok(Self { fields: None, stamps: Stamps::BOTH, tree }) };
        let chosen = chosen(schema, names)?;
        let in_order = schema.stored().chain(schema.fields.iter().filter(|field| !field.is_stored()));
        let fields = in_order.map(|field| field.slug.clone()).filter(|slug| chosen.contains(slug)).collect();
        let has = |name: &str| names.iter().any(|known| known == name);
        Ok(Self { fields: Some(fields), stamps: Stamps { created_at: has("created_at"), updated_at: has("updated_at") }, tree })
    }

    /// Fields that have to be read: those that are shown, and those that lead on.
    pub fn wanted(&self) -> Option<Vec<String>> {
        let leading = self.tree.iter().map(|branch| branch.field.clone());
        self.fields.as_ref().map(|fields| fields.iter().cloned().chain(leading).collect())
    }

    /// A record, as far as it is to be seen.
    pub fn show(&self, record: RecordRef<'_>, beside: &[Beside], show: &mut Show<'_>) -> Result<()> {
        let Some(fields) = &self.fields else { return show(&Row { record, stamps: self.stamps, beside }) };
        let data = kept(record.data, fields)?;
        show(&Row { record: RecordRef { data: &data, ..record }, stamps: self.stamps, beside })
    }
}

/// What a record holds in these fields, as it is spelled there.
fn kept(data: &str, fields: &[String]) -> Result<String> {
    let values: HashMap<&str, &RawValue> = serde_json::from_str(data).map_err(Error::internal)?;
    let mut text = String::from("{");
    for (slug, value) in fields.iter().filter_map(|slug| Some((slug, values.get(slug.as_str())?))) {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&format!("\"{slug}\":{value}"));
    }
    text.push('}');
    Ok(text)
}
