//! Spec: `spec/server/rate-limits.md`.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_server::{
    ids::Moment,
    limiter::{Limit, Limiter},
};
use futures_util::FutureExt;

use crate::{
    faults::{Faults, Mutant},
    gate::{
        Act::{After, Around},
        Served,
    },
    server::{Call, Server},
};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("limit-1-no-retry-after", || {
        Faults::gate(
            &[],
            After(|_, _, answer| {
                if answer.status() == 429 {
                    answer.headers().remove("retry-after");
                }
            }),
        )
    }),
    Mutant("limit-2-shared-counter", || Faults::limiter(|honest| Arc::new(Shared(honest)))),
    Mutant("limit-3-limited-but-done", || {
        let gated = Faults::gate(&[], Around(limited_but_done));
        Faults { limiter: |honest| Arc::new(Lifted(honest)), ..gated }
    }),
];

/// The limiter without this limit.
pub(super) fn without(honest: Arc<dyn Limiter>, name: &'static str) -> Arc<dyn Limiter> {
    Arc::new(Without(honest, name))
}

struct Without(Arc<dyn Limiter>, &'static str);

#[async_trait]
impl Limiter for Without {
    async fn take(&self, limit: &Limit<'_>, now: Moment) -> Result<(), u64> {
        if limit.name == self.1 { Ok(()) } else { self.0.take(limit, now).await }
    }

    async fn give_back(&self, limit: &Limit<'_>) {
        self.0.give_back(limit).await;
    }

    async fn tidy(&self, now: Moment) {
        self.0.tidy(now).await;
    }
}

struct Shared(Arc<dyn Limiter>);

#[async_trait]
impl Limiter for Shared {
    async fn take(&self, limit: &Limit<'_>, now: Moment) -> Result<(), u64> {
        self.0.take(&Limit { subject: b"everybody", ..*limit }, now).await
    }

    async fn give_back(&self, limit: &Limit<'_>) {
        self.0.give_back(&Limit { subject: b"everybody", ..*limit }).await;
    }

    async fn tidy(&self, now: Moment) {
        self.0.tidy(now).await;
    }
}

tokio::task_local! {
    /// Set while a request is carried out that was answered 429.
    static LIFTED: ();
}

struct Lifted(Arc<dyn Limiter>);

#[async_trait]
impl Limiter for Lifted {
    async fn take(&self, limit: &Limit<'_>, now: Moment) -> Result<(), u64> {
        if LIFTED.try_with(|()| ()).is_ok() { Ok(()) } else { self.0.take(limit, now).await }
    }

    async fn give_back(&self, limit: &Limit<'_>) {
        self.0.give_back(limit).await;
    }

    async fn tidy(&self, now: Moment) {
        self.0.tidy(now).await;
    }
}

fn limited_but_done(server: &Server, call: Call) -> Served<'_> {
    async move {
        let answer = server.pass(&call).await;
        if answer.status() == 429 {
            drop(LIFTED.scope((), server.pass(&call)).await);
        }
        answer
    }
    .boxed()
}
