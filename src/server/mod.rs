//! The door: bytes in and out, which dialect, which threads, what is logged. The only room that knows sockets and the async runtime.

pub mod answer;
pub mod assets;
mod log_line;
pub mod pools;
pub mod router;
pub mod transport;
