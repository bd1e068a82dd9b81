//! Faults that can be switched on in the one build there is, so that the suites which promise to survive them can be seen to fail. Which one
//! is on is said by `CARRYALL_FAULT` when the server starts; it warns then.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A request's header `X-Carryall-Fault: panic` or `sleep=MS` does so in the place of its handler's first step.
    Handlers,
}

impl Fault {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "handlers" => Some(Fault::Handlers),
            _ => None,
        }
    }
}
