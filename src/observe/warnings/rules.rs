//! What is wrong of what there is: one function for each kind of thing, and nothing that is remembered.

use super::facts::{Alarm, Alert, Facts, Held, Paused, PausedKind, PushService, Store, Use};
use super::{Severity, Warning};

/// A disk that is well writes a batch in a few milliseconds. An accept waits for two of them.
const SLOW_COMMIT: f64 = 0.25;
const VERY_SLOW_COMMIT: f64 = 2.0;

/// Of 10,000 that may wait before further ones are refused.
const MANY_CHANGES: u64 = 2_000;

/// Where it turns red.
const NEARLY_FULL: f64 = 0.85;
const ALMOST_FULL: f64 = 0.95;

/// Everything that is wrong, the worst first; of what is as bad, in the order of the rules.
pub fn warnings(facts: &Facts) -> Vec<Warning> {
    let mut all = Vec::new();
    store(facts.store, &mut all);
    files(facts.files, &mut all);
    disk(facts.disk, &mut all);
    facts.push_services.iter().for_each(|service| push_service(service, &mut all));
    vapid_subject(facts.vapid_subject_missing, &mut all);
    facts.quarantines.iter().flatten().for_each(|held| quarantine(held, &mut all));
    facts.alarms.iter().for_each(|found| all.push(alarm(found)));
    facts.pauses.iter().for_each(|one| all.push(paused(one)));
    if facts.draining {
        all.push(draining());
    }
    all.sort_by_key(|warning| warning.severity);
    all
}

fn warning(code: &'static str, severity: Severity, subject: impl Into<String>) -> Warning {
    Warning {
        code,
        severity,
        subject: subject.into(),
        detail: String::new(),
        remedy: String::new(),
        page: "system".to_owned(),
        since: None,
        seen: None,
    }
}

fn store(store: Store, all: &mut Vec<Warning>) {
    if store.unwritable {
        all.push(Warning {
            detail:
                "Commits fail: nothing is accepted, and nothing is sent, until one succeeds again."
                    .to_owned(),
            remedy:
                "Free space on the disk of data_dir and look at its permissions; the log says why \
                     the last commit failed. It goes on by itself."
                    .to_owned(),
            ..warning("store_unwritable", Severity::Critical, "store")
        });
    }
    let slow = store.commit_p99_seconds.filter(|seconds| *seconds >= SLOW_COMMIT);
    if slow.is_none() && store.waiting_changes < MANY_CHANGES {
        return;
    }
    let is_bad = slow.is_some_and(|seconds| seconds >= VERY_SLOW_COMMIT);
    let mut detail = Vec::new();
    detail.extend(slow.map(|seconds| {
        format!(
            "One commit in a hundred takes {seconds:.2} s or longer; a few milliseconds are usual."
        )
    }));
    if store.waiting_changes >= MANY_CHANGES {
        let waiting = store.waiting_changes;
        detail
            .push(format!("{waiting} changes wait to be written; from 10000 on they are refused."));
    }
    all.push(Warning {
        detail: detail.join(" "),
        remedy:
            "Move data_dir to a local disk that nothing else keeps busy (an SSD; no network file \
                 system), with --data-dir."
                .to_owned(),
        ..warning(
            "store_slow",
            if is_bad { Severity::Critical } else { Severity::Warning },
            "store",
        )
    });
}

fn files(files: Option<Use>, all: &mut Vec<Warning>) {
    let Some((files, severity)) = nearly_full(files) else { return };
    let Use { used, limit } = files;
    all.push(Warning {
        detail: format!(
            "{used} of {limit} files and connections are open. Beyond that no connection is taken, and \
             no push service is reached."
        ),
        remedy: "Raise the limit (systemd: LimitNOFILE=, a shell: ulimit -n) and restart, or take \
                 fewer connections with limits.connections."
            .to_owned(),
        ..warning("files_nearly_used_up", severity, "process")
    });
}

fn disk(disk: Option<Use>, all: &mut Vec<Warning>) {
    let Some((disk, severity)) = nearly_full(disk) else { return };
    let left = disk.limit.saturating_sub(disk.used) / (1024 * 1024);
    all.push(Warning {
        detail: format!(
            "The disk of data_dir is {:.0} % full: {left} MiB are left. When it is full nothing is accepted.",
            disk.share() * 100.0
        ),
        remedy: "Free space on it, keep finished notifications for less long with --retention, or move \
                 data_dir to a larger one."
            .to_owned(),
        ..warning("disk_nearly_full", severity, "disk")
    });
}

fn nearly_full(found: Option<Use>) -> Option<(Use, Severity)> {
    let found = found?;
    match found.share() {
        share if share > ALMOST_FULL => Some((found, Severity::Critical)),
        share if share > NEARLY_FULL => Some((found, Severity::Warning)),
        _ => None,
    }
}

fn push_service(service: &PushService, all: &mut Vec<Warning>) {
    for found in &service.alerts {
        match found.code {
            // A key is refused by its name, so that it can be compared.
            "vapid_key_paused" => {
                all.extend(service.refused_keys.iter().map(|key| refused(&service.origin, key)));
            }
            _ => all.push(found_of(&service.origin, found)),
        }
    }
}

fn refused(origin: &str, (key, app): &(String, String)) -> Warning {
    Warning {
        detail: format!(
            "{origin} answers 401 or 403 to what the VAPID key {key} of the app {app} signs. Nobody is deleted: \
             what it signs waits, and one request now and then finds out whether it is taken."
        ),
        remedy: format!(
            "Compare the key with the one that browsers subscribe with (fanfare vapid list --app {app}; fanfare \
             vapid import brings an earlier one back), and look at --vapid-subject and at this machine's clock."
        ),
        page: "push-services".to_owned(),
        ..warning("vapid_key_paused", Severity::Critical, format!("{origin} {key}"))
    }
}

fn found_of(origin: &str, found: &Alert) -> Warning {
    let remedy = match found.code {
        "origin_shut" => {
            "Look at the push service's status page, and whether this machine reaches it; the log says how it \
             fails. If it wants fewer requests, publish less at once."
        }
        "clock_skew" => {
            "Keep this machine's clock with NTP: timedatectl set-ntp true. Push services refuse what is signed \
             by a clock that is off by hours."
        }
        "mostly_throttled" => {
            "Publish less at once, or ask the push service for more; urgency low lets it put off what can wait."
        }
        _ => "Look at this machine's network and at the push service's own status page.",
    };
    Warning {
        detail: format!("{origin}: {}", found.detail),
        remedy: remedy.to_owned(),
        page: "push-services".to_owned(),
        since: found.since,
        ..warning(found.code, Severity::Warning, origin)
    }
}

fn vapid_subject(is_missing: bool, all: &mut Vec<Warning>) {
    if !is_missing {
        return;
    }
    all.push(Warning {
        detail: "Pushes carry no contact: Apple refuses them, and browsers of Apple's cannot subscribe."
            .to_owned(),
        remedy: "Set --vapid-subject mailto:you@your.domain (vapid_subject in fanfare.toml, then SIGHUP)."
            .to_owned(),
        page: "push-services".to_owned(),
        ..warning("vapid_subject_missing", Severity::Warning, "vapid_subject")
    });
}

fn quarantine(held: &Held, all: &mut Vec<Warning>) {
    let Held { push_service, quarantines, subscriptions } = held;
    all.push(Warning {
        detail: format!(
            "{subscriptions} subscriptions at {push_service} are held back in {quarantines} quarantines: too many \
             went at once, or our key is refused for them alone. They get nothing until somebody decides."
        ),
        remedy: "List them with GET /v1/quarantines of their app; then POST /v1/quarantines/{id}/undo brings \
                 them back, and …/apply lets them go."
            .to_owned(),
        page: "push-services".to_owned(),
        ..warning("quarantine_open", Severity::Warning, *push_service)
    });
}

fn alarm(alarm: &Alarm) -> Warning {
    let (severity, remedy) = match alarm.kind {
        "mailbox_over_bound" => (
            Severity::Warning,
            "Messages come faster than they are handled. If it stays so, add cores (--workers), or publish \
             less at once.",
        ),
        "slow_handler" => (
            Severity::Warning,
            "It kept its thread from all others on it for that long. Look at its log lines and whether the \
             machine was busy; if it was not, please report it.",
        ),
        "restart_loop" => (
            Severity::Critical,
            "It panics again and again: its page has the text of the last panic, its log lines what it was \
             doing. Please report it.",
        ),
        _ => (
            Severity::Critical,
            "It panicked too often and was given up; its work is in the store, and another is started for it. \
             Please report the panic that its log lines show.",
        ),
    };
    Warning {
        detail: alarm.detail.clone(),
        remedy: remedy.to_owned(),
        page: format!("actors/{}", alarm.actor),
        seen: Some(alarm.seen),
        ..warning(alarm.kind, severity, alarm.actor.clone())
    }
}

fn paused(Paused { what, name, by, since }: &Paused) -> Warning {
    let (code, page, resume) = match what {
        PausedKind::PushService => ("push_service_paused", "push-services", "push-services/resume"),
        PausedKind::Channel => ("channel_paused", "channels", "channels/resume"),
    };
    Warning {
        detail: format!(
            "{by} has paused {name}: what is for it is accepted and waits, and expires when its ttl is over."
        ),
        remedy: format!("Resume it on its page, or with POST /v1/observe/{resume}."),
        page: page.to_owned(),
        since: Some(*since),
        ..warning(code, Severity::Warning, name.as_str())
    }
}

fn draining() -> Warning {
    Warning {
        detail: "An operator has drained this node: publishes are accepted, and nothing is sent."
            .to_owned(),
        remedy: "POST /v1/observe/resume sends again; a restart does, too.".to_owned(),
        ..warning("draining", Severity::Critical, "delivery")
    }
}
