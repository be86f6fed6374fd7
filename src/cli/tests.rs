//! The command line from outside: arguments in; requests to a daemon that answers as it is told, and text, out.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread::JoinHandle;

use clap::CommandFactory;
use serde_json::{Value, json};

use super::*;

mod moving;

/// A request as the daemon saw it.
#[derive(Debug, PartialEq)]
struct Seen {
    line: String,
    headers: Vec<String>,
    body: Value,
}

/// Reads one request and gives one answer for each of `answers`, on one connection.
fn answer_all(stream: impl Read + Write, answers: &[(u16, Value)]) -> Vec<Seen> {
    let mut stream = BufReader::new(stream);
    let mut seen = Vec::new();
    for (status, answer) in answers {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            match line.trim_end() {
                "" => break,
                text => head.push(text.to_owned()),
            }
        }
        let length = head.iter().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        stream.read_exact(&mut body).unwrap();
        let line = head.remove(0).trim_end_matches(" HTTP/1.1").to_owned();
        let body =
            if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        seen.push(Seen { line, headers: head, body });
        let text = if answer.is_null() { String::new() } else { answer.to_string() };
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", text.len());
        stream.get_mut().write_all(format!("{head}{text}").as_bytes()).unwrap();
    }
    seen
}

fn daemon_at(data_dir: &Path, answers: Vec<(u16, Value)>) -> JoinHandle<Vec<Seen>> {
    let listener = UnixListener::bind(data_dir.join("control.sock")).unwrap();
    std::thread::spawn(move || answer_all(listener.accept().unwrap().0, &answers))
}

/// Runs a command; what it printed, or why it failed.
fn fanfare(arguments: &[&str], variables: &[(&str, &str)]) -> Result<String, CliError> {
    let cli = Cli::try_parse_from(["fanfare"].iter().chain(arguments))
        .unwrap_or_else(|error| panic!("{error}"));
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut text = Vec::new();
    let mut out = Output::new(&mut text);
    dispatch(cli, variables.collect(), &mut out)?;
    out.finish().unwrap();
    Ok(String::from_utf8(text).unwrap())
}

#[test]
fn the_definitions_hold_together() {
    Cli::command().debug_assert();
}

/// Arguments, the request that they make, the daemon's answer, what is printed.
type Row = (&'static [&'static str], &'static str, Value, Value, &'static str);

fn rows() -> Vec<Row> {
    vec![
        (
            &["notify", "blog/articles", "Tea"],
            "POST /v1/channels/blog%2Farticles/notifications",
            json!({"notification": {"body": "Tea"}}),
            json!({"id": "ntf_1", "channel": "blog/articles", "seq": 1, "recipients": 3}),
            "ntf_1: 3 recipients in blog/articles\n",
        ),
        (
            &["key", "create", "--scopes", "notify,read", "--json"],
            "POST /v1/apps/shop/keys",
            json!({"scopes": ["notify", "read"]}),
            json!({"key": "fk_x"}),
            "{\"key\":\"fk_x\"}\n",
        ),
        (
            &["key", "create", "--scopes=admin", "--title", "CI"],
            "POST /v1/apps/shop/keys",
            json!({"scopes": ["admin"], "title": "CI"}),
            json!({"key": "fk_x", "id": "key_1"}),
            "fk_x\n",
        ),
        (
            &["key", "revoke", "key_1"],
            "DELETE /v1/apps/shop/keys/key_1",
            Value::Null,
            Value::Null,
            "",
        ),
        (
            &["token", "--channels", "user:42,team:*", "--expires-in", "30m"],
            "POST /v1/tokens",
            json!({"channels": ["user:42", "team:*"], "expires_in": 1800}),
            json!({"token": "ey.J.x"}),
            "ey.J.x\n",
        ),
        (
            &["channel", "list", "--prefix", "user:"],
            "GET /v1/channels?prefix=user:",
            Value::Null,
            json!({"items": [{"name": "user:42", "subscribers": 2, "head": 9, "open": 1}], "next": null}),
            "name     subscribers  head  open  oldest_pending\nuser:42  2            9     1     -\n",
        ),
        (
            &["subscription", "list", "news"],
            "GET /v1/channels/news/subscriptions",
            Value::Null,
            json!({"items": [{"id": "sub_1", "push_service": "fcm", "state": "waiting", "lag": 2, "attempt": 3,
                              "trouble": {"status": 503, "reason": "later"}}], "next": null}),
            "id     push_service  state    lag  attempt  next_attempt  why\n\
             sub_1  fcm           waiting  2    3        -             503: later\n",
        ),
        (
            &["subscription", "list", "--quarantined", "--json"],
            "GET /v1/quarantines",
            Value::Null,
            json!({"items": [{"id": "qua_1"}], "next": null}),
            "{\"items\":[{\"id\":\"qua_1\"}]}\n",
        ),
        (
            &["subscription", "restore", "sub_1"],
            "POST /v1/subscriptions/sub_1/restore",
            Value::Null,
            json!({"id": "sub_1", "channels": ["news", "user:42"]}),
            "sub_1 is back in news,user:42\n",
        ),
        (
            &["subscription", "delete", "sub_1", "--json"],
            "DELETE /v1/subscriptions/sub_1",
            Value::Null,
            Value::Null,
            "{\"deleted\":[\"sub_1\"]}\n",
        ),
        (
            &["vapid", "generate", "--current"],
            "POST /control/vapid-keys",
            json!({"current": true}),
            json!({"id": 2, "key": "BPk"}),
            "BPk\n",
        ),
        (
            &["vapid", "rotate"],
            "POST /control/vapid-keys",
            json!({"current": true}),
            json!({"id": "vpk_2", "key": "BPk"}),
            "BPk\n",
        ),
        (
            &["vapid", "list"],
            "GET /control/vapid-keys",
            Value::Null,
            json!({"items": [{"id": "vpk_1", "key": "BPk", "current": true, "subscriptions": 3}]}),
            "id     key  current  subscriptions  created\nvpk_1  BPk  true     3              -\n",
        ),
        (
            &["vapid", "export", "7"],
            "GET /control/vapid-keys/7/export",
            Value::Null,
            json!({"privateKey": "p", "publicKey": "q"}),
            "{\"privateKey\":\"p\",\"publicKey\":\"q\"}\n",
        ),
    ]
}

#[test]
fn a_command_makes_its_call_for_its_app_and_prints_the_answer() {
    for (arguments, line, body, answer, printed) in rows() {
        let directory = tempfile::tempdir().unwrap();
        let daemon = daemon_at(directory.path(), vec![(200, answer)]);
        let data_dir = directory.path().to_str().unwrap();
        let arguments = [arguments, &["--app", "shop", "--data-dir", data_dir]].concat();
        assert_eq!(fanfare(&arguments, &[]).unwrap(), printed, "{arguments:?}");
        let seen = daemon.join().unwrap().remove(0);
        assert_eq!((seen.line.as_str(), seen.body), (line, body), "{arguments:?}");
        assert!(seen.headers.contains(&"fanfare-app: shop".to_owned()), "{:?}", seen.headers);
    }
}

#[test]
fn an_app_is_made_and_changed_with_what_was_given() {
    let rows = [
        (
            vec![
                "app",
                "create",
                "shop",
                "--origin",
                "https://a.test",
                "--origin",
                "https://b.test",
            ],
            "POST /v1/apps",
            json!({"id": "shop", "origins": ["https://a.test", "https://b.test"]}),
        ),
        (
            vec!["app", "set", "shop", "--exclusive", "", "--limit", "open=5", "--limit", "a=none"],
            "PATCH /v1/apps/shop",
            json!({"exclusive": [], "limits": {"open": 5, "a": null}}),
        ),
        (vec!["app", "delete", "shop"], "DELETE /v1/apps/shop", Value::Null),
        (vec!["app", "token-secret", "shop"], "POST /v1/apps/shop/token-secret", Value::Null),
    ];
    for (mut arguments, line, body) in rows {
        let directory = tempfile::tempdir().unwrap();
        let daemon = daemon_at(directory.path(), vec![(200, json!({}))]);
        arguments.extend(["--data-dir", directory.path().to_str().unwrap()]);
        fanfare(&arguments, &[]).unwrap();
        let seen = daemon.join().unwrap().remove(0);
        assert_eq!((seen.line.as_str(), seen.body), (line, body));
    }
}

#[test]
fn a_quarantine_is_moved_step_by_step_until_it_is_done() {
    for (command, word, done) in [
        ("restore", "undo", "300 subscriptions are back in their channels\n"),
        ("forget", "apply", "300 subscriptions are gone, and can be restored for seven days\n"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let step = |moved, done| json!({"done": done, "quarantine": {"moved": moved}});
        let answers = vec![
            (200, json!({"subscriptions": 300, "moved": 0})),
            (200, step(200, false)),
            (200, step(300, true)),
        ];
        let daemon = daemon_at(directory.path(), answers);
        let data_dir = directory.path().to_str().unwrap();
        let arguments = ["subscription", command, "--quarantine", "qua_1", "--data-dir", data_dir];
        assert_eq!(fanfare(&arguments, &[]).unwrap(), done);
        let lines: Vec<_> = daemon.join().unwrap().into_iter().map(|seen| seen.line).collect();
        let step = format!("POST /v1/quarantines/qua_1/{word}?limit=200");
        assert_eq!(lines, ["GET /v1/quarantines/qua_1", &step, &step]);
    }
}

#[test]
fn who_is_to_come_back_is_said_in_one_way() {
    for arguments in [
        vec!["subscription", "restore"],
        vec!["subscription", "restore", "sub_1", "--all"],
        vec!["subscription", "restore", "--all", "--quarantine", "qua_1"],
        vec!["subscription", "list"],
        vec!["subscription", "list", "news", "--quarantined"],
        vec!["subscription", "delete"],
        vec!["subscription", "forget"],
    ] {
        let all = ["fanfare"].iter().chain(&arguments);
        assert!(Cli::try_parse_from(all).is_err(), "{arguments:?}");
    }
}

#[test]
fn a_list_is_read_to_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let pages = vec![
        (200, json!({"items": [{"id": "a"}], "next": "c/1"})),
        (200, json!({"items": [{"id": "b"}], "next": null})),
    ];
    let daemon = daemon_at(directory.path(), pages);
    let data_dir = directory.path().to_str().unwrap();
    let printed = fanfare(&["app", "list", "--json", "--data-dir", data_dir], &[]).unwrap();
    assert_eq!(printed, "{\"items\":[{\"id\":\"a\"},{\"id\":\"b\"}]}\n");
    let lines: Vec<_> = daemon.join().unwrap().into_iter().map(|seen| seen.line).collect();
    assert_eq!(lines, ["GET /v1/apps", "GET /v1/apps?cursor=c%2F1"]);
}

#[test]
fn a_refusal_of_the_api_is_the_commands_error() {
    let directory = tempfile::tempdir().unwrap();
    let problem = json!({"title": "Conflict", "status": 409, "detail": "app shop exists already"});
    let daemon = daemon_at(directory.path(), vec![(409, problem)]);
    let data_dir = directory.path().to_str().unwrap();
    let error = fanfare(&["app", "create", "shop", "--data-dir", data_dir], &[]).unwrap_err();
    assert_eq!(error.chain(), "Conflict: app shop exists already");
    assert_eq!(error.exit_code(), ExitCode::from(1));
    daemon.join().unwrap();
}

#[test]
fn notify_reaches_a_daemon_elsewhere_with_a_key_and_names_no_app_of_its_own() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}/push", listener.local_addr().unwrap());
    let answer = json!({"id": "ntf_1", "channel": "demo", "recipients": 0});
    let daemon = std::thread::spawn(move || {
        answer_all(listener.accept().unwrap().0, &[(202, answer)]).remove(0)
    });
    let variables = [("FANFARE_SERVER", server.as_str()), ("FANFARE_KEY", "fk_secret")];
    let printed = fanfare(&["notify", "demo", "Tea"], &variables).unwrap();
    assert_eq!(printed, "ntf_1: 0 recipients in demo\n");
    let seen = daemon.join().unwrap();
    assert_eq!(seen.line, "POST /push/v1/channels/demo/notifications");
    assert!(seen.headers.contains(&"authorization: Bearer fk_secret".to_owned()));
    assert!(!seen.headers.iter().any(|header| header.starts_with("fanfare-app")));
}

#[test]
fn the_healthcheck_says_what_the_listener_says() {
    for (status, well) in [(200, true), (503, false)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let daemon = std::thread::spawn(move || {
            answer_all(listener.accept().unwrap().0, &[(status, json!({}))]).remove(0).line
        });
        assert_eq!(fanfare(&["healthcheck", "--listen", &address], &[]).is_ok(), well);
        assert_eq!(daemon.join().unwrap(), "GET /healthz");
    }
}

#[test]
fn wrong_use_ends_with_2_and_failure_with_1() {
    let rows: [(&[&str], u8, &str); 5] = [
        (&["check-config", "--workers", "0"], 2, "--workers: workers is not"),
        (
            &["--config", "/nowhere.toml", "check-config"],
            2,
            "--config: /nowhere.toml cannot be read",
        ),
        (&["app", "set", "shop"], 2, "nothing to set"),
        (&["notify", "demo", "--server", "https://a.test"], 2, "--server needs a key"),
        (&["check-config", "--egress-ca-file", "/nowhere.pem"], 1, "egress.ca_file /nowhere.pem"),
    ];
    for (arguments, code, words) in rows {
        let error = fanfare(arguments, &[]).unwrap_err();
        assert!(error.chain().starts_with(words), "{arguments:?}: {}", error.chain());
        assert_eq!(error.exit_code(), ExitCode::from(code), "{arguments:?}");
    }
}

#[test]
fn flags_of_the_configuration_stand_before_or_after_the_command() {
    for arguments in [["--workers=3", "check-config"], ["check-config", "--workers=3"]] {
        let printed = fanfare(&arguments, &[]).unwrap();
        assert!(printed.lines().any(|line| line == "workers = 3"), "{printed}");
    }
}

#[test]
fn a_key_on_the_command_line_is_not_in_what_debug_shows() {
    let cli = Cli::try_parse_from(["fanfare", "notify", "c", "--key", "fk_secret"]).unwrap();
    assert!(!format!("{cli:?}").contains("fk_secret"));
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = fanfare(&["completions", shell], &[]).unwrap();
        assert!(script.contains("healthcheck") && script.contains("egress-allow"), "{shell}");
    }
}
