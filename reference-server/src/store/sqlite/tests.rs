//! The suite on SQLite, and what only an engine with a file can show.

mod crash;

use super::SqliteStore;
use crate::{
    problem::{Code, Problem},
    store::{Result, Store, suite},
};

#[tokio::test]
async fn sqlite_passes_the_suite() {
    suite::run(async || SqliteStore::temporary(suite::LIMITS).await.unwrap()).await;
}

#[tokio::test]
async fn a_refused_job_undoes_nothing_of_its_neighbours() {
    let store = SqliteStore::temporary(suite::LIMITS).await.unwrap();
    let insert = |id: i64, refuse: bool| {
        store.write(move |db| {
            let sql = "INSERT INTO slots (id, expires_at) VALUES (?, 1)";
            db.prepare_cached(sql)?.execute([id.to_be_bytes()])?;
            if refuse { Err(Problem::from(Code::Malformed)) } else { Ok(()) }
        })
    };
    let jobs = (0..100).map(|id| insert(id, id % 3 == 0));
    let outcomes = futures_util::future::join_all(jobs).await;
    let refused = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    let count = store.read(|db| -> Result<i64> {
        Ok(db.query_row("SELECT COUNT(*) FROM slots", [], |row| row.get(0))?)
    });
    assert_eq!((refused, count.await.unwrap()), (34, 66));
}

#[tokio::test]
async fn a_closed_store_has_done_what_waited_and_takes_no_more() {
    let path = std::env::temp_dir().join(format!("countersign-{}", uuid::Uuid::now_v7()));
    let store = SqliteStore::open(&path, suite::LIMITS).await.unwrap();
    let slot = |number| crate::ids::SlotId(uuid::Uuid::from_u128(number));
    let end = crate::ids::Moment(100);
    let waiting = futures_util::future::join_all((0..50).map(|id| store.open_slot(slot(id), end)));
    for outcome in waiting.await {
        outcome.unwrap();
    }
    store.close().await;
    let late = store.open_slot(slot(99), end).await.unwrap_err();
    assert_eq!(late.code, Code::Unavailable);
    assert_eq!(store.ready().await.unwrap_err().code, Code::Unavailable);
    // The database opens again, with its tables as they were.
    let again = SqliteStore::open(&path, suite::LIMITS).await.unwrap();
    assert_eq!(again.take_slot(slot(49), crate::ids::Moment(0)).await, Ok(None));
    again.close().await;
    std::fs::remove_file(path).unwrap();
}
