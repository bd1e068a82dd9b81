//! A progress bar on a terminal, nothing when piped.

use crate::model::job::{Progress, Report};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

const TICK: Duration = Duration::from_millis(100);
const MEASURED: &str = "{msg:9} [{bar:30}] {percent:>3}%  {prefix}  {eta} left";
const UNMEASURED: &str = "{msg:9} {spinner} {elapsed}  {prefix}";

#[derive(Clone)]
pub struct Bar(Option<ProgressBar>);

impl Bar {
    pub fn new() -> Self {
        Self(std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            bar.set_style(style(true));
            // A job that tells nothing for a while still moves.
            bar.enable_steady_tick(TICK);
            bar
        }))
    }

    /// Rows so far, rows a second, and by the bytes of the file the time that is left.
    pub fn show(&self, progress: Progress) {
        let Some(bar) = &self.0 else { return };
        let seconds = bar.elapsed().as_secs_f64().max(0.001);
        let rate = progress.rows as f64 / seconds;
        bar.set_style(style(progress.total.is_some()));
        bar.set_message(progress.stage);
        bar.set_prefix(match progress.unit {
            "tables" => format!("{} tables", progress.done),
            _ if progress.rows == 0 => String::new(),
            _ => format!("{} rows, {rate:.0} rows/s", progress.rows),
        });
        bar.set_length(progress.total.unwrap_or_default());
        bar.set_position(progress.done);
    }

    /// Shows what a job tells.
    pub fn report(&self) -> Report {
        let bar = self.clone();
        Arc::new(move |progress| {
            bar.show(progress);
            Ok(())
        })
    }

    pub fn end(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

fn style(is_measured: bool) -> ProgressStyle {
    let form = ProgressStyle::with_template(if is_measured { MEASURED } else { UNMEASURED });
    form.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}
