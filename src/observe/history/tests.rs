//! What the rings keep, what they make of it, and what they forget.

use std::time::Duration;

use super::*;
use crate::clock::Timestamp;

/// A Sunday in November, on the minute and on an even one.
const START: i64 = 1_795_300_080;

/// A history that samples go into, each so long after the start.
struct Tape {
    history: History,
    sample: Sample,
}

impl Tape {
    fn new() -> Self {
        let sample = Sample { at: Timestamp::from_millis(START * 1000), ..Sample::default() };
        Self { history: History::new(), sample }
    }

    /// The next sample, a second after the last one.
    fn tick(&mut self, change: impl FnOnce(&mut Sample)) {
        self.history.push(self.sample.clone());
        self.sample.at = self.sample.at + Duration::from_secs(1);
        self.sample.elapsed += Duration::from_secs(1);
        change(&mut self.sample);
    }

    fn index(&self, name: &str, label: Option<&str>) -> usize {
        let is_it = |series: &Series| series.name == name && series.label.map(|it| it.1) == label;
        self.history.series().iter().position(is_it).unwrap()
    }

    fn values(&self, span: Span, name: &str, label: Option<&str>) -> Vec<f32> {
        self.history.points(span).values.swap_remove(self.index(name, label))
    }
}

#[test]
fn a_second_shows_what_changed_in_it_and_a_longer_step_what_changed_in_all_of_it() {
    let mut tape = Tape::new();
    for second in 0..=20 {
        tape.tick(|sample| sample.accepts += second);
    }
    // After 20 ticks of a second there is one point less than samples.
    let seconds = tape.values(Span::TenMinutes, "accepts_per_second", None);
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let expected: Vec<f32> = (0..20).map(|second| second as f32).collect();
    assert_eq!(seconds, expected);
    assert_eq!(tape.values(Span::Hour, "accepts_per_second", None), [4.5, 14.5]);
    let points = tape.history.points(Span::Hour);
    assert_eq!(points.at, [START + 10, START + 20]);
    assert!(tape.history.points(Span::SixHours).at.is_empty());
    assert_eq!(Span::Hour.step_seconds(), 10);
}

#[test]
fn a_rate_is_by_the_time_that_went_and_not_by_the_number_of_samples() {
    let mut tape = Tape::new();
    tape.tick(|sample| {
        sample.elapsed += Duration::from_secs(3);
        sample.retries += 100;
    });
    tape.tick(|_| ());
    assert_eq!(tape.values(Span::TenMinutes, "retries_per_second", None), [25.0]);
}

#[test]
fn a_quantile_of_a_longer_step_is_of_all_that_came_in_it() {
    let mut tape = Tape::new();
    // 99 quick ones in one second, and a slow one in another: the step's median is quick, its worst hundredth is not.
    for second in 0..=10 {
        tape.tick(|sample| match second {
            2 => sample.push_request_seconds[0] += 99,
            5 => sample.push_request_seconds[9] += 3,
            _ => {}
        });
    }
    let median = |span| tape.values(span, "push_request_seconds", Some("0.5"));
    let last = |span| tape.values(span, "push_request_seconds", Some("0.99"));
    assert!(median(Span::Hour)[0] < 0.001, "{:?}", median(Span::Hour));
    assert!((0.5..=1.0).contains(&last(Span::Hour)[0]), "{:?}", last(Span::Hour));
    let seconds = median(Span::TenMinutes);
    assert!(seconds[2] < 0.001 && (0.5..=1.0).contains(&seconds[5]), "{seconds:?}");
    assert!(seconds[3].is_nan(), "nothing came in it: {seconds:?}");
}

#[test]
fn a_mailbox_that_was_full_for_a_second_is_seen_in_a_longer_step_and_a_backlog_as_it_was_at_its_end()
 {
    let mut tape = Tape::new();
    for second in 0..=20 {
        tape.tick(|sample| {
            sample.mailbox[2] = if second == 4 { 500 } else { 1 };
            sample.pending = second;
        });
    }
    let mailbox = tape.values(Span::Hour, "mailbox", Some("ChannelWorker"));
    assert_eq!(mailbox, [500.0, 1.0]);
    assert_eq!(tape.values(Span::Hour, "mailbox", Some("Root")), [0.0, 0.0]);
    assert_eq!(tape.values(Span::Hour, "pending", None), [9.0, 19.0]);
}

#[test]
fn a_day_is_kept_and_no_more_and_no_more_memory_is_taken_than_at_the_start() {
    let mut tape = Tape::new();
    let room = |tape: &Tape| {
        let of = |ring: &Ring| (ring.at.capacity(), ring.values.capacity());
        tape.history.rings.each_ref().map(of)
    };
    let before = room(&tape);
    // A day in half minutes, which its points need no more of, and then an hour and two minutes by the second.
    let more_than_a_day = 24 * 3600 + 3720;
    for _ in 0..24 * 120 {
        tape.tick(|sample| sample.at = sample.at + Duration::from_secs(29));
    }
    (0..=3720).for_each(|_| tape.tick(|_| ()));
    assert_eq!(room(&tape), before);
    let kept = tape.history.rings.each_ref().map(|ring| ring.at.len());
    assert_eq!(kept, [600, 360, 360, 720]);
    let end = START + more_than_a_day;
    for (span, count, step) in [
        (Span::TenMinutes, 600, 1),
        (Span::Hour, 360, 10),
        (Span::SixHours, 360, 60),
        (Span::Day, 720, 120),
    ] {
        let points = tape.history.points(span);
        assert_eq!(points.at.len(), count, "{span:?}");
        assert_eq!(points.at.last(), Some(&end), "{span:?}");
        assert!(points.at.windows(2).all(|two| two[1] - two[0] == step), "{span:?}");
        assert!(points.values.iter().all(|values| values.len() == count), "{span:?}");
    }
    let bytes = before.iter().map(|(at, values)| at * 8 + values * 4).sum::<usize>();
    assert!(bytes < 500_000, "{bytes} bytes");
}

#[test]
fn whoever_follows_gets_each_point_once() {
    let mut tape = Tape::new();
    (0..=35).for_each(|_| tape.tick(|_| ()));
    let after = |at| {
        let points = tape.history.after(Span::Hour, at);
        points.iter().map(|point| point.at).collect::<Vec<_>>()
    };
    assert_eq!(after(i64::MIN), [START + 10, START + 20, START + 30]);
    assert_eq!(after(START + 10), [START + 20, START + 30]);
    assert!(after(START + 30).is_empty());
    let width = tape.history.series().len();
    assert!(tape.history.after(Span::Hour, START).iter().all(|point| point.values.len() == width));
}

#[test]
fn a_clock_that_is_set_back_takes_what_is_yet_to_come_with_it() {
    let mut tape = Tape::new();
    (0..=30).for_each(|_| tape.tick(|sample| sample.pending = 1));
    tape.sample.at = Timestamp::from_millis((START + 10) * 1000);
    (0..5).for_each(|_| tape.tick(|sample| sample.pending = 2));
    let points = tape.history.points(Span::TenMinutes);
    assert!(points.at.windows(2).all(|two| two[0] < two[1]), "{:?}", points.at);
    assert_eq!(points.at.last(), Some(&(START + 14)));
    let pending = tape.values(Span::TenMinutes, "pending", None);
    assert_eq!((pending.len(), pending[8], pending[13]), (14, 1.0, 2.0));

    // Whoever follows had the points up to the thirtieth second, and is told of the next one at once.
    let after = |tape: &Tape, at| {
        let points = tape.history.after(Span::TenMinutes, at);
        points.iter().map(|point| point.at).collect::<Vec<_>>()
    };
    assert_eq!(after(&tape, START + 30), [START + 14]);
    assert!(after(&tape, START + 14).is_empty());
    tape.tick(|_| ());
    assert_eq!(after(&tape, START + 14), [START + 15]);
}

#[test]
fn lately_is_a_minute_or_two() {
    let mut tape = Tape::new();
    let span = |tape: &Tape| {
        tape.history.lately().map(|(before, after)| (after.elapsed - before.elapsed).as_secs())
    };
    tape.tick(|_| ());
    assert_eq!(span(&tape), None, "one sample is no time");
    let mut spans = Vec::new();
    for _ in 0..300 {
        tape.tick(|_| ());
        spans.push(span(&tape).unwrap());
    }
    assert_eq!(spans[..3], [1, 2, 3]);
    assert_eq!((spans[120..].iter().min(), spans[120..].iter().max()), (Some(&60), Some(&119)));
}
