//! Numbers over many records: counts, sums, averages by groups, in stages of which each goes on with what the one before left. A pipeline is made here of
//! what was asked by name, within what the caller may list; the store takes nothing else.

use super::access;
use super::filter::{Asking, Reader, of_parameter, read};
use super::plan::narrowed;
use super::views;
use crate::expr::{parse, parse_list};
use crate::field;
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::expr::{NUMBER_OF, Node, Operator, Term};
use crate::model::field::{Field, Kind};
use crate::model::formula::{Computation, Digits, Formula};
use crate::model::limits::Limits;
use crate::model::name::quoted;
use crate::model::pipeline::{Asked, AskedValue, AskedWhat, Column, Gathered, How, Made, Pipeline, SortKey, Stage};
use crate::model::principal::{Action, Caller};
use crate::model::query::Sort;
use crate::model::record::RecordId;
use crate::model::schema::{Schema, SchemaId};
use crate::store::engine::ReadTx;
use crate::store::numbers;
use serde_json::Value;
use std::collections::HashSet;

type Found<T> = std::result::Result<T, Problem>;

/// Names of columns, and how each row is shown.
pub type Show<'s> = dyn FnMut(&[Column], &[Value]) -> Result<()> + 's;

/// Every row of a report goes to `show`. Whether there would have been more.
pub fn report(
    tx: &ReadTx<'_>,
    who: &Caller,
    [app, schema]: [&str; 2],
    asked: &Asked,
    limits: &Limits,
    show: &mut Show<'_>,
) -> Result<bool> {
    let scope = access::scope(tx.catalog(), who, app, schema, Action::List)?;
    let asking = Asking::of(tx, who);
    let of_view = views::filtered(tx, who, &scope, asked.view.as_deref(), &asked.filter)?;
    let mut filter = narrowed(&asking, &scope, &of_view, limits)?;
    let mut stages = asked.stages.iter().peekable();
    // What comes before anything is made of the records is found by their indexes.
    while let Some(stage) = stages.peek() {
        let AskedWhat::Match(text) = &stage.what else { break };
        filter = filter.and(read(&asking, &scope, text).map_err(|error| at_place(error, &stage.place))?);
        stages.next();
    }
    let (reader, catalog) = (Reader::new(&asking, &scope), tx.catalog());
    let mut maker = Maker { reader, catalog, columns: None, stages: Vec::new(), made: 0, blamed: None, limits };
    for stage in stages {
        let made = maker.stage(&stage.what);
        of_parameter(maker.blamed.as_deref().unwrap_or(&stage.place), made)?;
    }
    let columns = maker.columns.ok_or_else(|| {
        let problem = Problem::of("pipeline", "empty", "A report makes something of the records: it has a group or a project stage");
        Error::invalid(problem.hint("{\"group\": {\"by\": [\"status\"], \"values\": {\"n\": \"count()\"}}}"))
    })?;
    let pipeline = Pipeline { schema: scope.seen.clone(), filter, stages: maker.stages, columns, limit: asked.limit };
    numbers::each(tx, &pipeline, &mut |row| show(&pipeline.columns, row))
}

fn at_place(error: Error, place: &str) -> Error {
    match error {
        Error::Invalid(problems) => {
            Error::Invalid(problems.into_iter().map(|problem| Problem { field: Some(place.to_owned()), ..problem }).collect())
        }
        other => other,
    }
}

/// Makes stages one after the other.
struct Maker<'m> {
    reader: Reader<'m>,
    catalog: &'m Catalog,
    /// Of the rows so far; `None` while they are records.
    columns: Option<Vec<Column>>,
    stages: Vec<Stage>,
    /// Columns that were made.
    made: usize,
    /// The parameter that a refusal is about, when it is not that of the whole stage.
    blamed: Option<String>,
    limits: &'m Limits,
}

impl Maker<'_> {
    fn stage(&mut self, what: &AskedWhat) -> Found<()> {
        if self.stages.len() == self.limits.report_stages_max {
            return Err(Problem::new("too_many", format!("A report has at most {} stages", self.limits.report_stages_max)));
        }
        let stage = match what {
            AskedWhat::Group { keys, values } => self.group(keys, values)?,
            AskedWhat::Project(columns) => {
                let (columns, made) = self.all(columns)?;
                self.check(&columns)?;
                self.columns = Some(columns);
                Stage::Project(made)
            }
            AskedWhat::Match(text) => {
                let term = parse(text)?;
                match self.value(&term)?.0 {
                    condition if condition.kind == Kind::Boolean => Stage::Match(condition),
                    _ => return Err(Problem::new("formula", "A condition that is true or false is wanted here").at(term.at)),
                }
            }
            AskedWhat::Sort(keys) => Stage::Sort(keys.iter().map(|key| self.sort_key(key)).collect::<Found<_>>()?),
            AskedWhat::Limit(rows) => self.after_columns(Stage::Limit(*rows))?,
            AskedWhat::Skip(rows) => self.after_columns(Stage::Skip(*rows))?,
            AskedWhat::Lookup { from, key, columns } => self.lookup(from, key, columns)?,
        };
        self.stages.push(stage);
        Ok(())
    }

    fn group(&mut self, keys: &[(String, String)], values: &[AskedValue]) -> Found<Stage> {
        let (mut columns, keys) = self.all(keys)?;
        let mut all = Vec::new();
        for value in values {
            let (column, gathered) = self.gathered(&value.name, &value.text).map_err(|problem| self.blame(value, problem))?;
            columns.push(column);
            all.push(gathered);
        }
        self.check(&columns)?;
        self.columns = Some(columns);
        Ok(Stage::Group { keys, values: all })
    }

    /// A refusal of a value, at its byte in the parameter by which it was asked for.
    fn blame(&mut self, value: &AskedValue, problem: Problem) -> Problem {
        let Some((parameter, further)) = &value.asked_by else { return problem };
        self.blamed = Some(parameter.clone());
        let position = problem.position.map(|at| at.saturating_add_signed(*further));
        Problem { position, ..problem }
    }

    /// `sum(amount)`, `count()`
    fn gathered(&mut self, name: &str, text: &str) -> Found<(Column, Gathered)> {
        let term = parse(text)?;
        let known: Vec<&str> = How::ALL.iter().map(|(name, _)| *name).collect();
        let form = || Problem::new("formula", format!("{} is not made of many rows", quoted(text))).at(term.at);
        let Node::Call(function, terms) = &term.node else { return Err(form().hint("sum(amount), avg(price), count()")) };
        let Some((_, how)) = How::ALL.into_iter().find(|(known, _)| known == function) else {
            let problem = form().did_you_mean(function, known.iter().copied());
            return Err(if problem.hint.is_some() { problem } else { problem.hint(known.join(", ")) });
        };
        let (of, kind, digits) = match (how, terms.as_slice()) {
            (How::Count, []) => (None, Kind::Integer, Some(Digits::Whole)),
            (How::Count, _) => {
                return Err(Problem::new("formula", "count() counts rows").at(term.at).hint("count_distinct(email) counts values"));
            }
            (_, [one]) => {
                let (of, digits) = self.value(one)?;
                let is_number = digits.is_some();
                let (kind, digits) = match how {
                    How::Sum | How::Avg if !is_number => {
                        return Err(Problem::new("formula", format!("{function} takes numbers")).at(one.at));
                    }
                    How::Sum => (of.kind, digits),
                    How::Avg => (Kind::Decimal, digits),
                    How::CountDistinct => (Kind::Integer, Some(Digits::Whole)),
                    How::Min | How::Max | How::Count => (of.kind, digits),
                };
                (Some(of), kind, digits)
            }
            _ => {
                return Err(Problem::new("formula", format!("{function} takes one value")).at(term.at).hint(format!("{function}(amount)")));
            }
        };
        let ident = self.ident();
        let shown = if how == How::Avg { Some(Digits::Loose) } else { digits };
        let has_ids = matches!(how, How::Min | How::Max) && of.as_ref().is_some_and(|of| self.gives_ids(of.schema, &of.formula));
        let column = Column { name: name.to_owned(), ident: ident.clone(), kind, digits: shown, has_ids };
        Ok((column, Gathered { ident, how, of, digits: digits.unwrap_or(Digits::Loose), has_ids }))
    }

    fn lookup(&mut self, from: &str, key: &str, columns: &[(String, String)]) -> Found<Stage> {
        let there = self.reader.open(from)?;
        let key = self.column(key)?.ident.clone();
        let mut made = Vec::new();
        let mut all = self.columns.clone().unwrap_or_default();
        for (name, text) in columns {
            let (value, digits) = self.reader.reported_in(&there, &parse(text)?)?;
            let ident = self.ident();
            let has_ids = gives_ids(self.catalog, there.id, &value.formula);
            all.push(Column { name: name.clone(), ident: ident.clone(), kind: value.kind, digits, has_ids });
            made.push(Made { ident, value });
        }
        self.check(&all)?;
        self.columns = Some(all);
        Ok(Stage::Lookup { from: there.id, key, columns: made })
    }

    /// Columns of names and expressions.
    fn all(&mut self, asked: &[(String, String)]) -> Found<(Vec<Column>, Vec<Made>)> {
        let (mut columns, mut all) = (Vec::new(), Vec::new());
        for (name, text) in asked {
            let (value, digits) = self.value(&parse(text)?)?;
            let ident = self.ident();
            let has_ids = self.gives_ids(value.schema, &value.formula);
            columns.push(Column { name: name.clone(), ident: ident.clone(), kind: value.kind, digits, has_ids });
            all.push(Made { ident, value });
        }
        Ok((columns, all))
    }

    fn check(&self, columns: &[Column]) -> Found<()> {
        let mut seen = HashSet::new();
        if let Some(twice) = columns.iter().find(|column| !seen.insert(column.name.as_str())) {
            return Err(Problem::new("twice", format!("Two columns would have the name {}", quoted(&twice.name))));
        }
        match columns.len() {
            0 => Err(Problem::new("empty", "A stage that makes no columns leaves nothing")),
            many if many > self.limits.report_columns_max => {
                Err(Problem::new("too_many", format!("A stage makes at most {} columns", self.limits.report_columns_max)))
            }
            _ => Ok(()),
        }
    }

    /// Whether an expression gives ids of records.
    fn gives_ids(&self, schema: SchemaId, formula: &Formula) -> bool {
        match (&self.columns, formula) {
            (Some(columns), Formula::Field { slug }) => columns.iter().any(|column| column.ident == *slug && column.has_ids),
            _ => gives_ids(self.catalog, schema, formula),
        }
    }

    fn ident(&mut self) -> String {
        self.made += 1;
        format!("c{}", self.made)
    }

    /// What an expression means of a row as it is now.
    fn value(&self, term: &Term) -> Found<(Computation, Option<Digits>)> {
        match &self.columns {
            None => self.reader.reported(term),
            Some(columns) => {
                let (schema, term) = (schema_of(columns, self.reader.schema), self.renamed(term)?);
                self.reader.reported_of(&schema, &term)
            }
        }
    }

    /// With columns by the names that SQL has for them: a part that is written like a column is that column.
    fn renamed(&self, term: &Term) -> Found<Term> {
        let one = |term: &Term| self.renamed(term).map(Box::new);
        let all = |terms: &[Term]| terms.iter().map(|term| self.renamed(term)).collect::<Found<Vec<_>>>();
        let node = match &term.node {
            _ if self.has(&term.to_string()) => Node::Path(vec![self.column(&term.to_string())?.ident.clone()]),
            Node::Path(names) => return Err(self.no_column(&names.join(".")).at(term.at)),
            Node::Not(inner) => Node::Not(one(inner)?),
            Node::Negate(inner) => Node::Negate(one(inner)?),
            Node::Binary(operator @ (Operator::Eq | Operator::Ne), left, right) if self.is_of_ids(left) => {
                Node::Binary(*operator, one(left)?, Box::new(self.renamed(&id_of(right))?))
            }
            Node::Binary(operator @ (Operator::Gt | Operator::Gte | Operator::Lt | Operator::Lte), left, right) if self.is_of_ids(left) => {
                Node::Binary(*operator, Box::new(number_of(self.renamed(left)?)), Box::new(self.number_in(right)?))
            }
            Node::Between(value, least, most) if self.is_of_ids(value) => {
                let bounds = [self.number_in(least)?, self.number_in(most)?].map(Box::new);
                let [least, most] = bounds;
                Node::Between(Box::new(number_of(self.renamed(value)?)), least, most)
            }
            Node::Binary(operator, left, right) => Node::Binary(*operator, one(left)?, one(right)?),
            Node::Any(operator, left, right) => Node::Any(*operator, one(left)?, one(right)?),
            Node::In(value, terms) => Node::In(one(value)?, all(terms)?),
            Node::Between(value, least, most) => Node::Between(one(value)?, one(least)?, one(most)?),
            Node::Call(name, terms) => Node::Call(name.clone(), all(terms)?),
            other => other.clone(),
        };
        Ok(Term { at: term.at, node })
    }

    fn has(&self, name: &str) -> bool {
        self.columns.iter().flatten().any(|column| column.name == name)
    }

    fn is_of_ids(&self, term: &Term) -> bool {
        let name = term.to_string();
        self.columns.iter().flatten().any(|column| column.has_ids && column.name == name)
    }

    /// What an id is compared with, by its number: another id, or what stands for one.
    fn number_in(&self, term: &Term) -> Found<Term> {
        let number = |node: &Node| match node {
            Node::Number(digits) => Some(digits.clone()),
            Node::Text(text) => RecordId::parse(text).map(|id| id.0.to_string()),
            _ => None,
        };
        if self.is_of_ids(term) {
            return Ok(number_of(self.renamed(term)?));
        }
        match &term.node {
            Node::Negate(inner) if number(&inner.node).is_some() => Ok(term.clone()),
            node => {
                let digits = number(node).ok_or_else(|| {
                    let message = format!("Ids are compared with ids, by their numbers, and {term} is none");
                    Problem::new("formula", message).at(term.at).hint("The number of a record will do, such as 5")
                })?;
                Ok(Term { at: term.at, node: Node::Number(digits) })
            }
        }
    }

    /// A column by its name.
    fn column(&self, name: &str) -> Found<&Column> {
        self.columns.iter().flatten().find(|column| column.name == name).ok_or_else(|| self.no_column(name))
    }

    fn no_column(&self, name: &str) -> Problem {
        let Some(columns) = &self.columns else {
            let problem = Problem::new("formula", "There are no columns yet: a group or a project makes them");
            return problem.hint("Sorting, cutting and looking up come after it");
        };
        let known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let problem = Problem::new("formula", format!("There is no column {} here", quoted(name)));
        let near = problem.clone().did_you_mean(name, known.iter().copied());
        if near.hint.is_some() { near } else { problem.hint(format!("Columns are: {}", known.join(", "))) }
    }

    fn sort_key(&self, key: &Sort) -> Found<SortKey> {
        let column = self.column(&key.field)?;
        Ok(SortKey { ident: column.ident.clone(), descending: key.descending, has_ids: column.has_ids })
    }

    fn after_columns(&self, stage: Stage) -> Found<Stage> {
        if self.columns.is_some() { Ok(stage) } else { Err(self.no_column("")) }
    }
}

/// A literal as the id that it is: `5` and `'5'` are `'rec_5'`, as they are where records are asked.
fn id_of(term: &Term) -> Term {
    let id = match &term.node {
        Node::Number(text) | Node::Text(text) => RecordId::parse(text),
        _ => None,
    };
    id.map_or_else(|| term.clone(), |id| Term { at: term.at, node: Node::Text(id.text()) })
}

/// The number in an id.
fn number_of(id: Term) -> Term {
    Term { at: id.at, node: Node::Call(NUMBER_OF.to_owned(), vec![id]) }
}

/// Whether an expression over the records of a schema gives ids of records.
fn gives_ids(catalog: &Catalog, schema: SchemaId, formula: &Formula) -> bool {
    match formula {
        Formula::Id => true,
        Formula::Field { slug } => {
            let schema = catalog.schema_by_id(schema);
            schema.is_some_and(|schema| schema.field(slug).is_some_and(|field| field.kind == Kind::Reference))
        }
        Formula::Lookup { schema, of, .. } => gives_ids(catalog, *schema, of),
        _ => false,
    }
}

/// The expressions of a list: each in the form in which it is the name of a column, and the byte at which it begins.
pub fn listed(text: &str) -> Found<Vec<(String, usize)>> {
    Ok(parse_list(text)?.iter().map(|term| (term.to_string(), term.begin())).collect())
}

/// Columns as the fields of a schema, by which expressions find them.
fn schema_of(columns: &[Column], like: &Schema) -> Schema {
    let field = |column: &Column| {
        let type_ = field::find(column.kind.name()).unwrap_or(field::FIELD_TYPES[0]);
        let mut field = Field { kind: column.kind, ..Field::plain(&column.ident, type_) };
        field.rules.scale = match column.digits {
            Some(Digits::Fixed(scale)) => Some(scale),
            _ => None,
        };
        field
    };
    Schema { id: SchemaId(0), slug: String::new(), fields: columns.iter().map(field).collect(), ..like.clone() }
}
