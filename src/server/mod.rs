//! The door: bytes in and out, which dialect, which threads, what is logged. The only room that knows sockets and the async runtime.

pub mod answer;
pub mod assets;
mod chunks;
mod connection;
mod cors;
mod fault;
mod front;
mod gate;
mod gzip;
mod head;
mod intake;
mod log_line;
mod outflow;
pub mod pools;
pub mod public;
mod relay;
pub mod router;
mod screen;
pub mod signals;
mod system;
pub mod tls;
pub mod transport;
mod turns;
