//! The limits of a running server: a name with its unit, and a default; `config` may change them. Limits of a form (digits of a decimal, fields of a
//! table) stand with the form.

/// Field names end in their unit.
#[derive(Debug, Clone)]
pub struct Limits {
    pub head_bytes_max: usize,
    pub headers_max: usize,
    pub target_bytes_max: usize,
    /// One JSON body; forms and logins too.
    pub body_bytes_max: usize,
    pub json_depth_max: usize,
    pub page_rows_default: i64,
    pub page_rows_max: i64,
    pub sort_keys_max: usize,
    pub filter_terms_max: usize,
    pub cascade_records_max: usize,
    pub import_problems_shown_max: usize,
    pub jobs_running_max: usize,
    pub connections_max: usize,
    /// For a whole head, and for an idle connection until its next one.
    pub head_timeout_ms: u64,
    pub body_timeout_ms: u64,
    /// What is read of a body that nobody wants, so that its sender gets the refusal.
    pub drain_bytes_max: usize,
    pub drain_timeout_ms: u64,
    pub read_timeout_ms: u64,
    pub stop_timeout_ms: u64,
    /// How long a stopping server still answers whoever waits for a job that has just ended.
    pub job_linger_ms: u64,
    pub queue_reads_max: usize,
    pub queue_writes_max: usize,
    pub queue_slow_max: usize,
    pub write_threads: usize,
    pub slow_threads: usize,
    pub writer_queue_max: usize,
    pub write_wait_ms: u64,
    pub hash_queue_max: usize,
    pub password_chars_min: usize,
    pub password_bytes_max: usize,
    pub session_seconds: i64,
    pub link_seconds: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes_max: 16 * 1024,
            headers_max: 100,
            target_bytes_max: 8 * 1024,
            body_bytes_max: 1024 * 1024,
            json_depth_max: 64,
            page_rows_default: 50,
            page_rows_max: 100,
            sort_keys_max: 8,
            filter_terms_max: 200,
            cascade_records_max: 10_000,
            import_problems_shown_max: 20,
            jobs_running_max: 4,
            connections_max: 5_256,
            head_timeout_ms: 60_000,
            body_timeout_ms: 120_000,
            drain_bytes_max: 8 * 1024 * 1024,
            drain_timeout_ms: 2_000,
            read_timeout_ms: 30_000,
            stop_timeout_ms: 8_000,
            job_linger_ms: 1_000,
            queue_reads_max: 1_024,
            queue_writes_max: 1_024,
            queue_slow_max: 64,
            write_threads: 64,
            slow_threads: 4,
            writer_queue_max: 1_024,
            write_wait_ms: 5_000,
            hash_queue_max: 16,
            password_chars_min: 8,
            password_bytes_max: 1_024,
            session_seconds: 14 * 24 * 3_600,
            link_seconds: 30 * 60,
        }
    }
}
