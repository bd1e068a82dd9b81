//! App files: applied, applied again, changed, refused whole.
