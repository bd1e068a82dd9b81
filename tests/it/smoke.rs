//! The built executable: starts, answers, survives kill -9.
