//! The table: an attempt's end, and what follows.

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::webpush::reply::Scope;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn standing() -> Standing {
    Standing {
        attempts: 2,
        failures: 5,
        unheard_since: None,
        expires: NOW + Duration::from_secs(86_400),
        now_or_never: false,
        now: NOW,
    }
}

fn policy(max_attempts: Option<u32>) -> RetryPolicy {
    let (min, max) = (Duration::from_secs(1), Duration::from_secs(60));
    RetryPolicy::try_new(min, max, max_attempts).expect("a valid policy")
}

fn judged(attempted: &Attempted, standing: Standing) -> Judgement {
    judge(attempted, standing, &policy(None), &mut StdRng::seed_from_u64(1))
}

fn answered(verdict: Verdict) -> Attempted {
    Attempted::Answered {
        verdict,
        status: 599,
        reason: Some("said so".to_owned()),
        refused_alone: 0,
    }
}

fn retry(after: Option<u64>) -> Attempted {
    answered(Verdict::Retry { after: after.map(Duration::from_secs), scope: Scope::Endpoint })
}

#[test]
fn an_answer_that_ends_a_delivery_ends_it_at_once_and_clears_the_failures() {
    for (verdict, outcome) in [
        (Verdict::Accepted, Outcome::Accepted),
        (Verdict::Gone, Outcome::Gone),
        (Verdict::TooLarge, Outcome::TooLarge),
        (Verdict::Rejected, Outcome::Rejected),
    ] {
        let judgement = judged(&answered(verdict), standing());
        assert_eq!((judgement.outcome, judgement.wait), (Some(outcome), None));
        assert_eq!((judgement.failures, judgement.attempts), (0, 3));
        assert_eq!(judgement.failure.is_none(), outcome == Outcome::Accepted, "{outcome:?}");
    }
}

#[test]
fn what_may_heal_is_tried_again_and_counted() {
    for attempted in [
        retry(None),
        answered(Verdict::NoSubscriber),
        Attempted::Unanswered { reason: "cut".to_owned(), counts: true },
    ] {
        let judgement = judged(&attempted, standing());
        assert_eq!(judgement.outcome, None, "{attempted:?}");
        assert!(judgement.failure.is_some(), "{attempted:?}: it is shown while it waits");
        assert_eq!((judgement.failures, judgement.attempts), (6, 3), "{attempted:?}");
    }
}

#[test]
fn what_is_not_the_endpoints_fault_is_no_attempt_but_backs_off() {
    for attempted in [
        Attempted::Unanswered { reason: "GOAWAY".to_owned(), counts: false },
        answered(Verdict::Unauthorized),
    ] {
        let judgement = judged(&attempted, standing());
        assert_eq!((judgement.failures, judgement.attempts, judgement.outcome), (6, 2, None));
    }
}

#[test]
fn who_is_refused_while_others_are_served_waits_longest() {
    let alone = Attempted::Answered {
        verdict: Verdict::Unauthorized,
        status: 403,
        reason: None,
        refused_alone: 1,
    };
    let judgement = judged(&alone, standing());
    assert!(judgement.wait.is_some_and(|wait| wait >= policy(None).max()), "{judgement:?}");
    assert_eq!((judgement.outcome, judgement.refused), (None, false));
}

#[test]
fn who_is_refused_alone_has_one_more_try_before_the_ttl_ends() {
    let alone = Attempted::Answered {
        verdict: Verdict::Unauthorized,
        status: 403,
        reason: None,
        refused_alone: 1,
    };
    let short = Standing { expires: NOW + Duration::from_secs(50), ..standing() };
    let judgement = judged(&alone, short);
    assert_eq!((judgement.outcome, judgement.wait), (None, Some(Duration::from_secs(25))));
}

#[test]
fn who_is_refused_like_all_others_is_there_soon_after_the_key_is_put_right() {
    let policy = RetryPolicy::default();
    for seed in 0..100 {
        let long = Standing { failures: 40, ..standing() };
        let rng = &mut StdRng::seed_from_u64(seed);
        let judgement = judge(&answered(Verdict::Unauthorized), long, &policy, rng);
        assert!(judgement.wait.is_some_and(|wait| wait <= REFUSED_WAIT), "{judgement:?}");
    }
}

#[test]
fn who_is_refused_for_a_day_while_others_are_served_is_quarantined() {
    let alone = |refused_alone| Attempted::Answered {
        verdict: Verdict::Unauthorized,
        status: 403,
        reason: None,
        refused_alone,
    };
    assert!(!judged(&alone(23), standing()).refused);
    let judgement = judged(&alone(24), standing());
    assert_eq!((judgement.outcome, judgement.refused), (Some(Outcome::Rejected), true));
    assert_eq!(judgement.endpoint(true, NOW), EndpointState::Refused);
}

#[test]
fn what_was_held_before_a_gate_waits_as_long_as_the_gate_says_and_nothing_else_changes() {
    let held = Attempted::Held { until: NOW + Duration::from_secs(7) };
    let judgement = judged(&held, standing());
    assert_eq!((judgement.outcome, judgement.wait), (None, Some(Duration::from_secs(7))));
    assert_eq!((judgement.failures, judgement.attempts), (5, 2));
    let once = Standing { now_or_never: true, ..standing() };
    assert_eq!(judged(&held, once).outcome, None, "it has had no attempt yet");
    let soon = Standing { expires: NOW + Duration::from_secs(6), ..standing() };
    let judgement = judged(&held, soon);
    assert_eq!((judgement.outcome, judgement.wait), (None, Some(Duration::from_secs(3))));
    let sooner = Standing { expires: NOW + Duration::from_secs(1), ..standing() };
    let judgement = judged(&held, sooner);
    assert_eq!((judgement.outcome, judgement.attempts), (Some(Outcome::Expired), 2));
    assert!(judgement.failure.is_some_and(|failure| failure.reason.contains("push service")));
}

#[test]
fn what_an_operator_pauses_waits_for_the_operator_and_expires_by_the_store_alone() {
    let until = NOW + Duration::from_secs(1 << 35);
    for standing in [
        standing(),
        Standing { now_or_never: true, ..standing() },
        Standing { expires: NOW + Duration::from_millis(1), ..standing() },
        Standing { unheard_since: Some(NOW), ..standing() },
    ] {
        let judgement = judged(&Attempted::Paused { until }, standing);
        assert_eq!((judgement.outcome, judgement.attempts), (None, 2), "{standing:?}");
        let Standing { failures, unheard_since, .. } = standing;
        let waits =
            EndpointState::Waiting { not_before: until, failures, attempts: 2, unheard_since };
        assert_eq!(judgement.endpoint(true, NOW), waits, "until that very moment");
    }
}

#[test]
fn a_wait_is_never_shorter_than_the_push_service_asks() {
    let wait = judged(&retry(Some(120)), standing()).wait.expect("a wait");
    assert!(wait >= Duration::from_secs(120), "{wait:?}");
    let wait = judged(&answered(Verdict::NoSubscriber), standing()).wait.expect("a wait");
    assert!(wait >= NO_SUBSCRIBER_WAIT, "{wait:?}");
}

#[test]
fn what_could_only_be_tried_after_its_time_has_expired() {
    let soon = Standing { expires: NOW + Duration::from_secs(100), ..standing() };
    let judgement = judged(&retry(Some(100)), soon);
    assert_eq!(judgement.outcome, Some(Outcome::Expired));
    assert!(judgement.wait.is_some(), "the endpoint is left alone all the same");
    assert_eq!(judgement.failure.map(|failure| failure.reason).as_deref(), Some("said so"));
}

#[test]
fn a_wait_of_our_own_leaves_time_for_another_try_before_the_end() {
    for left in [2, 10, 50] {
        let left = Duration::from_secs(left);
        let judgement = judged(&retry(None), Standing { expires: NOW + left, ..standing() });
        assert_eq!(judgement.outcome, None);
        assert!(judgement.wait.is_some_and(|wait| wait <= left / 2), "{judgement:?}");
    }
}

#[test]
fn nothing_is_given_up_long_before_its_time_however_long_the_policys_waits_are() {
    let long = RetryPolicy::try_new(Duration::from_secs(600), Duration::from_secs(3600), None);
    let long = long.expect("a valid policy");
    for (seed, left) in (0..100).flat_map(|seed| [2, 3, 60].map(|left| (seed, left))) {
        let left = Duration::from_secs(left);
        let rng = &mut StdRng::seed_from_u64(seed);
        let judgement =
            judge(&retry(None), Standing { expires: NOW + left, ..standing() }, &long, rng);
        assert!(left < ENDS_WITHIN || judgement.outcome.is_none(), "{left:?}: {judgement:?}");
    }
}

#[test]
fn now_or_never_has_one_attempt() {
    let once = Standing { attempts: 0, now_or_never: true, ..standing() };
    assert_eq!(judged(&retry(None), once).outcome, Some(Outcome::Expired));
}

#[test]
fn the_last_attempt_that_is_allowed_rejects() {
    let judgement =
        judge(&retry(None), standing(), &policy(Some(3)), &mut StdRng::seed_from_u64(1));
    assert_eq!((judgement.outcome, judgement.attempts), (Some(Outcome::Rejected), 3));
    let judgement =
        judge(&retry(None), standing(), &policy(Some(4)), &mut StdRng::seed_from_u64(1));
    assert_eq!(judgement.outcome, None);
}

#[test]
fn what_is_impossible_is_rejected_and_says_nothing_about_the_endpoint() {
    let judgement = judged(&Attempted::Impossible { reason: "refused".to_owned() }, standing());
    assert_eq!((judgement.outcome, judgement.failures), (Some(Outcome::Rejected), 5));
}

#[test]
fn seven_days_of_nothing_but_507_are_the_end() {
    let day = Duration::from_secs(86_400);
    let first = judged(&answered(Verdict::NoSubscriber), standing());
    assert_eq!((first.outcome, first.unheard_since), (None, Some(NOW)));
    let later = |now: Timestamp| Standing {
        unheard_since: first.unheard_since,
        now,
        expires: now + day,
        ..standing()
    };
    let just_before = NOW + 7 * day - Duration::from_millis(1);
    let before = judged(&answered(Verdict::NoSubscriber), later(just_before));
    assert_eq!((before.outcome, before.unheard_since), (None, Some(NOW)));
    let after = judged(&answered(Verdict::NoSubscriber), later(NOW + 7 * day));
    assert_eq!((after.outcome, after.wait), (Some(Outcome::Gone), None));
    assert_eq!(after.failure.and_then(|failure| failure.status), Some(599));
}

#[test]
fn any_other_answer_begins_the_seven_days_anew_and_no_answer_does_not() {
    let unheard = Standing { unheard_since: Some(NOW), ..standing() };
    for heard in [
        answered(Verdict::Accepted),
        answered(Verdict::TooLarge),
        answered(Verdict::Rejected),
        answered(Verdict::Unauthorized),
        retry(None),
    ] {
        assert_eq!(judged(&heard, unheard).unheard_since, None, "{heard:?}");
    }
    for nothing in [
        Attempted::Unanswered { reason: "cut".to_owned(), counts: true },
        Attempted::Impossible { reason: "refused".to_owned() },
    ] {
        assert_eq!(judged(&nothing, unheard).unheard_since, Some(NOW), "{nothing:?}");
    }
}
