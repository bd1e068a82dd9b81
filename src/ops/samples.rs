//! Apps that come with the program: the samples, and an empty one to begin with. What they are is in app files, which the executable brings along.

use super::access::may;
use super::apply;
use super::apps;
use super::ctx::Ctx;
use crate::model::app::App;
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use crate::model::principal::{Action, Caller};
use crate::store::engine::WriteTx;
use std::sync::Arc;

/// The text of an app file that the executable brings along.
pub type Samples = fn(&str) -> Option<&'static str>;

/// The samples. Each is called as the app that it makes.
pub const NAMES: [&str; 4] = ["crm", "inventory", "projects", "events"];
/// An app with one table and nothing in it, for those who begin from nothing.
pub const EMPTY: &str = "my-app";

/// Makes the app of a sample, with its records. An entry: it opens the transaction.
///
/// # Errors
/// `Conflict` when there is an app of that name: what somebody made of it is not touched.
pub fn make(ctx: &Ctx, who: &Caller, name: &str) -> Result<Arc<App>> {
    may(who, Action::Manage)?;
    let known = || NAMES.into_iter().chain([EMPTY]);
    let missing = || {
        let all = known().collect::<Vec<_>>().join(", ");
        let problem = Problem::new("not_found", format!("There is no sample {}; there are {all}", quoted(name)));
        Error::NotFound(problem.did_you_mean(name, known()))
    };
    let text = known().find(|sample| *sample == name).and_then(ctx.samples).ok_or_else(missing)?;
    let ready = apply::prepare(ctx, who, text)?;
    let (me, slug) = (who.clone(), name.to_owned());
    ctx.store.write_alone(move |tx: &mut WriteTx<'_>| {
        if tx.catalog().app(&slug).is_ok() {
            return Err(Error::Conflict(Problem::new("conflict", format!("There is an app '{slug}' already"))));
        }
        apply::apply(tx, &me, &ready, false)
    })?;
    ctx.read(|tx| apps::read(tx, who, name))
}
