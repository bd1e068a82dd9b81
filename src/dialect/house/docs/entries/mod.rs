//! What the document says of each route: one entry a route, and `tests/it/documents` demands it. They stand in a file for each
//! noun; how they become a document is in `compose`.
//!
//! A new route takes one entry: its method and pattern as in ROUTES, an id for programs (verb and noun, unique), the group it stands in, a
//! sentence, and what it answers. What else there is stands before `..entry(…)`: `query` (names of `components.json` parameters; those of the
//! path come from the pattern), `body`, `more` (further good answers), `problems` (statuses beside those that every such route may answer:
//! 400, 401, 403, 404 with something in the path, 413 with a body, 503). A shape that is not there yet is added to `components.json`. In the
//! document of an app what stands in the group Records is said anew for every table, with its fields in every shape whose name begins with `Record`.

mod apps;
mod history;
mod numbers;
mod people;
mod records;
mod roles;
mod search;
mod session;
mod tables;
mod views;
mod workspace;

/// A body, or an answer's.
#[derive(Debug, Clone, Copy)]
pub enum Content {
    Nothing,
    /// A component's name.
    Json(&'static str),
    /// JSON, or a form with the same names.
    Form(&'static str),
    /// Media types, and components' names.
    Media(&'static [(&'static str, &'static str)]),
}

pub struct Entry {
    pub route: &'static str,
    pub id: &'static str,
    pub group: &'static str,
    pub summary: &'static str,
    /// More about it, when there is more.
    pub about: &'static str,
    pub query: &'static [&'static str],
    pub body: Content,
    /// The body may be left out.
    pub may_lack_body: bool,
    pub answer: (u16, Content),
    pub more: &'static [(u16, Content)],
    pub headers: &'static [&'static str],
    pub problems: &'static [u16],
    /// Nobody needs to be signed in.
    pub is_open: bool,
}

/// The groups, in their order.
pub const GROUPS: [(&str, &str); 9] = [
    ("Session", "Signing in and out"),
    ("Apps", "What there is"),
    ("Tables", "A table (schema) and its fields"),
    ("Records", "The rows of a table"),
    ("Changes", "What happened, as it happens and looked back at, and taking it back"),
    ("People", "People, their sessions and the tokens of their programs"),
    ("Roles", "Who may do what"),
    ("Workspace", "What belongs to the whole data file"),
    ("Document", "This document"),
];

/// All entries, in the order of the documents.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    const FILES: [&[Entry]; 11] = [
        &session::ENTRIES,
        &apps::ENTRIES,
        &history::ENTRIES,
        &tables::ENTRIES,
        &views::ENTRIES,
        &records::ENTRIES,
        &numbers::ENTRIES,
        &search::ENTRIES,
        &people::ENTRIES,
        &roles::ENTRIES,
        &workspace::ENTRIES,
    ];
    FILES.into_iter().flatten()
}

const fn entry(route: &'static str, id: &'static str, group: &'static str, summary: &'static str, answer: (u16, Content)) -> Entry {
    Entry {
        route,
        id,
        group,
        summary,
        about: "",
        query: &[],
        body: Content::Nothing,
        may_lack_body: false,
        answer,
        more: &[],
        headers: &[],
        problems: &[],
        is_open: false,
    }
}
