//! Waiting until a clock shows a time, however it gets there.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::{Clock, Motion, real_now};

// === impl Clock ===

impl Clock {
    /// Waits until the clock shows at least this time, or patience ends. `false` if it ended.
    pub(crate) async fn reached(&self, until: Timestamp, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            let motion = self.lock().motion;
            let now = motion.now(real_now());
            if now >= until {
                return true;
            }
            let wake = match motion {
                Motion::Still(_) => deadline,
                Motion::Going { rate, .. } => {
                    // To the next whole millisecond, which is when the clock shows it.
                    let rest = rate.real(until.duration_since(now)).saturating_add(Duration::from_millis(1));
                    Instant::now().checked_add(rest).map_or(deadline, |wake| wake.min(deadline))
                }
            };
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(wake) => {
                    if wake >= deadline && self.now() < until {
                        return false;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::SignedDuration;

    use super::*;

    #[tokio::test]
    async fn a_step_wakes_whoever_waits_for_its_time() {
        let clock = Arc::new(Clock::new(toml::from_str("frozen = '2026-01-01T00:00:00Z'").unwrap()));
        let until = clock.now() + SignedDuration::from_hours(1);
        let waiting = tokio::spawn({
            let clock = Arc::clone(&clock);
            async move { clock.reached(until, Duration::from_mins(1)).await }
        });
        clock.advance(SignedDuration::from_mins(59)).unwrap();
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        clock.advance(SignedDuration::from_mins(1)).unwrap();
        assert!(waiting.await.unwrap());
        assert!(!clock.reached(until + SignedDuration::from_millis(1), Duration::from_millis(1)).await);
    }

    #[tokio::test]
    async fn a_scaled_clock_gets_there_by_itself() {
        let clock = Clock::new(toml::from_str("mode = 'scaled'\nrate = 1000000").unwrap());
        let until = clock.now() + SignedDuration::from_hours(1);
        assert!(clock.reached(until, Duration::from_mins(1)).await);
        assert!(clock.now() >= until);
    }
}
