//! The store: group commit and its failure rules, snapshots, plans of statements.
