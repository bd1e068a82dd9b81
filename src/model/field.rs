//! What a field is, and the contract that every field type in `field/` fulfils.

use super::error::Problem;
use super::formula::Computation;
use super::name::{label_from, quoted};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Whole numbers are exact in every reader of JSON up to here, and down to the same below zero.
pub const EXACT_INTEGER_MAX: i64 = 9_007_199_254_740_991;

/// How a value is stored, compared and bound: closed on purpose. Store and dialects know kinds; the set of types may grow without them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    Decimal,
    Boolean,
    /// `YYYY-MM-DD`.
    Date,
    /// RFC 3339 in UTC with `Z`.
    Datetime,
    /// `rec_5`, the id of a record of the target schema.
    Reference,
    /// Any JSON.
    Json,
    /// An array of texts, each once.
    Set,
    /// An array of ids, `rec_5`, of records of the target schema, each once.
    Links,
    /// The number of somebody who may sign in.
    User,
    /// A whole number that new records get by themselves.
    Sequence,
    /// Ids of the records that point here. Nothing is stored.
    Lines,
}

/// What happens to a record when the one it refers to goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDelete {
    #[default]
    SetNull,
    Restrict,
    Cascade,
}

/// One value of a select. `id` is unique in its app and never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub id: i64,
    pub value: String,
    pub label: String,
    pub color: Option<String>,
}

/// What a type may be told about one field. Which of them a type takes is `FieldType::rules`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rules {
    /// In characters.
    pub max_length: Option<u64>,
    pub min: Option<Value>,
    pub max: Option<Value>,
    /// Significant digits.
    pub precision: Option<u64>,
    /// Digits after the point.
    pub scale: Option<u64>,
    pub choices: Vec<Choice>,
    /// Slug of the schema that a reference points to; in the same app.
    pub target: Option<String>,
    /// Name under which the target lists the records that point to it.
    pub inverse: Option<String>,
    pub on_delete: OnDelete,
    /// Field of the target that points back here.
    pub via: Option<String>,
    /// What a whole text must match.
    pub pattern: Option<String>,
    /// Of money, three capital letters.
    pub currency: Option<String>,
    /// The text of an expression whose value this field has.
    pub formula: Option<String>,
    /// The keys of each object in an array.
    pub items: Vec<Field>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub slug: String,
    pub name: String,
    /// Heading in the file that the field was made from, when it is not the slug: exports use it again.
    pub header: Option<String>,
    /// Name of the type in `field::FIELD_TYPES`.
    pub type_name: String,
    pub kind: Kind,
    pub required: bool,
    pub unique: bool,
    pub indexed: bool,
    /// Canonical; `Null` when there is none.
    pub default: Value,
    pub rules: Rules,
    /// Place among the fields as people see them; that of the stored JSON is the order of creation.
    pub rank: i64,
    /// Of a computed field whose expression could be read.
    pub formula: Option<Arc<Computation>>,
}

/// What a modifier does with a stored value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Add,
    Remove,
}

/// Why a value was refused: the rule's name and a sentence without the field's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: &'static str,
    /// Reads on from `Field 'x' …`.
    pub message: String,
    pub hint: Option<String>,
}

impl Refusal {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// As the problem of a field.
    pub fn of(self, slug: &str) -> Problem {
        Problem { hint: self.hint, ..Problem::of(slug, self.code, format!("Field '{slug}' {}", self.message)) }
    }
}

/// One field type. `null` never reaches these functions: it means "no value" for all types alike.
pub trait FieldType: Sync {
    /// Its word in app files and answers.
    fn name(&self) -> &'static str;

    fn kind(&self) -> Kind;

    /// Names of the rules it takes.
    fn rules(&self) -> &'static [&'static str] {
        &[]
    }

    /// What the type itself says where nothing else is said.
    fn settle_rules(&self, _rules: &mut Rules) {}

    /// Whether the rules make sense together.
    fn check_rules(&self, _rules: &Rules) -> Result<(), Refusal> {
        Ok(())
    }

    /// JSON as sent to JSON as stored.
    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal>;

    /// Text (a query string, a value that becomes another type) to JSON as stored.
    fn read_text(&self, field: &Field, text: &str) -> Result<Value, Refusal> {
        self.clean(field, &Value::String(text.to_owned()))
    }

    /// JSON as stored to text.
    fn write_text(&self, _field: &Field, value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }

    /// A stored value, `null` for none, and what is added to it or taken away; what may be stored is asked of the result. For kinds that take steps.
    fn step(&self, _field: &Field, _now: &Value, _step: Step, _amount: &Value) -> Result<Value, Refusal> {
        Err(Refusal::new("modifier", "holds nothing that something can be added to"))
    }

    /// The text of a cell in a file to JSON as stored.
    fn read_cell(&self, field: &Field, text: &str) -> Result<Value, Refusal> {
        self.read_text(field, text)
    }

    /// JSON as stored to the text of a cell, of which `read_cell` makes the same again.
    fn write_cell(&self, field: &Field, value: &Value) -> String {
        self.write_text(field, value)
    }
}

/// What a value is called in a refusal: `a number`, `true`, `an object`.
pub fn described(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(bool) => bool.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text {}", quoted(text)),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

impl Field {
    /// A field with nothing but a name and a type.
    pub fn plain(slug: &str, type_: &dyn FieldType) -> Self {
        Self {
            slug: slug.to_owned(),
            name: label_from(slug),
            header: None,
            type_name: type_.name().to_owned(),
            kind: type_.kind(),
            required: false,
            unique: false,
            indexed: false,
            default: Value::Null,
            rules: Rules::default(),
            rank: 0,
            formula: None,
        }
    }

    /// Whether records hold a value of it; of all others it is found out when they are read.
    pub fn is_stored(&self) -> bool {
        self.kind != Kind::Lines && self.rules.formula.is_none()
    }

    /// Whether its value comes from the program: what is sent has no say.
    pub fn is_given(&self) -> bool {
        self.kind == Kind::Sequence || !self.is_stored()
    }

    /// The heading of this field in exported files.
    pub fn heading(&self) -> &str {
        self.header.as_deref().unwrap_or(&self.slug)
    }
}

impl Kind {
    pub const ALL: [Kind; 13] = [
        Kind::Text,
        Kind::Integer,
        Kind::Decimal,
        Kind::Boolean,
        Kind::Date,
        Kind::Datetime,
        Kind::Reference,
        Kind::Json,
        Kind::Set,
        Kind::Links,
        Kind::User,
        Kind::Sequence,
        Kind::Lines,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Integer => "integer",
            Kind::Decimal => "decimal",
            Kind::Boolean => "boolean",
            Kind::Date => "date",
            Kind::Datetime => "datetime",
            Kind::Reference => "reference",
            Kind::Json => "json",
            Kind::Set => "set",
            Kind::Links => "links",
            Kind::User => "user",
            Kind::Sequence => "sequence",
            Kind::Lines => "lines",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether something can be added to a value, and taken away.
    pub fn takes_steps(self) -> bool {
        matches!(self, Kind::Integer | Kind::Decimal) || self.is_set()
    }

    /// Whether a value holds several, which lie in the schema's link table, too.
    pub fn is_set(self) -> bool {
        matches!(self, Kind::Set | Kind::Links)
    }
}

impl OnDelete {
    pub fn name(self) -> &'static str {
        match self {
            OnDelete::SetNull => "set_null",
            OnDelete::Restrict => "restrict",
            OnDelete::Cascade => "cascade",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [OnDelete::SetNull, OnDelete::Restrict, OnDelete::Cascade].into_iter().find(|way| way.name() == name)
    }
}

impl Rules {
    /// The rules that are set, as JSON: the form in which they are stored. `from_json` reads it back.
    pub fn to_json(&self) -> Map<String, Value> {
        let mut map = Map::new();
        let mut put = |key: &str, value: Option<Value>| value.map(|value| map.insert(key.to_owned(), value));
        put("max_length", self.max_length.map(Value::from));
        put("min", self.min.clone());
        put("max", self.max.clone());
        put("precision", self.precision.map(Value::from));
        put("scale", self.scale.map(Value::from));
        put("choices", (!self.choices.is_empty()).then(|| self.choices.iter().map(Choice::to_json).collect()));
        put("target", self.target.clone().map(Value::from));
        put("inverse", self.inverse.clone().map(Value::from));
        put("on_delete", self.target.as_ref().filter(|_| self.via.is_none()).map(|_| Value::from(self.on_delete.name())));
        put("via", self.via.clone().map(Value::from));
        put("pattern", self.pattern.clone().map(Value::from));
        put("currency", self.currency.clone().map(Value::from));
        put("formula", self.formula.clone().map(Value::from));
        put("items", (!self.items.is_empty()).then(|| self.items.iter().map(Field::to_json).collect()));
        map
    }

    /// Reads what `to_json` wrote. Unknown keys are left out: a newer file is refused by its version, not here.
    pub fn from_json(map: &Map<String, Value>) -> Self {
        let text = |key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned);
        let number = |key: &str| map.get(key).and_then(Value::as_u64);
        let choices = map.get("choices").and_then(Value::as_array);
        Self {
            max_length: number("max_length"),
            min: map.get("min").cloned(),
            max: map.get("max").cloned(),
            precision: number("precision"),
            scale: number("scale"),
            choices: choices.map(|choices| choices.iter().filter_map(Choice::from_json).collect()).unwrap_or_default(),
            target: text("target"),
            inverse: text("inverse"),
            on_delete: text("on_delete").and_then(|name| OnDelete::from_name(&name)).unwrap_or_default(),
            via: text("via"),
            pattern: text("pattern"),
            currency: text("currency"),
            formula: text("formula"),
            items: map.get("items").and_then(Value::as_array).into_iter().flatten().filter_map(Field::from_json).collect(),
        }
    }
}

impl Field {
    /// All there is to know of a field, as JSON: the form in which the change log and rules keep it. `from_json` reads it back.
    pub fn to_json(&self) -> Value {
        json!({
            "slug": self.slug, "name": self.name, "header": self.header, "type": self.type_name, "kind": self.kind.name(),
            "required": self.required, "unique": self.unique, "index": self.indexed, "default": self.default, "rank": self.rank,
            "rules": self.rules.to_json(),
        })
    }

    pub fn from_json(value: &Value) -> Option<Self> {
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let flag = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or_default();
        Some(Self {
            slug: text("slug")?,
            name: text("name")?,
            header: text("header"),
            type_name: text("type")?,
            kind: Kind::from_name(&text("kind")?)?,
            required: flag("required"),
            unique: flag("unique"),
            indexed: flag("index"),
            default: value.get("default").cloned().unwrap_or_default(),
            rank: value.get("rank").and_then(Value::as_i64).unwrap_or_default(),
            rules: Rules::from_json(value.get("rules")?.as_object()?),
            formula: None,
        })
    }
}

impl Choice {
    pub fn to_json(&self) -> Value {
        json!({"id": self.id, "value": self.value, "label": self.label, "color": self.color})
    }

    fn from_json(value: &Value) -> Option<Self> {
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self { id: value.get("id")?.as_i64()?, value: text("value")?, label: text("label")?, color: text("color") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Plain;

    impl FieldType for Plain {
        fn name(&self) -> &'static str {
            "plain"
        }

        fn kind(&self) -> Kind {
            Kind::Text
        }

        fn clean(&self, _field: &Field, value: &Value) -> Result<Value, Refusal> {
            Ok(value.clone())
        }
    }

    #[test]
    fn rules_come_back_as_they_were_stored() {
        let rules = Rules {
            max_length: Some(3),
            min: Some(json!(-1.5)),
            max: Some(json!("2024-01-01")),
            precision: Some(15),
            scale: Some(3),
            choices: vec![Choice { id: 7, value: "lead".into(), label: "Lead".into(), color: Some("green".into()) }],
            target: Some("companies".into()),
            inverse: Some("contacts".into()),
            on_delete: OnDelete::Cascade,
            via: None,
            pattern: Some("[a-z]+".into()),
            currency: Some("EUR".into()),
            formula: Some("a + 1".into()),
            items: Vec::new(),
        };
        assert_eq!(Rules::from_json(&rules.to_json()), rules);
        let items = rules.clone();
        let field = Field { rules: items, ..Field::plain("number", &Plain) };
        let nested = Rules { items: vec![field], via: Some("order".into()), target: Some("lines".into()), ..Rules::default() };
        assert_eq!(Rules::from_json(&nested.to_json()), nested);
        assert_eq!(Rules::from_json(&Rules::default().to_json()), Rules::default());
    }
}
