//! The limits of a running server: a name with its unit, and a default; `config` may change them. Limits of a form (digits of a decimal, fields of a
//! table) stand with the form.

/// Field names end in their unit.
#[derive(Debug, Clone)]
pub struct Limits {
    pub head_bytes_max: usize,
    pub headers_max: usize,
    pub target_bytes_max: usize,
    /// What is taken in from anybody, before it is known who that is: forms and logins.
    pub guest_body_bytes_max: usize,
    /// One JSON body.
    pub body_bytes_max: usize,
    /// An array of records or of ids, and how many stand in it. What passes `body_bytes_max` waits in a file.
    pub records_body_bytes_max: usize,
    pub records_sent_max: usize,
    /// So many records at once are written alone: whoever shared the transaction would wait for them.
    pub records_alone_min: usize,
    /// Answers that are kept under an `Idempotency-Key`: how long, how long they are, how many of one user.
    pub idempotency_seconds: i64,
    pub idempotency_answer_bytes_max: usize,
    pub idempotency_keys_per_user_max: i64,
    /// Requests of one batch.
    pub batch_requests_max: usize,
    /// Records that a write by a filter may affect when it does not say how many, and at most.
    pub affected_records_default: usize,
    pub affected_records_max: usize,
    /// Values that one question may name its records by, and how often a write in several steps may ask anew of records that it has changed itself:
    /// nobody writes meanwhile.
    pub filter_values_max: usize,
    pub steps_asked_max: usize,
    /// Fields that one question may ask to be shown.
    pub fields_named_max: usize,
    pub problems_shown_max: usize,
    /// A file of rows, on the routes that take one.
    pub rows_body_bytes_max: usize,
    /// All bodies that are in memory at one time; further ones wait in files.
    pub bodies_memory_bytes_max: usize,
    /// All bodies that are in files at one time; further ones are refused.
    pub bodies_spool_bytes_max: usize,
    /// A body must come at least this fast once `body_grace_ms` have gone by.
    pub body_bytes_per_second_min: usize,
    pub body_grace_ms: u64,
    /// A whole body that may lie in memory, and one that goes to a file.
    pub body_timeout_ms: u64,
    pub rows_body_timeout_ms: u64,
    pub json_depth_max: usize,
    /// Of a list; each dialect has its own.
    pub page_rows_default: i64,
    pub page_rows_max: i64,
    /// Records that a page may be away from the first: all of them are looked at to find it.
    pub page_offset_max: i64,
    /// Of a window that is asked for by `limit`.
    pub limit_rows_max: i64,
    /// A list that is counted as far as that is cheap.
    pub count_auto_rows_max: i64,
    /// Steps from a record to one that is shown beside it, paths of such steps, and all such records of an answer.
    pub expand_levels_max: usize,
    pub expand_paths_max: usize,
    pub expand_bytes_max: usize,
    /// Records of one value that are called by their names in a list, and all such names of an answer.
    pub names_of_value_max: i64,
    pub names_bytes_max: usize,
    /// Rows of a report that is asked for without a number, and with one; stages of one, and columns of a stage.
    pub report_rows_default: i64,
    pub report_rows_max: i64,
    pub report_stages_max: usize,
    pub report_columns_max: usize,
    pub sort_keys_max: usize,
    pub filter_terms_max: usize,
    /// What is typed to find records.
    pub search_chars_max: usize,
    pub search_words_max: usize,
    /// Up to so many records a table is made ready to be searched while who asks first waits; beyond them by a job.
    pub search_records_at_once_max: i64,
    /// Up to so many records that were found are put in the order of what fits best.
    pub search_ranked_max: i64,
    /// Results of an app, and records that a look-up offers.
    pub search_results_default: i64,
    pub search_results_max: i64,
    /// Records that go or are changed with one that is deleted, and references that lead to those that go: nobody writes meanwhile.
    pub cascade_records_max: usize,
    pub cascade_links_max: usize,
    pub import_problems_shown_max: usize,
    pub jobs_running_max: usize,
    /// Fewer when the system allows the process fewer descriptors.
    pub connections_max: usize,
    /// Of `connections_max`, from one address: nobody alone can shut the others out.
    pub connections_per_address_percent_max: usize,
    /// Descriptors that connections never take: some 33 of the data file and the process, those who are turned away, files of uploads and of
    /// the user's own front end.
    pub descriptors_reserved: usize,
    /// For a whole head, from its first byte on; also for a TLS handshake.
    pub head_timeout_ms: u64,
    /// For a connection without a request.
    pub idle_timeout_ms: u64,
    /// After this time a connection without a request gives its buffers back.
    pub parked_after_ms: u64,
    /// After this time it gives its place to a newcomer, if there is no other.
    pub evictable_after_ms: u64,
    /// A client that takes nothing of its answer for so long is gone.
    pub write_stall_timeout_ms: u64,
    /// What is still read, and how long, of a client that is sending when its connection ends: it must get the answer. More than the longest body,
    /// for proxies send a body to its end before they look for the answer.
    pub linger_bytes_max: usize,
    pub linger_timeout_ms: u64,
    /// For the last word of a client that has its answers, when its connection is to end.
    pub farewell_timeout_ms: u64,
    pub http2_streams_max: u32,
    /// All answers that wait in memory for slow clients at one time, and all that are read from open files.
    pub replies_memory_bytes_max: usize,
    pub replies_files_max: usize,
    /// An answer that is longer is not held in memory but sent piece by piece.
    pub reply_memory_bytes_max: usize,
    /// The answer to a request that is tried from within another one: it stands inside that one's.
    pub inward_reply_bytes_max: usize,
    pub read_timeout_ms: u64,
    /// For what reads all of a table: an export.
    pub long_read_timeout_ms: u64,
    /// How long a request may wait for news.
    pub wait_ms_max: u64,
    pub changes_rows_default: i64,
    pub changes_rows_max: i64,
    /// Entries of the change log that are taken back at once.
    pub undo_entries_max: usize,
    pub checkpoints_max: usize,
    /// What is older is taken out of the change log, and what is more.
    pub changes_days_max: i64,
    pub changes_bytes_max: i64,
    /// Backups of one reason that come by themselves; the oldest goes when there is one more.
    pub backups_kept_max: usize,
    /// With something written in between.
    pub backup_every_s: u64,
    /// An import of so many rows is preceded by a backup.
    pub backup_import_rows: u64,
    /// Lists that must have missed an index before it is made or proposed.
    pub index_wished_times_min: u64,
    /// Lists that are further apart are not the same habit.
    pub index_wishes_apart_s_max: u64,
    /// In smaller tables no index is missed.
    pub index_records_min: i64,
    /// Up to so many records an index is made at once, up to so many in a quiet moment; beyond them it is proposed.
    pub index_records_at_once_max: i64,
    pub index_records_max: i64,
    /// A moment is quiet when nobody has written for so long.
    pub index_quiet_ms: u64,
    /// How often it is looked whether one is missed.
    pub index_look_every_ms: u64,
    /// An index that was made so is dropped when no list used it for so long.
    pub index_unused_days_max: i64,
    /// What the server does by itself: first so long after its start, then one time after the other.
    pub upkeep_first_ms: u64,
    pub upkeep_every_ms: u64,
    pub stop_timeout_ms: u64,
    /// How long a stopping server waits for jobs that are writing.
    pub jobs_stop_timeout_ms: u64,
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
    /// How long a sign-in that finds no place in that queue waits for its refusal, ms: whoever tries again at once must not take the door from the others.
    pub hash_refusal_ms: u64,
    pub password_chars_min: usize,
    pub password_bytes_max: usize,
    pub session_seconds: i64,
    pub link_seconds: i64,
    /// Of a link by which somebody who is new, or has forgotten it, chooses a password.
    pub invitation_seconds: i64,
    pub reset_seconds: i64,
    /// Sign-ins that fail, after which a further failure is told to wait; how long, at first and at most. Who has not failed for the longest wait
    /// begins anew.
    pub login_failures_per_account_max: u32,
    pub login_failures_per_address_max: u32,
    pub login_wait_seconds_min: i64,
    pub login_wait_seconds_max: i64,
    /// JWTs: those that let in beside a refresh token, refresh tokens, and those without one.
    pub jwt_access_seconds: i64,
    pub jwt_refresh_seconds: i64,
    pub jwt_long_seconds: i64,
    pub tokens_per_user_max: usize,
    /// Of one user, or from one address, in a dialect that counts them.
    pub requests_per_minute_max: u32,
    pub name_chars_max: usize,
    /// How often it is written down when credentials were used last.
    pub used_noted_every_ms: u64,
}

/// What a dialect bounds by its own rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DialectLimits {
    /// Records of a page whose length nobody says, and at most.
    pub page_rows_default: i64,
    pub page_rows_max: i64,
    /// One record, an array of them, and how many stand in it; a file of rows.
    pub body_bytes_max: usize,
    pub records_body_bytes_max: usize,
    pub records_sent_max: usize,
    pub rows_body_bytes_max: usize,
}

impl Limits {
    /// As they are for requests in a dialect: its pages, and of what is sent the narrower of the server's limit and its own.
    pub fn spoken(&self, own: &DialectLimits) -> Limits {
        Limits {
            page_rows_default: own.page_rows_default,
            page_rows_max: own.page_rows_max,
            body_bytes_max: self.body_bytes_max.min(own.body_bytes_max),
            records_body_bytes_max: self.records_body_bytes_max.min(own.records_body_bytes_max),
            records_sent_max: self.records_sent_max.min(own.records_sent_max),
            rows_body_bytes_max: self.rows_body_bytes_max.min(own.rows_body_bytes_max),
            ..self.clone()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes_max: 16 * 1024,
            headers_max: 100,
            target_bytes_max: 8 * 1024,
            guest_body_bytes_max: 16 * 1024,
            body_bytes_max: 1024 * 1024,
            records_body_bytes_max: 32 * 1024 * 1024,
            records_sent_max: 50_000,
            records_alone_min: 1_000,
            idempotency_seconds: 24 * 3_600,
            idempotency_answer_bytes_max: 256 * 1024,
            idempotency_keys_per_user_max: 10_000,
            batch_requests_max: 100,
            affected_records_default: 1_000,
            affected_records_max: 10_000,
            filter_values_max: 10_000,
            steps_asked_max: 500_000,
            fields_named_max: 2_000,
            problems_shown_max: 40,
            rows_body_bytes_max: 64 * 1024 * 1024,
            bodies_memory_bytes_max: 64 * 1024 * 1024,
            bodies_spool_bytes_max: 4 * 1024 * 1024 * 1024,
            body_bytes_per_second_min: 1024,
            body_grace_ms: 10_000,
            body_timeout_ms: 120_000,
            rows_body_timeout_ms: 30 * 60_000,
            json_depth_max: 64,
            page_rows_default: 50,
            page_rows_max: 100,
            page_offset_max: 1_000_000,
            limit_rows_max: 1_000,
            count_auto_rows_max: 10_000,
            expand_levels_max: 6,
            expand_paths_max: 20,
            expand_bytes_max: 32 * 1024 * 1024,
            names_of_value_max: 100,
            names_bytes_max: 4 * 1024 * 1024,
            report_rows_default: 1_000,
            report_rows_max: 10_000,
            report_stages_max: 20,
            report_columns_max: 50,
            sort_keys_max: 8,
            filter_terms_max: 200,
            search_chars_max: 500,
            search_words_max: 32,
            search_records_at_once_max: 20_000,
            search_ranked_max: 10_000,
            search_results_default: 20,
            search_results_max: 100,
            cascade_records_max: 10_000,
            cascade_links_max: 500_000,
            import_problems_shown_max: 20,
            jobs_running_max: 8,
            connections_max: 8_000,
            connections_per_address_percent_max: 75,
            descriptors_reserved: 56,
            head_timeout_ms: 10_000,
            idle_timeout_ms: 60_000,
            parked_after_ms: 5,
            evictable_after_ms: 1_000,
            write_stall_timeout_ms: 20_000,
            linger_bytes_max: 65 * 1024 * 1024,
            linger_timeout_ms: 2_000,
            farewell_timeout_ms: 500,
            http2_streams_max: 100,
            replies_memory_bytes_max: 128 * 1024 * 1024,
            replies_files_max: 256,
            reply_memory_bytes_max: 256 * 1024,
            inward_reply_bytes_max: 1024 * 1024,
            read_timeout_ms: 10_000,
            long_read_timeout_ms: 10 * 60_000,
            wait_ms_max: 60_000,
            changes_rows_default: 100,
            changes_rows_max: 1_000,
            undo_entries_max: 100_000,
            checkpoints_max: 100,
            changes_days_max: 30,
            changes_bytes_max: 1024 * 1024 * 1024,
            index_wished_times_min: 5,
            index_wishes_apart_s_max: 3_600,
            index_records_min: 1_000,
            index_records_at_once_max: 50_000,
            index_records_max: 500_000,
            index_quiet_ms: 2_000,
            index_look_every_ms: 1_000,
            index_unused_days_max: 30,
            upkeep_first_ms: 60_000,
            upkeep_every_ms: 3_600_000,
            backups_kept_max: 7,
            backup_every_s: 24 * 3_600,
            backup_import_rows: 10_000,
            stop_timeout_ms: 8_000,
            jobs_stop_timeout_ms: 10_000,
            job_linger_ms: 1_000,
            queue_reads_max: 1_024,
            queue_writes_max: 1_024,
            queue_slow_max: 64,
            write_threads: 64,
            slow_threads: 4,
            writer_queue_max: 1_024,
            write_wait_ms: 5_000,
            hash_queue_max: 16,
            hash_refusal_ms: 500,
            password_chars_min: 8,
            password_bytes_max: 1_024,
            session_seconds: 14 * 24 * 3_600,
            link_seconds: 30 * 60,
            invitation_seconds: 7 * 24 * 3_600,
            reset_seconds: 24 * 3_600,
            login_failures_per_account_max: 5,
            login_failures_per_address_max: 10,
            login_wait_seconds_min: 60,
            login_wait_seconds_max: 15 * 60,
            jwt_access_seconds: 3_600,
            jwt_refresh_seconds: 7 * 24 * 3_600,
            jwt_long_seconds: 30 * 24 * 3_600,
            tokens_per_user_max: 200,
            requests_per_minute_max: 60,
            name_chars_max: 100,
            used_noted_every_ms: 60_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialect_has_pages_of_its_own_and_takes_no_more_than_the_server_does() {
        let server = Limits { body_bytes_max: 1_000, records_sent_max: 10, page_rows_max: 100, ..Limits::default() };
        let own = DialectLimits {
            page_rows_default: 200,
            page_rows_max: 1_000,
            body_bytes_max: 2_000,
            records_body_bytes_max: 3_000,
            records_sent_max: 5,
            rows_body_bytes_max: usize::MAX,
        };
        let spoken = server.spoken(&own);
        assert_eq!((spoken.page_rows_default, spoken.page_rows_max), (200, 1_000));
        assert_eq!((spoken.body_bytes_max, spoken.records_body_bytes_max, spoken.records_sent_max), (1_000, 3_000, 5));
        assert_eq!((spoken.rows_body_bytes_max, spoken.json_depth_max), (server.rows_body_bytes_max, server.json_depth_max));
    }
}
