//! How often: one bucket for each (limit, subject). Spec: `spec/server/rate-limits.md`.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;

use crate::{
    config::Rate,
    ids::Moment,
    problem::{Code, Problem},
};

/// Counts uses. One subject's use never counts for another, nor under another limit.
#[async_trait]
pub trait Limiter: Send + Sync + 'static {
    /// Uses one. `false`: none is left, and nothing was used; with the milliseconds until there is one.
    async fn take(&self, limit: &Limit<'_>, now: Moment) -> Result<(), u64>;

    /// Gives one back that was not used after all.
    async fn give_back(&self, limit: &Limit<'_>);

    /// Forgets whom it no longer limits.
    async fn tidy(&self, now: Moment);
}

/// Which bucket.
#[derive(Clone, Copy, Debug)]
pub struct Limit<'a> {
    /// The limit's registered name.
    pub name: &'static str,
    /// Who is limited.
    pub subject: &'a [u8],
    /// How fast the bucket fills.
    pub rate: Rate,
}

impl Limit<'_> {
    /// Microseconds until one more is there.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the configuration bounds it"
    )]
    fn step_micros(&self) -> u64 {
        (self.rate.per_seconds * 1e6).max(1.0) as u64
    }
}

impl LocalLimiter {
    /// 128 bits under keys of this process, so that no subject can be made to share another's bucket.
    fn key(&self, limit: &Limit<'_>) -> (u64, u64) {
        (
            self.hasher.hash_one((limit.name, limit.subject)),
            self.hasher.hash_one((limit.subject, limit.name)),
        )
    }
}

impl dyn Limiter {
    /// Uses one.
    ///
    /// # Errors
    /// `rate_limited`.
    pub async fn require(&self, limit: &Limit<'_>, now: Moment) -> Result<(), Problem> {
        self.take(limit, now).await.map_err(|wait_millis| {
            let seconds = wait_millis.div_ceil(1000).max(1);
            let mut problem = Problem::from(Code::RateLimited)
                .with("limit", limit.name)
                .with("retry_after", seconds);
            problem.retry_after_seconds = Some(seconds);
            problem
        })
    }
}

/// Counts in this process: GCRA, 24 bytes a subject. Subjects are kept as keyed hashes.
#[derive(Debug, Default)]
pub struct LocalLimiter {
    hasher: RandomState,
    /// When each bucket is full again, in microseconds.
    full_at: Mutex<HashMap<(u64, u64), u64>>,
}

#[async_trait]
impl Limiter for LocalLimiter {
    async fn take(&self, limit: &Limit<'_>, now: Moment) -> Result<(), u64> {
        let now = now.0.saturating_mul(1000);
        let step = limit.step_micros();
        let most = step.saturating_mul(limit.rate.burst.into());
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = full_at.entry(self.key(limit)).or_insert(now);
        let next = now.max(*bucket).saturating_add(step);
        match next.saturating_sub(now).checked_sub(most) {
            Some(excess) if excess > 0 => Err(excess.div_ceil(1000)),
            _ => {
                *bucket = next;
                Ok(())
            }
        }
    }

    async fn give_back(&self, limit: &Limit<'_>) {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = full_at.get_mut(&self.key(limit)) {
            *bucket = bucket.saturating_sub(limit.step_micros());
        }
    }

    async fn tidy(&self, now: Moment) {
        let now = now.0.saturating_mul(1000);
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        full_at.retain(|_, at| *at > now);
        full_at.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, per_seconds: 10.0 };

    async fn take(
        limiter: &LocalLimiter,
        name: &'static str,
        subject: &[u8],
        at: u64,
    ) -> Result<(), u64> {
        limiter.take(&Limit { name, subject, rate: RATE }, Moment(at)).await
    }

    #[tokio::test]
    async fn a_burst_is_allowed_and_then_one_each_period() {
        let limiter = LocalLimiter::default();
        for _ in 0..3 {
            assert_eq!(take(&limiter, "a", b"x", 1000).await, Ok(()));
        }
        assert_eq!(take(&limiter, "a", b"x", 1000).await, Err(10_000));
        assert_eq!(take(&limiter, "a", b"x", 8000).await, Err(3000));
        assert_eq!(take(&limiter, "a", b"x", 11_000).await, Ok(()));
        assert_eq!(take(&limiter, "a", b"x", 11_000).await, Err(10_000));
    }

    #[tokio::test]
    async fn subjects_and_names_do_not_share() {
        let limiter = LocalLimiter::default();
        for _ in 0..3 {
            assert_eq!(take(&limiter, "a", b"x", 0).await, Ok(()));
        }
        assert_eq!(take(&limiter, "a", b"y", 0).await, Ok(()));
        assert_eq!(take(&limiter, "b", b"x", 0).await, Ok(()));
        assert!(take(&limiter, "a", b"x", 0).await.is_err());
    }

    #[tokio::test]
    async fn full_buckets_are_forgotten() {
        let limiter = LocalLimiter::default();
        take(&limiter, "a", b"x", 0).await.unwrap();
        limiter.tidy(Moment(9_999)).await;
        assert_eq!(limiter.full_at.lock().unwrap().len(), 1);
        limiter.tidy(Moment(10_000)).await;
        assert_eq!(limiter.full_at.lock().unwrap().len(), 0);
    }
}
