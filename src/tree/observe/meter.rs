//! How often something happens, and how much of the time it takes: lately, and since the start. Two sums that decay,
//! brought up to date at most ten times a second, so that adding to them costs an addition.

use std::time::Duration;

/// Over what time a rate is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Window {
    /// The last ten seconds or so.
    #[default]
    TenSeconds,
    /// The last minute or so.
    Minute,
    /// Since the start.
    Start,
}

/// Decays are reckoned in steps of this: what comes within one counts as if it had come at its beginning.
const STEP: Duration = Duration::from_millis(100);

/// What is younger than this is taken to be so old: one message in its first millisecond is not a thousand in a second.
const YOUNG: Duration = Duration::from_secs(1);

/// The windows that decay, in seconds: after so long a sum has fallen to 1/e.
const DECAYS: [f64; 2] = [10.0, 60.0];

/// Counts and times. All times are given as those since its start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meter {
    /// All that were counted.
    pub count: u64,
    /// All time that was spent.
    pub busy: Duration,
    at: Duration,
    counts: [f64; 2],
    busies: [f64; 2],
}

impl Meter {
    /// Counts `count` at `now`.
    pub fn count(&mut self, now: Duration, count: u32) {
        self.decay(now);
        self.count += u64::from(count);
        self.counts.iter_mut().for_each(|sum| *sum += f64::from(count));
    }

    /// Adds time that was spent up to `now`.
    pub fn spend(&mut self, now: Duration, busy: Duration) {
        self.decay(now);
        self.busy += busy;
        self.busies.iter_mut().for_each(|sum| *sum += busy.as_secs_f64());
    }

    /// How many there were in a second.
    pub fn per_second(&self, now: Duration, window: Window) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a rate; 2^53 messages are never reached")]
        let all = self.count as f64;
        self.over(now, window, &self.counts, all)
    }

    /// Which share of the time was spent, from 0 to 1.
    pub fn share(&self, now: Duration, window: Window) -> f64 {
        self.over(now, window, &self.busies, self.busy.as_secs_f64()).min(1.0)
    }

    fn over(&self, now: Duration, window: Window, sums: &[f64; 2], all: f64) -> f64 {
        let age = now.max(YOUNG).as_secs_f64();
        let (sum, decay) = match window {
            Window::TenSeconds => (sums[0], DECAYS[0]),
            Window::Minute => (sums[1], DECAYS[1]),
            Window::Start => return all / age,
        };
        let since = now.saturating_sub(self.at).as_secs_f64();
        // Who is younger than the window has had less time to gather as much.
        sum * (-since / decay).exp() / (decay * (1.0 - (-age / decay).exp()))
    }

    fn decay(&mut self, now: Duration) {
        let since = now.saturating_sub(self.at);
        if since < STEP {
            return;
        }
        self.at = now;
        for (index, decay) in DECAYS.iter().enumerate() {
            let factor = (-since.as_secs_f64() / decay).exp();
            self.counts[index] *= factor;
            self.busies[index] *= factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Window; 3] = [Window::TenSeconds, Window::Minute, Window::Start];

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A meter to which every `pause` one is added that took a quarter of it.
    fn steady(pause: Duration, times: u32) -> (Meter, Duration) {
        let mut meter = Meter::default();
        for time in 1..=times {
            meter.count(pause * time, 1);
            meter.spend(pause * time, pause / 4);
        }
        (meter, pause * times)
    }

    fn about(value: f64, expected: f64) -> bool {
        (value - expected).abs() <= expected * 0.05
    }

    #[test]
    fn a_steady_rate_is_shown_from_the_first_seconds_on_in_every_window() {
        for seconds in [2, 10, 300] {
            let (meter, now) = steady(millis(1), seconds * 1000);
            for window in ALL {
                let (rate, share) = (meter.per_second(now, window), meter.share(now, window));
                assert!(about(rate, 1000.0), "{rate} after {seconds} s in {window:?}");
                assert!(about(share, 0.25), "{share} after {seconds} s in {window:?}");
            }
        }
    }

    #[test]
    fn the_short_window_forgets_first_and_the_whole_never() {
        let (meter, now) = steady(millis(1), 300_000);
        let later = now + Duration::from_secs(20);
        let [short, long, start] = ALL.map(|window| meter.per_second(later, window));
        assert!(about(short, 1000.0 * (-2.0_f64).exp()), "{short}");
        assert!(about(long, 1000.0 * (-20.0_f64 / 60.0).exp()), "{long}");
        assert!(about(start, 300_000.0 / 320.0), "{start}");
        assert_eq!((meter.count, meter.busy), (300_000, Duration::from_secs(75)));
    }

    #[test]
    fn a_burst_after_a_rest_counts_as_of_now() {
        let mut meter = Meter::default();
        meter.count(Duration::from_secs(600), 1000);
        let rate = meter.per_second(Duration::from_secs(600), Window::TenSeconds);
        assert!(about(rate, 100.0), "{rate}");
    }

    #[test]
    fn one_message_to_a_newborn_is_one_in_a_second_and_nobody_is_busier_than_always() {
        let mut meter = Meter::default();
        meter.count(millis(1), 1);
        meter.spend(millis(1), Duration::from_secs(5));
        for window in ALL {
            let rate = meter.per_second(millis(1), window);
            assert!((0.9..1.1).contains(&rate), "{rate} in {window:?}");
            assert_eq!(meter.share(millis(1), window), 1.0);
        }
    }
}
