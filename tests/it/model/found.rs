//! What random sequences have found, each as a story.

use std::time::Duration;

use super::asked::{Answer, Change, Op};
use super::world::template;
use super::{live, runtime};

/// The first channel, and another.
const NEWS: usize = 1;
const OTHER: usize = 2;

const HOUR: Duration = Duration::from_secs(3600);

fn tell(ops: impl IntoIterator<Item = Op>) {
    let template = runtime().block_on(template());
    live(&template, ops.into_iter().collect());
}

fn join(endpoint: usize, keys: usize, channels: usize) -> Op {
    Op::Change(Change::Join { endpoint, keys, channels, ends: false })
}

fn publish(exclude: Vec<usize>) -> Op {
    Op::Change(Change::Publish { channels: NEWS, topic: None, ttl: HOUR, exclude })
}

/// So many steps of the sweep: one reads the log, one a page, one hands that out.
fn sweep(steps: usize) -> Op {
    Op::Sweep { channel: 0, steps }
}

fn work(answer: Answer, steps: usize) -> Op {
    Op::Work { who: 0, answer, steps, mail: true }
}

#[test]
fn a_page_that_was_read_before_new_keys_starts_no_worker_with_the_old_ones() {
    tell([
        join(0, 0, NEWS),
        publish(vec![]),
        sweep(2),
        join(0, 1, NEWS),
        sweep(1),
        work(Answer::Accepted, 9),
    ]);
}

#[test]
fn a_page_that_was_read_before_a_leaving_brings_nothing_to_a_worker_that_knows_the_channel() {
    tell([
        join(0, 0, NEWS),
        publish(vec![]),
        sweep(4),
        work(Answer::Accepted, 9),
        publish(vec![]),
        sweep(2),
        Op::Change(Change::Leave { who: 0, channel: 0 }),
        work(Answer::Accepted, 9),
        Op::Mail,
        work(Answer::Accepted, 9),
        sweep(1),
        work(Answer::Accepted, 9),
    ]);
}

#[test]
fn what_was_being_tried_goes_first_no_more_when_it_has_ended_for_another_reason() {
    tell([
        join(0, 0, NEWS),
        publish(vec![]),
        publish(vec![]),
        sweep(4),
        work(Answer::Unanswered { counts: false }, 9),
        Op::Wait(Duration::from_secs(3)),
        work(Answer::Impossible, 3),
        Op::Crash,
    ]);
}

#[test]
fn whoever_read_a_notification_before_two_became_one_hears_of_its_cancellation() {
    // It excludes the second, who is in its channel; the third has it in hand while the first turns out to be the second.
    tell([
        join(0, 0, OTHER),
        join(1, 0, NEWS),
        join(2, 0, NEWS),
        publish(vec![1]),
        sweep(9),
        Op::Mail,
        Op::Change(Change::Replace { who: 0, endpoint: 1, keys: 0 }),
        Op::Change(Change::Cancel { which: 0 }),
    ]);
}

#[test]
fn what_excluded_one_of_two_who_become_one_excludes_that_one() {
    tell([
        join(0, 0, OTHER),
        join(1, 0, NEWS),
        join(2, 0, NEWS),
        publish(vec![1]),
        Op::Change(Change::Replace { who: 0, endpoint: 1, keys: 0 }),
    ]);
}

#[test]
fn what_is_scheduled_and_excludes_one_of_two_who_become_one_excludes_that_one() {
    let (ttl, wait) = (HOUR, Duration::from_secs(1));
    let change = Change::Schedule { channels: NEWS, topic: None, ttl, exclude: vec![1], wait };
    tell([
        join(0, 0, NEWS),
        join(1, 0, NEWS),
        Op::Change(change),
        Op::Change(Change::Replace { who: 0, endpoint: 1, keys: 0 }),
    ]);
}
