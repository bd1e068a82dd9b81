//! Start links: hashes of one-time tokens that make the first admin. They belong to no user yet, so they are no rows of `link`: each is a row
//! of `meta`, `start:<hash>`, whose value is the second until which it is good.

use crate::model::error::Result;
use crate::store::sqlite::OrFailed;
use crate::store::tx::{ReadTx, WriteTx};

pub fn insert(tx: &mut WriteTx<'_>, hash: &[u8; 32], expires_s: i64) -> Result<()> {
    let expired = "DELETE FROM meta WHERE key GLOB 'start:*' AND CAST(value AS INTEGER) <= ?1";
    tx.conn().execute(expired, [tx.now().epoch_seconds]).or_failed()?;
    tx.conn().execute("INSERT INTO meta (key, value) VALUES (?1, ?2)", (key(hash), expires_s.to_string())).or_failed().map(drop)
}

/// Whether there is such a link and it is good at this second.
pub fn is_good(tx: &ReadTx<'_>, hash: &[u8; 32], now_s: i64) -> Result<bool> {
    let sql = "SELECT 1 FROM meta WHERE key = ?1 AND CAST(value AS INTEGER) > ?2";
    tx.conn().prepare_cached(sql).and_then(|mut link| link.exists((key(hash), now_s))).or_failed()
}

/// Uses all of them up: there is one first admin.
pub fn remove_all(tx: &mut WriteTx<'_>) -> Result<()> {
    tx.conn().execute("DELETE FROM meta WHERE key GLOB 'start:*'", []).or_failed().map(drop)
}

fn key(hash: &[u8; 32]) -> String {
    hash.iter().fold("start:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}
