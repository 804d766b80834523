//! What has to be done from time to time: expiry, and forgetting.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::{app::AppState, problem::Problem};

/// How often.
const EVERY: Duration = Duration::from_secs(60);

/// Works until it is dropped.
pub async fn upkeep(app: AppState) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(problem) = once(&app).await {
            tracing::warn!(code = problem.code.row().0, "upkeep failed");
        }
    }
}

/// Does all of it once.
///
/// # Errors
/// `internal`, `unavailable`.
pub async fn once(app: &AppState) -> Result<(), Problem> {
    let now = app.now();
    let expired = app.store.expire(now).await?;
    app.metrics.expired.increment(expired.envelopes);
    app.limiter.tidy(now).await;
    app.logins.tidy(now);
    Ok(())
}
