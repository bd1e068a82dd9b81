//! Faults that can be switched on in the one build there is, so that the suites which promise to survive them can be seen to fail. Which one
//! is on is said by `CARRYALL_FAULT` when the server starts; it warns then.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A request's header `X-Carryall-Fault: panic` or `sleep=MS` does so in the place of its handler's first step.
    Handlers,
    /// The writer answers before it commits, and takes its time in between.
    AcknowledgeEarly,
    /// Nothing is ever flushed to the disk.
    SyncOff,
    /// A full disk at the commit is taken for success.
    SwallowFull,
    /// The folder of a file that was made or renamed is not flushed.
    SkipFolderSync,
    /// A table's counter is written in a transaction of its own, after that of its records.
    CounterOutside,
}

impl Fault {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "handlers" => Some(Fault::Handlers),
            "acknowledge-early" => Some(Fault::AcknowledgeEarly),
            "sync-off" => Some(Fault::SyncOff),
            "swallow-full" => Some(Fault::SwallowFull),
            "skip-folder-sync" => Some(Fault::SkipFolderSync),
            "counter-outside" => Some(Fault::CounterOutside),
            _ => None,
        }
    }
}
