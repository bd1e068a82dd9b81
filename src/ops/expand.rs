//! Records beside others: what references, sets of them and lines lead to, over several steps. One question for each field of each step, however many
//! records there are; each record is held once.

use super::access;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::Kind;
use crate::model::limits::Limits;
use crate::model::listed::{Beside, Linked, Node};
use crate::model::name::quoted;
use crate::model::principal::{Action, Caller, Scope};
use crate::model::record::{Record, RecordId, RecordRef};
use crate::model::schema::Schema;
use crate::store::engine::ReadTx;
use crate::store::records as rows;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A field that is followed, and what is followed from there.
#[derive(Debug)]
pub struct Branch {
    pub field: String,
    deeper: Vec<Branch>,
}

/// Paths as the tree that they are: a step that several have in common is gone once.
pub fn tree(paths: &[String], limits: &Limits) -> Result<Vec<Branch>> {
    let refused = |message: String| Err(Error::invalid(Problem::of("expand", "too_many", message)));
    if paths.len() > limits.expand_paths_max {
        return refused(format!("At most {} paths can be expanded", limits.expand_paths_max));
    }
    let mut tree = Vec::new();
    for path in paths {
        if path.split('.').count() > limits.expand_levels_max {
            return refused(format!("The path {} has more than {} steps", quoted(path), limits.expand_levels_max));
        }
        grow(&mut tree, path);
    }
    Ok(tree)
}

fn grow(tree: &mut Vec<Branch>, path: &str) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let at = tree.iter().position(|branch| branch.field == first).unwrap_or_else(|| {
        tree.push(Branch { field: first.to_owned(), deeper: Vec::new() });
        tree.len() - 1
    });
    if let (Some(branch), Some(rest)) = (tree.get_mut(at), rest) {
        grow(&mut branch.deeper, rest);
    }
}

/// Who expands, and how much there may still be.
pub struct Expanding<'t, 'c> {
    tx: &'t ReadTx<'c>,
    who: &'t Caller,
    bytes_left: usize,
}

impl<'t, 'c> Expanding<'t, 'c> {
    pub fn new(tx: &'t ReadTx<'c>, who: &'t Caller, limits: &Limits) -> Self {
        Self { tx, who, bytes_left: limits.expand_bytes_max }
    }

    /// What stands beside each of these records, in their order.
    pub fn beside(&mut self, schema: &Schema, records: &[RecordRef<'_>], tree: &[Branch]) -> Result<Vec<Vec<Beside>>> {
        let (all, weights) = self.found(schema, records, tree)?;
        // Held once, a record is still written for each that leads to it.
        self.take(weights.into_iter().fold(0, usize::saturating_add))?;
        Ok(all)
    }

    /// The same, with how long each would be when it is written.
    fn found(&mut self, schema: &Schema, records: &[RecordRef<'_>], tree: &[Branch]) -> Result<(Vec<Vec<Beside>>, Vec<usize>)> {
        let mut all: Vec<Vec<Beside>> = records.iter().map(|_| Vec::with_capacity(tree.len())).collect();
        let mut weights = vec![0; records.len()];
        if tree.is_empty() {
            return Ok((all, weights));
        }
        if schema.field("expand").is_some() {
            let message = format!("Table '{}' has a field of the name expand, which is where expanded records would stand", schema.slug);
            return Err(Error::invalid(Problem::of("expand", "taken", message).hint("Give the field another name")));
        }
        let fields: Vec<&str> = tree.iter().map(|branch| branch.field.as_str()).collect();
        let values = records.iter().map(|record| rows::some_values_of(record.data, &fields)).collect::<Result<Vec<_>>>()?;
        for branch in tree {
            let (target, is_one) = self.target(schema, &branch.field)?;
            let led: Vec<Vec<RecordId>> = values.iter().map(|values| ids(values.get(&branch.field))).collect();
            let nodes = self.nodes(&target, led.iter().flatten().copied().collect(), &branch.deeper)?;
            for ((led, beside), weight) in led.iter().zip(&mut all).zip(&mut weights) {
                let found: Vec<_> = led.iter().filter_map(|id| nodes.get(id)).collect();
                *weight = found.iter().fold(*weight, |sum, (_, bytes)| sum.saturating_add(*bytes));
                let mut nodes = found.into_iter().map(|(node, _)| node.clone());
                let linked = if is_one { Linked::One(nodes.next()) } else { Linked::Many(nodes.collect()) };
                beside.push(Beside { field: branch.field.clone(), linked });
            }
        }
        Ok((all, weights))
    }

    /// Records of a scope with what they lead to, and how long each is with all of that.
    fn nodes(&mut self, scope: &Scope, ids: BTreeSet<RecordId>, tree: &[Branch]) -> Result<HashMap<RecordId, (Arc<Node>, usize)>> {
        let ids: Vec<RecordId> = ids.into_iter().collect();
        let mut records: Vec<Record> = Vec::new();
        rows::by_ids(self.tx, &scope.seen, None, &scope.rows, &ids, &mut |record| {
            self.take(record.data.len())?;
            records.push(record.to_record());
            Ok(())
        })?;
        let seen: Vec<RecordRef<'_>> = records.iter().map(Record::as_ref).collect();
        let (beside, weights) = self.found(&scope.seen, &seen, tree)?;
        let node = |((record, beside), weight): ((Record, Vec<Beside>), usize)| {
            let bytes = weight.saturating_add(record.data.len() + 100);
            (record.id, (Arc::new(Node { record, beside }), bytes))
        };
        Ok(records.into_iter().zip(beside).zip(weights).map(node).collect())
    }

    /// What the caller may read of where a field leads, and whether it leads to one record at most.
    fn target(&self, schema: &Schema, field: &str) -> Result<(Scope, bool)> {
        let Some(found) = schema.field(field) else {
            let problem = Problem::of("expand", "unknown_field", format!("Table '{}' has no field {}", schema.slug, quoted(field)));
            let leading = schema.fields.iter().filter(|field| leads(field.kind)).map(|field| field.slug.as_str());
            return Err(Error::invalid(problem.did_you_mean(field, leading)));
        };
        let target = self.tx.catalog().target(schema, found).filter(|_| leads(found.kind));
        let target = target.and_then(|target| access::scope_of(self.tx.catalog(), self.who, &target, Action::Read));
        let target = target.ok_or_else(|| {
            let problem = Problem::of("expand", "type", format!("Field '{field}' leads to no other record that you may read"));
            Error::invalid(problem.hint("References, sets of them and lines can be expanded"))
        })?;
        Ok((target, found.kind == Kind::Reference))
    }

    fn take(&mut self, bytes: usize) -> Result<()> {
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or_else(|| {
            let problem = Problem::of("expand", "too_large", "What is to be expanded is too much for one answer");
            Error::invalid(problem.hint("Ask for fewer records, or for fewer paths"))
        })?;
        Ok(())
    }
}

/// Whether a field of this kind refers to records.
pub fn leads(kind: Kind) -> bool {
    matches!(kind, Kind::Reference | Kind::Links | Kind::Lines)
}

/// The records that a value refers to, in its order.
pub fn ids(value: Option<&Value>) -> Vec<RecordId> {
    let values = value.into_iter().flat_map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
    values.filter_map(Value::as_str).filter_map(RecordId::parse).collect()
}

#[cfg(test)]
mod tests {
    use crate::model::job::{Job, unwatched};
    use crate::model::limits::Limits;
    use crate::model::listed::Row;
    use crate::model::principal::{Caller, Principal};
    use crate::model::query::{Query, Window};
    use crate::ops::ctx::{Ctx, stopped_clock};
    use crate::ops::{jobs, lists, sessions};
    use crate::store::engine::{Durability, Opening, Store};
    use serde_json::{Value, json};
    use std::sync::Arc;

    const OWNER: Caller = Caller { principal: Principal::Control, door: "test", token: None, tab: None };

    /// A table whose records lead to each other by a reference, a set of them and lines.
    fn ring(records: usize) -> (Arc<Ctx>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let limits = Limits::default();
        let how = Opening {
            durability: Durability::Relaxed,
            readers: 1,
            limits: limits.clone(),
            clock: stopped_clock(1_736_937_000),
            fault: None,
        };
        let Ok(store) = Store::open(&folder.path().join("test.db"), &how) else { panic!("the store does not open") };
        let ctx = Arc::new(Ctx::new(store, Arc::new(|bytes| bytes.fill(7)), limits, sessions::no_control()));
        let link = |at: usize| json!({"$ref": format!("r{}", at % records)});
        let record = |at| json!({"$ref": format!("r{at}"), "one": link(at + 1), "many": [link(at + 1), link(at + 2), link(at + 3)]});
        let file = json!({"carryall": 1, "app": {"slug": "rings"}, "schemas": [{"slug": "t", "fields": [
            {"slug": "one", "type": "reference", "target": "t"}, {"slug": "many", "type": "references", "target": "t"},
            {"slug": "back", "type": "lines", "target": "t", "via": "one"}]}],
            "records": {"t": (0..records).map(record).collect::<Vec<Value>>()}});
        jobs::run(&ctx, &OWNER, &Job::Apply { text: file.to_string(), dry_run: false, prune: false }, &unwatched()).unwrap();
        (ctx, folder)
    }

    #[test]
    fn every_step_is_one_question_however_many_records_there_are() {
        for records in [4, 200] {
            let (ctx, _folder) = ring(records);
            let statements = |paths: &[&str]| {
                let expand = paths.iter().map(|path| (*path).to_owned()).collect();
                let query = Query { window: Window { offset: 0, limit: 100 }, expand, ..Query::default() };
                ctx.read(|tx| {
                    Ok(tx.statements_of(|| {
                        let mut rows = 0;
                        let show = &mut |_: &Row<'_>| {
                            rows += 1;
                            Ok(())
                        };
                        lists::list(tx, &OWNER, ["rings", "t"], &query, &ctx.limits, &|_| false, show).unwrap();
                        assert_eq!(rows, records.min(100));
                    }))
                })
                .unwrap()
            };
            let plain = statements(&[]);
            for (paths, steps) in [
                (&["one"][..], 1),
                (&["one.one.one.one.one.one"], 6),
                (&["many.back.one.many.back.one"], 6),
                // A step that two paths have in common is gone once.
                (&["one.many", "one.back", "many"], 4),
            ] {
                let asked = statements(paths);
                assert!(asked <= plain + steps, "{records} records, {paths:?}: {asked} statements, {plain} without");
            }
        }
    }
}
