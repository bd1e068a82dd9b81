//! Field types: what is accepted comes back equal, what is refused says why.
