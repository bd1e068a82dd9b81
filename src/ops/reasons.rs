//! Why somebody may do something, or may not: the role and the rule that decide, and the scope that follows. For admins, and for everybody about themselves.

use super::access::{self, Standing};
use super::roles::find_user;
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::formula::Need;
use crate::model::name::quoted;
use crate::model::plan::Cond;
use crate::model::principal::{Action, Caller, Principal};
use crate::model::record::RecordId;
use crate::model::role::{Allowed, GUEST, Rule};
use crate::model::schema::Schema;
use crate::store::engine::ReadTx;
use crate::store::records as rows;

/// What is asked: all by name.
pub struct Question<'q> {
    /// `None` for oneself.
    pub user: Option<&'q str>,
    pub app: &'q str,
    pub schema: &'q str,
    pub action: &'q str,
    pub record: Option<&'q str>,
}

pub struct Reason {
    /// Whose rights these are.
    pub user: String,
    /// The role that decides; none without any.
    pub role: Option<String>,
    pub action: Action,
    pub is_allowed: bool,
    /// The rule, where there is one that may be told.
    pub rule: Option<String>,
    /// A sentence.
    pub why: String,
    /// Slugs of fields that exist for them, and of those of them that they may write.
    pub readable: Vec<String>,
    pub writable: Vec<String>,
    /// Whether the action may be done on the record that was asked about.
    pub record: Option<bool>,
}

pub fn explain(tx: &ReadTx<'_>, who: &Caller, asked: &Question<'_>) -> Result<Reason> {
    access::may(who, Action::Read)?;
    let catalog = tx.catalog();
    let about = match asked.user {
        None => who.clone(),
        Some(named) => {
            let is_oneself =
                matches!(&who.principal, Principal::User(me) if me.email.eq_ignore_ascii_case(named) || me.id.0.to_string() == named);
            if !is_oneself {
                access::may(who, Action::Manage)?;
            }
            if is_oneself { who.clone() } else { access::as_user(&find_user(tx, named)?.user) }
        }
    };
    // Whoever asks must know the table: of those that are not there for them they learn nothing.
    let schema = access::schema(catalog, who, asked.app, asked.schema)?;
    let action = Action::from_name(asked.action).filter(|action| *action != Action::Manage).ok_or_else(|| {
        let problem = Problem::of("action", "unknown_action", format!("There is no action {}", quoted(asked.action)));
        Error::invalid(problem.did_you_mean(asked.action, Action::OF_RECORDS.into_iter().map(Action::name)))
    })?;
    let standing = access::standing(catalog, &about.principal, schema.app);
    let allowed = standing.allowed(schema.id, action);
    let scope = access::scope_of(catalog, &about, &schema, action);
    let record = match (asked.record, &scope) {
        (None, _) => None,
        (Some(_), None) => Some(false),
        (Some(id), Some(scope)) => {
            let among: Cond = scope.rows.clone().and(scope.acts.clone());
            let found = RecordId::parse(id).map(|id| rows::is_among(tx, &schema, &among, id)).transpose()?;
            Some(found.unwrap_or_default())
        }
    };
    let sight = access::sight(catalog, &about, &schema);
    let is_known = access::knows(catalog, &about, &schema);
    let readable: Vec<String> = sight.schema.fields.iter().filter(|_| is_known).map(|field| field.slug.clone()).collect();
    let is_writable = |slug: &&String| {
        let is_given = sight.schema.field(slug).is_some_and(|field| field.is_given());
        !is_given && !sight.read_only.contains(slug)
    };
    let user = about.principal.label();
    let rule = if let Allowed::Where(rule) = allowed { told(catalog, who, &schema, rule) } else { None };
    Ok(Reason {
        why: sentence(&user, standing, &schema.slug, action, (allowed, rule.as_deref()), scope.is_some()),
        user,
        role: standing.slug().map(str::to_owned),
        action,
        is_allowed: scope.is_some(),
        rule,
        writable: readable.iter().filter(is_writable).cloned().collect(),
        readable,
        record,
    })
}

/// The text of a rule, for whoever changes rules here, or is let see all that it is made of: a field that does not exist for somebody has no name either.
fn told(catalog: &Catalog, who: &Caller, schema: &Schema, rule: &Rule) -> Option<String> {
    let mut sees = true;
    if !access::manages(catalog, who, schema.app) {
        rule.meaning.as_ref()?.needs(&mut |need| {
            let (Need::Field(of, _) | Need::Records(of)) = need;
            let there = catalog.schema_by_id(of).filter(|there| access::knows(catalog, who, there));
            sees &= match (there, need) {
                (None, _) => false,
                (Some(_), Need::Records(_)) => true,
                // What is no field of anybody's is a stamp.
                (Some(there), Need::Field(_, slug)) => {
                    there.field(slug).is_none() || access::sight(catalog, who, &there).schema.field(slug).is_some()
                }
            };
        });
    }
    sees.then(|| rule.text.clone())
}

/// `rule` is what may be told of the rule.
fn sentence(
    user: &str,
    standing: Standing<'_>,
    schema: &str,
    action: Action,
    (allowed, rule): (&Allowed, Option<&str>),
    is_let_through: bool,
) -> String {
    let what = format!("{} records of '{schema}'", action.name());
    let role = match standing {
        Standing::Nobody => return format!("{user} has no role in this app, and guests have none: they may not {what}"),
        Standing::Owner => format!("{user} is an owner here, or an admin"),
        Standing::Own(role) if role.slug == GUEST => format!("{user} has what guests have, the role '{GUEST}'"),
        _ => format!("{user} has the role '{}'", standing.slug().unwrap_or_default()),
    };
    match allowed {
        Allowed::None => format!("{role}, which does not let them {what}"),
        _ if !is_let_through => format!("{role}, but they come by a token that does not let them {what}"),
        Allowed::All => format!("{role}: they may {what}"),
        Allowed::Where(_) => match rule {
            Some(rule) => format!("{role}: they may {what} where {rule}"),
            None => format!("{role}: they may {what} where a rule lets them that asks for what is not there for them"),
        },
    }
}
