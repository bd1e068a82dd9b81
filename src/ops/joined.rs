//! Records with what their references lead to, one step far and however many there are. They are taken in turns: memory holds one turn, and each turn asks
//! one question for each reference. What is shown of a record that is led to is made once in a turn, by whoever asks. Records with several steps, and
//! what leads back to them, are in `expand`.

use super::access;
use super::filter::Asking;
use super::plan::plan;
use crate::model::catalog::Catalog;
use crate::model::error::Result;
use crate::model::field::Kind;
use crate::model::json::members;
use crate::model::limits::Limits;
use crate::model::principal::{Action, Caller, Scope};
use crate::model::query::Query;
use crate::model::record::{RecordId, RecordRef, Records};
use crate::model::schema::Schema;
use crate::store::engine::ReadTx;
use crate::store::records as rows;
use std::collections::{BTreeSet, HashMap};

/// Records of one turn.
const TURN: usize = 500;
const TURN_BYTES: usize = 1024 * 1024;

/// A table as somebody sees it, with the tables that its references lead to.
pub struct Joined {
    scope: Scope,
    leads: Vec<Lead>,
}

/// A reference that leads to a table of which the caller may read records.
pub struct Lead {
    /// The slug of the field.
    pub field: String,
    scope: Scope,
}

/// A reference that is followed: its place among the leads, and the fields that are wanted of where it leads.
pub struct Follow {
    pub lead: usize,
    pub shown: Vec<String>,
}

/// How a record is shown that a lead leads to.
pub type Make<'m> = dyn Fn(usize, RecordRef<'_>) -> String + 'm;

/// Called for every record, in order, with what was made of each record that it leads to, in the order of what is followed; `None` where it leads to
/// nothing that exists for the caller.
pub type ShowJoined<'s> = dyn FnMut(RecordRef<'_>, &[Option<&str>]) -> Result<()> + 's;

impl Lead {
    /// The table as the caller sees it.
    pub fn seen(&self) -> &Schema {
        &self.scope.seen
    }
}

/// The table of these slugs, if the caller may do this with its records.
pub fn open(catalog: &Catalog, who: &Caller, [app, schema]: [&str; 2], action: Action) -> Result<Joined> {
    Ok(of(catalog, who, access::scope(catalog, who, app, schema, action)?))
}

/// The table of a scope that the caller has.
pub fn of(catalog: &Catalog, who: &Caller, scope: Scope) -> Joined {
    let references = scope.seen.fields.iter().filter(|field| field.kind == Kind::Reference && field.is_stored());
    let lead = |field: &crate::model::field::Field| {
        let target = catalog.target(&scope.seen, field)?;
        Some(Lead { field: field.slug.clone(), scope: access::scope_of(catalog, who, &target, Action::Read)? })
    };
    let leads = references.filter_map(lead).collect();
    Joined { scope, leads }
}

/// The same without where its references lead.
pub fn alone(scope: Scope) -> Joined {
    Joined { scope, leads: Vec::new() }
}

impl Joined {
    /// The table as the caller sees it.
    pub fn seen(&self) -> &Schema {
        &self.scope.seen
    }

    pub fn leads(&self) -> &[Lead] {
        &self.leads
    }

    /// Every record of a list. How many the whole list has, if that is asked.
    pub fn list(
        &self,
        (tx, who): (&ReadTx<'_>, &Caller),
        query: &Query,
        follows: &[Follow],
        limits: &Limits,
        make: &Make<'_>,
        show: &mut ShowJoined<'_>,
    ) -> Result<Option<i64>> {
        let mut plan = plan(&Asking::of(tx, who), &self.scope, query, limits)?;
        plan.shown = query.fields.clone();
        let (mut turn, mut bytes) = (Records::default(), 0);
        let parts = [plan.clone()];
        let total = rows::list(tx, &plan, &parts, query.count, limits.count_auto_rows_max, &mut |record| {
            if follows.is_empty() {
                return show(record, &[]);
            }
            bytes += record.data.len();
            turn.push(&record.to_record());
            if turn.len() < TURN && bytes < TURN_BYTES {
                return Ok(());
            }
            bytes = 0;
            self.each(tx, &std::mem::take(&mut turn), follows, limits, make, show)
        })?;
        self.each(tx, &turn, follows, limits, make, show)?;
        Ok(total.rows)
    }

    /// Records that were read or written.
    pub fn each(
        &self,
        tx: &ReadTx<'_>,
        records: &Records,
        follows: &[Follow],
        limits: &Limits,
        make: &Make<'_>,
        show: &mut ShowJoined<'_>,
    ) -> Result<()> {
        let all: Vec<RecordRef<'_>> = records.iter().collect();
        let mut turns: Vec<&[RecordRef<'_>]> = all.chunks(TURN).rev().collect();
        while let Some(turn) = turns.pop() {
            if follows.is_empty() {
                turn.iter().try_for_each(|record| show(*record, &[]))?;
                continue;
            }
            let led: Vec<Vec<Option<RecordId>>> = turn.iter().map(|record| self.led(*record, follows)).collect();
            let most = if turn.len() == 1 { usize::MAX } else { limits.expand_bytes_max };
            let Some(made) = self.made(tx, &led, follows, most, make)? else {
                // Where so few lead to so much, fewer are taken at a time.
                let (first, second) = turn.split_at(turn.len() / 2);
                turns.extend([second, first]);
                continue;
            };
            for (record, led) in turn.iter().zip(&led) {
                let beside: Vec<Option<&str>> =
                    led.iter().zip(&made).map(|(id, made)| id.and_then(|id| made.get(&id)).map(String::as_str)).collect();
                show(*record, &beside)?;
            }
        }
        Ok(())
    }

    /// Where a record leads.
    fn led(&self, record: RecordRef<'_>, follows: &[Follow]) -> Vec<Option<RecordId>> {
        let mut led = vec![None; follows.len()];
        for (slug, value) in members(record.data) {
            for (follow, led) in follows.iter().zip(&mut led) {
                if self.leads.get(follow.lead).is_some_and(|lead| lead.field == slug) {
                    *led = RecordId::parse(value.trim_matches('"'));
                }
            }
        }
        led
    }

    /// What is made of the records that a turn leads to; `None` when it is more than may be held.
    fn made(
        &self,
        tx: &ReadTx<'_>,
        led: &[Vec<Option<RecordId>>],
        follows: &[Follow],
        most: usize,
        make: &Make<'_>,
    ) -> Result<Option<Vec<HashMap<RecordId, String>>>> {
        let (mut all, mut bytes) = (Vec::with_capacity(follows.len()), 0_usize);
        for (at, follow) in follows.iter().enumerate() {
            let mut made = HashMap::new();
            let ids: BTreeSet<RecordId> = led.iter().filter_map(|led| led.get(at).copied().flatten()).collect();
            if let Some(lead) = self.leads.get(follow.lead).filter(|_| !ids.is_empty()) {
                let ids: Vec<RecordId> = ids.into_iter().collect();
                rows::by_ids(tx, &lead.scope.seen, Some(&follow.shown), &lead.scope.rows, &ids, &mut |record| {
                    if bytes <= most {
                        let text = make(follow.lead, record);
                        bytes = bytes.saturating_add(text.len());
                        made.insert(record.id, text);
                    }
                    Ok(())
                })?;
            }
            if bytes > most {
                return Ok(None);
            }
            all.push(made);
        }
        Ok(Some(all))
    }
}
