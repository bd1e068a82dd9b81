//! What the operating system lends to a server: descriptors, and a queue for connections that are not accepted yet.

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What systems give when they do not say.
#[cfg(unix)]
const USUAL: usize = 1_024;
/// More than any of our limits needs; macOS refuses to take everything.
const WANTED: u64 = 10_240;

/// Of 0 (as everybody) to 19 (when nobody else wants to).
#[cfg(target_os = "linux")]
const BACKGROUND_NICE: i32 = 10;

/// Lets everybody else go first: for threads whose work is long and never urgent. Elsewhere than on Linux a thread has no priority of its own.
pub fn step_back() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), BACKGROUND_NICE);
}

/// Whether a connection could not be accepted because the process, or the system, has no descriptor left.
#[cfg(unix)]
pub fn is_out_of_descriptors(error: &std::io::Error) -> bool {
    let code = error.raw_os_error().map(rustix::io::Errno::from_raw_os_error);
    matches!(code, Some(rustix::io::Errno::MFILE | rustix::io::Errno::NFILE))
}

#[cfg(not(unix))]
pub fn is_out_of_descriptors(error: &std::io::Error) -> bool {
    // WSAEMFILE
    error.raw_os_error() == Some(10_024)
}

/// Whether the program was started deaf to SIGHUP, as nohup does. Where the system does not tell, it was not. Asked once: the answer changes with
/// the first look at signals.
#[cfg(unix)]
pub fn ignores_hangup() -> bool {
    static IGNORED: std::sync::LazyLock<bool> = std::sync::LazyLock::new(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask & 1 == 1)
    });
    *IGNORED
}

/// The standard library's queue of 128 overflows when a crowd comes at once, and who is left out tries again only after a second.
#[cfg(unix)]
const BACKLOG: i32 = 4_096;

/// Lets more connections wait to be accepted.
#[cfg(unix)]
pub fn lengthen_queue(listener: &std::net::TcpListener) {
    let _ = rustix::net::listen(listener, BACKLOG);
}

#[cfg(not(unix))]
pub fn lengthen_queue(_: &std::net::TcpListener) {}

/// Asks for more descriptors where that is free; how many there are then.
#[cfg(unix)]
pub fn raise() -> usize {
    let now = getrlimit(Resource::Nofile);
    let wanted = now.maximum.map_or(WANTED, |most| most.min(WANTED));
    if now.current.is_some_and(|current| current < wanted) {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: now.maximum });
    }
    getrlimit(Resource::Nofile).current.map_or(USUAL, |most| usize::try_from(most).unwrap_or(USUAL))
}

/// Elsewhere a process may have as many as there is memory for.
#[cfg(not(unix))]
pub fn raise() -> usize {
    usize::try_from(WANTED).unwrap_or(usize::MAX)
}
