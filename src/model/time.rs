//! A point in time as the store keeps it. The clock that makes one is in `ops/ctx`; reading dates that people write is in `field/`.

/// An instant with a precision of one second, in the two forms that are needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub epoch_seconds: i64,
    /// RFC 3339 in UTC with `Z`, always 20 characters, so that text order is time order.
    pub text: String,
}
