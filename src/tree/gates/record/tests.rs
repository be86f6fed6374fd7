//! What is counted, where, and for how long.

use super::*;

/// The beginning of a minute.
const NOW: Timestamp = Timestamp::from_millis(1_795_291_200_000);

fn at(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

fn answer(status: u16) -> Seen {
    Seen::Answer { status, took: Duration::from_millis(100), date: None }
}

fn counts(answers: Answers) -> [u64; 5] {
    let Answers { ok, client_error, throttled, server_error, none } = answers;
    [ok, client_error, throttled, server_error, none]
}

#[test]
fn every_end_is_counted_in_its_class() {
    let mut record = Record::default();
    for status in [200, 201, 204, 400, 404, 410, 406, 413, 302, 429, 500, 502, 507, 599] {
        record.note(answer(status), NOW);
    }
    record.note(Seen::Nothing, NOW);
    let fares = record.fares(NOW);
    assert_eq!(counts(fares.answers), [3, 6, 1, 4, 1]);
    assert_eq!(fares.answers_recent, fares.answers);
    assert_eq!(fares.answers.answered(), 14);
    assert_eq!((fares.latency.count, fares.last_answer), (14, Some(NOW)));
}

#[test]
fn what_is_recent_is_one_to_two_minutes_old_and_the_rest_is_only_counted() {
    let mut record = Record::default();
    record.note(answer(201), at(50));
    assert_eq!(record.fares(at(59)).recent_seconds, 9.0, "no longer than it is known");
    record.note(answer(503), at(70));
    let both = record.fares(at(119));
    assert_eq!((counts(both.answers_recent), both.recent_seconds), ([1, 0, 0, 1, 0], 69.0));
    let later = record.fares(at(120));
    assert_eq!((counts(later.answers_recent), later.recent_seconds), ([0, 0, 0, 1, 0], 60.0));
    assert_eq!(later.latency.count, 1);
    let much_later = record.fares(at(1000));
    assert_eq!((counts(much_later.answers_recent), much_later.recent_seconds), ([0; 5], 100.0));
    assert_eq!(much_later.latency, Latency::default());
    assert_eq!(counts(much_later.answers), [1, 0, 0, 1, 0]);
    assert_eq!(much_later.last_answer, Some(at(70)));
}

#[test]
fn nothing_counts_for_longer_because_the_clock_was_put_back() {
    let mut record = Record::default();
    record.note(answer(201), at(7200));
    record.note(answer(201), at(0));
    let fares = record.fares(at(30));
    assert_eq!((counts(fares.answers_recent), fares.recent_seconds), ([1, 0, 0, 0, 0], 30.0));
    assert_eq!(counts(fares.answers), [2, 0, 0, 0, 0]);
}

#[test]
fn it_is_known_since_when_a_gate_has_not_been_open() {
    let mut record = Record::default();
    record.gate_is(false, at(1));
    record.gate_is(false, at(2));
    assert_eq!(record.fares(at(3)).not_open_since, Some(at(1)));
    record.gate_is(true, at(4));
    assert_eq!(record.fares(at(4)).not_open_since, None);
}

#[test]
fn it_stays_small_because_strangers_choose_origins() {
    assert!(size_of::<Record>() < 1536, "{}", size_of::<Record>());
}
