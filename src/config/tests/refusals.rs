//! What is refused or warned about, and in which words.

use super::{Config, file, flag, refusal, variable};

#[test]
fn a_refusal_names_the_place_the_key_what_is_wrong_and_the_remedy() {
    let rows = [
        (
            file("# one\n[egress]\ntimeout = 10\n"),
            "fanfare.toml:3: egress.timeout is not a duration: \"10\"; \
             write a number with its unit, such as 250ms, 10s or 1h",
        ),
        (
            file("trusted_proxies = [\"10.0.0.0/33\"]"),
            "fanfare.toml:1: trusted_proxies is not a network: \"10.0.0.0/33\"; \
             write it in CIDR form, such as 10.0.0.0/8 or fd00::/8",
        ),
        (
            variable("FANFARE_LISTEN", "8080"),
            "FANFARE_LISTEN: listen is not an address with a port: \"8080\"; \
             write it as 127.0.0.1:8080 or [::]:8080",
        ),
        (
            flag("delivery-retry-max", "10ms"),
            "--delivery-retry-max: delivery.retry_max is shorter than delivery.retry_min (1s); make it longer",
        ),
        (
            flag("workers", "257"),
            "--workers: workers is not a whole number from 1 to 256: \"257\"; write one that is",
        ),
        (
            flag("limits-idle-timeout", "900ms"),
            "--limits-idle-timeout: limits.idle_timeout is shorter than a second; choose a duration that is longer",
        ),
        (
            flag("retention", "59m"),
            "--retention: retention is shorter than 1h; choose a duration that is longer",
        ),
        (
            file("\nlisten = [\"127.0.0.1:1\"]"),
            "fanfare.toml:2: listen has one value; write it as a string, a number or true or false",
        ),
        (
            file("listen = 127"),
            "fanfare.toml:1: listen is not an address with a port: \"127\"; \
             write it as 127.0.0.1:8080 or [::]:8080",
        ),
    ];
    for (sources, words) in rows {
        assert_eq!(refusal(&sources), words);
    }
}

#[test]
fn values_that_cannot_work_are_refused() {
    let rows = [
        ("egress-timeout", "0s"),
        ("egress-timeout", "-1s"),
        ("egress-timeout", "soon"),
        ("egress-allow", "push.internal"),
        ("egress-allow", "push.internal:0"),
        ("egress-allow", "https://push.internal:1"),
        ("egress-ca-file", ""),
        ("egress-known-only", "yes"),
        ("delivery-max-attempts", "0"),
        ("workers", "0"),
        ("public-url", "push.example.com"),
        ("public-url", "ftp://push.example.com"),
        ("public-url", "https://user@push.example.com"),
        ("public-url", "https://push.example.com/fanfare"),
        ("database-url", "sqlite:"),
        ("database-url", "sqlite::memory:"),
        ("database-url", "/var/lib/fanfare.db"),
        ("vapid-subject", "ops@example.com"),
        ("log", "loud"),
        ("log", "fanfare=loud"),
        ("log-format", "yaml"),
        ("demo", "maybe"),
        ("data-dir", ""),
        (
            "data-dir",
            "/a-path-that-is-too-long-for-a-socket/0123456789012345678901234567890123456789012345678901234",
        ),
    ];
    for (name, value) in rows {
        let words = refusal(&flag(name, value));
        assert!(words.starts_with(&format!("--{name}: ")), "{name}={value}: {words}");
    }
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_one_that_was_meant() {
    let rows = [
        ("\nlistn = 1", "fanfare.toml:2: listn is not a known key; did you mean listen?"),
        (
            "[egress]\ntimout = \"1s\"",
            "fanfare.toml:2: egress.timout is not a known key; did you mean egress.timeout?",
        ),
        (
            "retry_min = \"1s\"",
            "fanfare.toml:1: retry_min is not a known key; did you mean delivery.retry_min?",
        ),
        (
            "[delivry]\nidle = \"1s\"",
            "fanfare.toml:1: delivry is not a known key; did you mean delivery?",
        ),
        (
            "egress = 5",
            "fanfare.toml:1: egress is not a known key; \
             it is a table: write [egress] on a line of its own, and its keys below",
        ),
        (
            "qqq = 5",
            "fanfare.toml:1: qqq is not a known key; \
             take it out; `fanfare check-config` prints the keys that there are",
        ),
        (
            "bootstrap_key = \"fk_x\"",
            "fanfare.toml:1: bootstrap_key is not a known key; \
             set FANFARE_BOOTSTRAP_KEY or FANFARE_BOOTSTRAP_KEY_FILE instead",
        ),
    ];
    for (text, words) in rows {
        assert_eq!(refusal(&file(text)), words);
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let mut sources = file("listen = \"x\"\nbogus = 1\n");
    sources.flags = flag("demo", "perhaps").flags;
    assert_eq!(refusal(&sources).lines().count(), 3);
}

#[test]
fn what_is_no_toml_is_refused_with_its_line() {
    assert!(
        refusal(&file("listen = \"a\"\nworkers = = 3"))
            .starts_with("fanfare.toml:2: not valid TOML: ")
    );
}

#[test]
fn an_unknown_variable_is_warned_about_with_the_one_that_was_meant() {
    let rows = [
        ("FANFARE_LISTENN", Some("did you mean FANFARE_LISTEN?")),
        ("FANFARE_BOOTSTRAP_KEY_FIL", Some("did you mean FANFARE_BOOTSTRAP_KEY_FILE?")),
        ("FANFARE_CONFIG", None),
        ("FANFARE_SERVER", None),
    ];
    for (name, words) in rows {
        let warnings = Config::load(&variable(name, "x")).expect("a warning, no error").warnings;
        assert_eq!(warnings.len(), usize::from(words.is_some()), "{name}: {warnings:?}");
        if let Some(words) = words {
            assert!(warnings[0].starts_with(name) && warnings[0].ends_with(words), "{warnings:?}");
        }
    }
}

#[test]
fn postgres_is_refused_plainly_and_its_password_is_not_repeated() {
    for url in ["postgres://u:hunter2@db/fanfare", "postgresql://u:hunter2@db/fanfare"] {
        let words = refusal(&variable("FANFARE_DATABASE_URL", url));
        assert!(words.contains("PostgreSQL, which is not in this build"), "{words}");
        assert!(!words.contains("hunter2"), "{words}");
    }
}
