//! The answer of every operation: `{"results": […], "count": n}`, written record by record.

use super::layout::Layout;
use crate::model::error::Result;
use crate::model::record::RecordRef;
use crate::ops::ctx::Ctx;
use crate::wire::paper::Paper;
use rouille::Response;
use std::fmt::Write;

pub struct Results {
    paper: Paper,
    count: i64,
}

impl Results {
    pub fn new(ctx: &Ctx) -> Self {
        let mut paper = Paper::new(ctx.limits.reply_memory_bytes_max);
        paper.text().push_str("{\"results\":[");
        Self { paper, count: 0 }
    }

    /// One more record, with what was made of where it leads.
    pub fn push(&mut self, layout: &Layout, record: RecordRef<'_>, beside: &[Option<&str>]) -> Result<()> {
        layout.show(self.next(), record, beside);
        self.paper.settle()
    }

    /// One more row, which whoever asks writes.
    pub fn row(&mut self, write: impl FnOnce(&mut String)) -> Result<()> {
        write(self.next());
        self.paper.settle()
    }

    pub fn end(self, status: u16) -> Result<Response> {
        self.finish(status, None)
    }

    /// With how many the selection finds, or would find without a window.
    pub fn end_of(self, total: Option<i64>) -> Result<Response> {
        let total = total.unwrap_or(self.count);
        self.finish(200, Some(total))
    }

    fn next(&mut self) -> &mut String {
        let body = self.paper.text();
        if self.count > 0 {
            body.push(',');
        }
        self.count += 1;
        body
    }

    fn finish(mut self, status: u16, total: Option<i64>) -> Result<Response> {
        let (count, body) = (self.count, self.paper.text());
        // Writing to a String cannot fail.
        let _ = write!(body, "],\"count\":{count}");
        if let Some(total) = total {
            let _ = write!(body, ",\"total\":{total}");
        }
        body.push('}');
        self.paper.json(status)
    }
}
