//! A field gets another type: every value is read as one of the new type. Those that cannot be are none afterwards, and the log keeps what they were.
//! The values are converted from a snapshot and staged; the transaction only takes them in, with what changed since.

use super::access::manages;
use super::alter::{leading_nowhere, same, settle};
use super::changes::{log_all_converted, log_definition, one_batch};
use super::ctx::{Ctx, STALE_RETRIES_MAX, Way};
use super::define;
use super::fields::{Changed, field_now, find, known, overlaid, part as whole, parts};
use super::schemas::with_choices;
use crate::field;
use crate::format::parts::{FieldPart, OptionPart, SchemaPart};
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind, Rules};
use crate::model::job::{Progress, Report};
use crate::model::principal::Caller;
use crate::model::record::RecordId;
use crate::model::schema::Schema;
use crate::store::conversion;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records as rows;
use crate::store::stage::{Stage, Staging};
use crate::store::tables::schemas;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const REPORT_EVERY_VALUES: u64 = 1_000;
/// Values of each sort that are shown.
const EXAMPLES_MAX: usize = 5;
/// Options that are made of values.
const OPTIONS_MAX: usize = 100;
const OPTION_CHARS_MAX: usize = 100;

/// What becomes of the values of a field.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Records that hold a value.
    pub values: u64,
    /// Of them: those that hold none afterwards.
    pub lost: u64,
    /// Before and after, of some that stay.
    pub examples: Vec<(RecordId, Value, Value)>,
    /// Of some that are lost.
    pub lost_examples: Vec<(RecordId, Value)>,
}

/// Changes the type of a field, with what else `body` says of it.
pub fn convert(ctx: &Ctx, who: &Caller, way: Way, path: [&str; 3], body: &Map<String, Value>, report: &Report) -> Result<Changed> {
    let [app, schema, slug] = path;
    for _ in 0..STALE_RETRIES_MAX {
        let staging = Staging::create(ctx.store.path())?;
        let (old, part, tally) = ctx.read(|tx| {
            let old = find(tx, who, app, schema)?;
            let part = declared(tx, &old, slug, body)?;
            check_definition(tx, &old, &part)?;
            let tally = fill(tx, &old, &part, &staging, report)?;
            Ok((old, part, tally))
        })?;
        let stage = staging.finish()?;
        let (me, tally) = (who.clone(), tally);
        let work = move |tx: &mut WriteTx<'_>| take_in(tx, &me, &old, &part, tally.clone());
        match put(ctx, way, &stage, work) {
            Err(Error::Stale) => {}
            other => return other,
        }
    }
    Err(Error::Busy { message: Error::Stale.message(), retry_after_s: 1 })
}

fn put(ctx: &Ctx, way: Way, stage: &Stage, work: impl FnMut(&mut WriteTx<'_>) -> Result<Changed> + Send + 'static) -> Result<Changed> {
    match way {
        Way::Rehearsed => ctx.store.rehearse_staged(stage, work),
        Way::Shared | Way::Alone => ctx.store.write_staged(stage, work),
    }
}

/// What the field is to be.
fn declared(tx: &ReadTx<'_>, old: &Schema, slug: &str, body: &Map<String, Value>) -> Result<FieldPart> {
    let was = known(old, slug)?;
    // What the old type was told means nothing to the new one, but for options.
    let keeps_options = |name: &str| matches!(name, "select" | "radio" | "multiselect" | "checklist");
    let wanted = body.get("type").and_then(Value::as_str).unwrap_or_default();
    let mut plain = Field { rules: Rules::default(), default: Value::Null, ..was.clone() };
    if keeps_options(wanted) {
        plain.rules.choices.clone_from(&was.rules.choices);
    }
    // Links stay links to the same table, unless the body says another.
    if links(was.kind) && matches!(wanted, "reference" | "references") {
        plain.rules = Rules {
            target: was.rules.target.clone(),
            inverse: was.rules.inverse.clone(),
            on_delete: was.rules.on_delete,
            ..Rules::default()
        };
    }
    let mut part = overlaid(&plain, body)?;
    if part.slug != was.slug {
        let problem = Problem::of("slug", "change", "A field gets another name and another type in two requests");
        return Err(Error::invalid(problem));
    }
    let Some(type_) = field::find(&part.type_name) else {
        let problem = Problem::of("type", "type", format!("There is no field type {}", crate::model::name::quoted(&part.type_name)));
        return Err(Error::invalid(problem.hint(field::suggestion(&part.type_name))));
    };
    let target = Field::plain(slug, type_);
    if !is_possible(was, &target) {
        let message = format!("Field '{slug}' is {} and cannot become {}", was.type_name, part.type_name);
        return Err(Error::invalid(Problem::of(slug, "change", message).hint("Make a new field beside it, and delete this one later")));
    }
    if keeps_options(&part.type_name) && part.options.as_ref().is_none_or(Vec::is_empty) {
        part.options = Some(options_of(tx, old, was, target.kind)?);
    }
    // A default that the old field had is one of the new if it can be.
    if part.default.is_null() && !was.default.is_null() && !body.contains_key("default") {
        part.default = converted(was, &define::define_field(&part, Some(was)).map_err(Error::Invalid)?, &was.default);
    }
    Ok(part)
}

fn links(kind: Kind) -> bool {
    matches!(kind, Kind::Reference | Kind::Links)
}

/// Refuses to have an id that is held name a record of another table.
fn check_target(was: &Field, now: &Field, id: RecordId, held: &str) -> Result<()> {
    if !links(now.kind) || was.rules.target == now.rules.target || held == "[]" {
        return Ok(());
    }
    let message = format!("{} holds a link by '{}', so it cannot lead to another table", id.text(), was.slug);
    Err(Error::invalid(Problem::of(&now.slug, "target", message).hint("Make a new field, or empty this one first")))
}

/// Whether values of one field can be read as values of the other at all.
fn is_possible(was: &Field, now: &Field) -> bool {
    let apart = |field: &Field| field.is_given() || matches!(field.type_name.as_str(), "computed" | "file" | "user");
    if apart(was) || apart(now) {
        return false;
    }
    match (links(was.kind), links(now.kind)) {
        (true, true) => true,
        (true, false) => matches!(now.kind, Kind::Text | Kind::Json) && !matches!(now.type_name.as_str(), "select" | "radio"),
        (false, true) => false,
        (false, false) => true,
    }
}

/// The different values of a field as options, in the order in which they are met.
fn options_of(tx: &ReadTx<'_>, schema: &Schema, was: &Field, now: Kind) -> Result<Vec<OptionPart>> {
    let mut found: Vec<String> = Vec::new();
    rows::each_value(tx, schema, was, &mut |_, text| {
        let value: Value = serde_json::from_str(text).map_err(Error::internal)?;
        let text = field::write_text(was, &value);
        let parts: Vec<String> = match crate::model::several::split(&text) {
            Value::Array(parts) if now.is_set() => parts.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => vec![text],
        };
        let is_long = parts.iter().any(|part| part.chars().count() > OPTION_CHARS_MAX);
        for part in parts.into_iter().filter(|part| !part.trim().is_empty()) {
            if !found.contains(&part) {
                found.push(part);
            }
        }
        if found.len() > OPTIONS_MAX || is_long {
            let message =
                format!("Field '{}' holds more than {OPTIONS_MAX} different values, or long ones: say which options there are", was.slug);
            return Err(Error::invalid(Problem::of("options", "required", message).hint("\"options\": [\"lead\", \"customer\"]")));
        }
        Ok(())
    })?;
    Ok(found.into_iter().map(|value| OptionPart { value, ..OptionPart::default() }).collect())
}

/// A value as one of the new type; none if it cannot be one.
fn converted(was: &Field, now: &Field, value: &Value) -> Value {
    let text = || field::write_text(was, value);
    let read = match (was.kind, now.kind, value) {
        (Kind::Datetime, Kind::Date, Value::String(time)) => field::read_text(now, time.get(..10).unwrap_or_default()).ok(),
        (Kind::Date, Kind::Datetime, Value::String(day)) => field::read_text(now, &format!("{day}T00:00:00Z")).ok(),
        (Kind::Links, Kind::Reference, Value::Array(ids)) if ids.len() == 1 => ids.first().cloned(),
        (Kind::Links, Kind::Reference, _) => None,
        (_, Kind::Json, _) => field::clean(now, value).ok(),
        _ => field::clean(now, value)
            .ok()
            .or_else(|| Some(text()).filter(|text| !text.is_empty()).and_then(|text| field::read_text(now, &text).ok())),
    };
    read.unwrap_or_default()
}

/// The schema with the field as it is to be.
fn with_field(old: &Schema, part: &FieldPart) -> Result<SchemaPart> {
    Ok(whole(old, parts(old)?.into_iter().map(|known| if known.slug == part.slug { part.clone() } else { known }).collect()))
}

/// Refuses what no value has a say in before any is read: rules, groups, expressions that would have no meaning.
fn check_definition(tx: &ReadTx<'_>, old: &Schema, part: &FieldPart) -> Result<()> {
    let new = Arc::new(define::schema(old.app, &with_field(old, part)?, Some(old)).map_err(Error::Invalid)?);
    let others = tx.catalog().schemas(old.app).map(|schema| if schema.id == old.id { new.clone() } else { schema.clone() });
    let problems = leading_nowhere(&others.collect::<Vec<Arc<Schema>>>());
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

/// Converts every value of a snapshot and puts it on a stage.
fn fill(tx: &ReadTx<'_>, old: &Schema, part: &FieldPart, staging: &Staging, report: &Report) -> Result<Tally> {
    let (was, now) = (known(old, &part.slug)?, define::define_field(part, Some(known(old, &part.slug)?)).map_err(Error::Invalid)?);
    let mut tally = Tally::default();
    let total = u64::try_from(rows::counter(tx, old)?).ok();
    rows::each_value(tx, old, was, &mut |id, text| {
        let value: Value = serde_json::from_str(text).map_err(Error::internal)?;
        check_target(was, &now, id, text)?;
        let after = converted(was, &now, &value);
        tally.values += 1;
        if tally.values.is_multiple_of(REPORT_EVERY_VALUES) {
            report(Progress { stage: "converting", done: tally.values, total, unit: "records", rows: tally.values })?;
        }
        if after.is_null() {
            tally.lost += 1;
            if tally.lost_examples.len() < EXAMPLES_MAX {
                tally.lost_examples.push((id, value));
            }
        } else if tally.examples.len() < EXAMPLES_MAX {
            tally.examples.push((id, value, after.clone()));
        }
        staging.add(id.0, None, Some(&after.to_string()), Some(text), None)
    })?;
    report(Progress { stage: "writing", done: tally.values, total, unit: "records", rows: tally.values })?;
    Ok(tally)
}

/// Takes the staged values in, and converts what was written since.
fn take_in(tx: &mut WriteTx<'_>, who: &Caller, old: &Arc<Schema>, part: &FieldPart, mut tally: Tally) -> Result<Changed> {
    tx.catalog().schema_by_id(old.id).filter(|now| now.version == old.version).ok_or(Error::Stale)?;
    if !manages(tx.catalog(), who, old.app) {
        return Err(Error::Stale);
    }
    let was = known(old, &part.slug)?;
    let all = with_field(old, part)?;
    let new = define::schema(old.app, &all, Some(old)).map_err(Error::Invalid)?;
    let new = Schema { aliases: old.aliases.clone(), ..with_choices(tx, old.app, &all, new)? };
    let now = known(&new, &part.slug)?;
    for (id, text) in conversion::unstaged_values(tx, old, was)? {
        let value: Value = serde_json::from_str(&text).map_err(Error::internal)?;
        check_target(was, now, id, &text)?;
        let after = converted(was, now, &value);
        if after.is_null() && tally.lost_examples.len() < EXAMPLES_MAX {
            tally.lost_examples.push((id, value));
        }
        conversion::stage_value(tx, id, &after.to_string(), &text)?;
    }
    // With what was written since the values were staged.
    tally.lost = conversion::staged_lost(tx)?;
    look_at_all(tx, old, &new, now)?;
    let body = json!({"before": schemas::described(old), "after": schemas::described(&new), "converted": now.slug});
    let label = format!("changed {}.{} from {} to {}", old.slug, now.slug, was.type_name, now.type_name);
    one_batch(tx, |tx| {
        let batch = log_definition(tx, who, old.app, Some(old.id), label, Some(body))?;
        log_all_converted(tx, who, old, now, batch)?;
        schemas::replace_converted(tx, old, &new, &now.slug)?;
        settle(tx, who, old.app)
    })?;
    Ok(Changed { field: field_now(tx, old, &part.slug)?, converted: Some(tally) })
}

/// What only all records can tell of the values that are to be: that there are some where there must be, and that they differ where they must.
fn look_at_all(tx: &ReadTx<'_>, old: &Schema, new: &Schema, now: &Field) -> Result<()> {
    let named = |ids: Vec<RecordId>| ids.iter().map(|id| id.text()).collect::<Vec<String>>().join(", ");
    if now.required {
        let lost = conversion::staged_empty(tx, now, EXAMPLES_MAX)?;
        let none = if lost.is_empty() { conversion::unstaged(tx, old, EXAMPLES_MAX)? } else { Vec::new() };
        let message = match (lost.is_empty(), none.is_empty()) {
            (false, _) => Some(format!("the values of {} are none of the type {}", named(lost), now.type_name)),
            (true, false) => Some(format!("{} holds none", named(none))),
            (true, true) => None,
        };
        if let Some(why) = message {
            let problem = Problem::of(&now.slug, "required", format!("Field '{}' is required, but {why}", now.slug));
            return Err(Error::invalid(problem.hint("Change these values first, or send \"required\": false")));
        }
    }
    for group in super::records::unique_groups(new).iter().filter(|group| group.contains(&now.slug)) {
        let found = conversion::staged_same(tx, old, &now.slug, group, EXAMPLES_MAX)?;
        if let Some(problem) = same(old, group, &found) {
            return Err(Error::invalid(problem));
        }
    }
    Ok(())
}
