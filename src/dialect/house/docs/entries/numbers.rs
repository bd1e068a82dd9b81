//! What the document says of reports. How an entry is made is said in `super`.

use super::{Content, Entry, entry};

pub const ENTRIES: [Entry; 2] = [
    Entry {
        about: "One row for all records with the same group, with their count. Groups are fields, paths and calls: status,month(created_at). Of the values \
                sum, avg, min, max and count_distinct take expressions, and name columns: sum(amount), by which having and sort ask. Sums are exact.",
        query: &[
            "group",
            "count_rows",
            "sum",
            "avg",
            "min",
            "max",
            "count_distinct",
            "having",
            "report_sort",
            "report_limit",
            "view_of",
            "filter",
        ],
        ..entry(
            "GET /api/apps/{app}/schemas/{schema}/aggregate",
            "count_records",
            "Records",
            "Numbers over many records, by groups",
            (200, Content::Json("Report")),
        )
    },
    Entry {
        about: "Stages go on with what the one before left: match, group, project, sort, limit, skip, lookup.",
        body: Content::Json("PipelineNew"),
        ..entry(
            "POST /api/apps/{app}/schemas/{schema}/aggregate",
            "aggregate_records",
            "Records",
            "Numbers over many records, in stages",
            (200, Content::Json("Report")),
        )
    },
];
