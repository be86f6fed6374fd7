//! What is let in of a list, what is not and why, and that a list can be taken in again.

use std::io::Write;
use std::process::{Command, Stdio};

use fanfare::webpush::vapid::VapidKey;
use http::Method;
use serde_json::{Value, json};

use crate::harness::browser::Browser;
use crate::harness::daemon::{Daemon, Home};
use crate::harness::house::eventually;
use crate::harness::push_service::{Answer, PushService};

/// Imports `lines` with these arguments; what it printed, what it said besides, and how it ended.
fn import(daemon: &Daemon, lines: &[String], arguments: &[&str]) -> (Value, String, Option<i32>) {
    let file = daemon.home().beside("list.jsonl");
    std::fs::write(&file, lines.join("\n")).unwrap();
    let output = daemon.home().run(&[&["import", "--json", &file], arguments].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    let printed = serde_json::from_slice(&output.stdout);
    (printed.unwrap_or_else(|_| panic!("{said}")), said, output.status.code())
}

fn counts(printed: &Value) -> [i64; 5] {
    ["imported", "changed", "there", "gone", "bad"].map(|field| printed[field].as_i64().unwrap())
}

async fn members(daemon: &Daemon, channel: &str) -> i64 {
    let path = format!("/v1/channels/{channel}");
    let answer = daemon.call(Method::GET, &path).send().await;
    if answer.status == 404 { 0 } else { answer.json()["subscribers"].as_i64().unwrap() }
}

#[actix_web::test]
async fn bad_lines_are_named_by_number_and_field_and_all_others_are_in() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let line = |token: &str| Browser::new().subscription_json(&service.endpoint(token));
    let with = |pointer: &str, value: Value| {
        let mut line = line("s3cret");
        *line.pointer_mut(pointer).unwrap() = value;
        line.to_string()
    };
    let mut foreign = line("s3cret");
    foreign["push_key"] = json!(VapidKey::generate().unwrap().public_base64url());
    let mut no_auth = line("s3cret");
    no_auth["keys"].as_object_mut().unwrap().remove("auth");
    let lines = [
        line("good").to_string(),
        "{\"endpoint\":\"https://s3cret.example".to_owned(),
        String::new(),
        with("/endpoint", json!("http://push.example/s3cret")),
        with("/endpoint", json!("https://10.1.2.3/s3cret")),
        with("/keys/p256dh", json!("s3cret!")),
        no_auth.to_string(),
        foreign.to_string(),
        "7".to_owned(),
        with("/expirationTime", json!(5)),
        json!({ "user": 7, "subscription": line("wrapped") }).to_string(),
    ];
    let (printed, said, code) = import(&daemon, &lines, &["--channel", "news"]);
    assert_eq!((counts(&printed), code), ([2, 0, 0, 0, 8], Some(1)), "{said}");
    for expected in [
        "line 2: is not JSON: EOF while parsing a string at column 35",
        "line 4: endpoint: endpoint is not an https URL",
        "line 5: endpoint: ",
        "line 6: keys/p256dh: must be base64url",
        "line 7: keys/auth: is missing",
        "line 8: push_key: the browser subscribed with a VAPID key that the app does not have",
        "line 9: must be a JSON object",
        "line 10: expirationTime: is in the past",
        "error: 8 are bad, and were left out; all others are in",
    ] {
        assert!(said.contains(expected), "{expected}\nis not in\n{said}");
    }
    assert!(said.contains("`fanfare vapid import`"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
    assert!(!daemon.log().contains("s3cret"));
    assert_eq!(members(&daemon, "news").await, 2);

    let (printed, _, code) = import(&daemon, &lines, &["--channel", "news"]);
    assert_eq!((counts(&printed), code), ([0, 0, 2, 0, 8], Some(1)));
    let (printed, _, code) = import(&daemon, &[lines[0].clone()], &["--channel", "team:1"]);
    assert_eq!((counts(&printed), code), ([0, 1, 0, 0, 0], Some(0)));
    let (printed, said, _) = import(&daemon, &[lines[0].clone()], &[]);
    assert_eq!(counts(&printed), [0, 0, 0, 0, 1]);
    assert!(said.contains("line 1: channels: is missing, and so is --channel"), "{said}");
}

#[actix_web::test]
async fn where_a_list_and_what_is_there_differ_what_is_there_stays_unless_it_is_said() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let browsers: Vec<_> = (0..4).map(|_| Browser::new()).collect();
    let at = |token: &str| service.endpoint(token);
    daemon.subscribe(&browsers[0], &at("keys"), "news").await;
    daemon.subscribe(&browsers[1], &at("user"), "user:1").await;
    daemon.subscribe(&browsers[2], &at("gone"), "news").await;
    service.answer("gone", [Answer::status(410)]);
    let id = daemon.notify("news", "text").await;
    daemon.finished(&id).await;

    let newer = Browser::new();
    let line = |browser: &Browser, token: &str, channels: &[&str]| {
        let mut line = browser.subscription_json(&at(token));
        line["channels"] = json!(channels);
        line.to_string()
    };
    let lines = [
        line(&newer, "keys", &["news"]),
        line(&browsers[1], "user", &["user:2"]),
        line(&browsers[2], "gone", &["news"]),
        line(&browsers[3], "both", &["user:1", "user:2"]),
        line(&browsers[1], "user", &["user:1"]),
    ];
    let before = daemon.fanfare(&["export"]);
    let (printed, said, _) = import(&daemon, &lines, &[]);
    assert_eq!(counts(&printed), [0, 0, 1, 1, 3], "{said}");
    for expected in [
        "line 1: keys: are not those that the endpoint is registered with; --replace",
        "line 2: channels: would take it out of user:1",
        "line 4: channels: has two channels in `user:`",
    ] {
        assert!(said.contains(expected), "{expected}\nis not in\n{said}");
    }
    assert_eq!(daemon.fanfare(&["export"]), before, "nothing was changed");

    let (printed, said, _) = import(&daemon, &lines[..4], &["--replace", "--dry-run"]);
    assert_eq!(counts(&printed), [0, 2, 0, 1, 1], "{said}");
    assert_eq!(daemon.fanfare(&["export"]), before, "nothing is changed by a dry run");
    let (printed, said, _) = import(&daemon, &lines[..4], &["--replace"]);
    assert_eq!(counts(&printed), [0, 2, 0, 1, 1], "{said}");
    assert_eq!((members(&daemon, "user:1").await, members(&daemon, "user:2").await), (0, 1));
    let id = daemon.notify("news", "to the list's keys").await;
    assert_eq!(daemon.finished(&id).await["outcomes"]["accepted"], 1);
    newer.decrypt_json(&service.log_of("keys").last().unwrap().body);
}

#[actix_web::test]
async fn an_apps_limit_holds_for_a_list_and_the_network_has_no_way_in() {
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    daemon.fanfare(&["app", "set", "default", "--limit", "subscriptions=3"]);
    let line = |n: usize| Browser::new().subscription_json(&service.endpoint(&n.to_string()));
    let lines: Vec<_> = (0..5).map(|n| line(n).to_string()).collect();
    let (printed, said, _) = import(&daemon, &lines, &["--channel", "news"]);
    assert_eq!(counts(&printed), [3, 0, 0, 0, 2], "{said}");
    assert!(said.contains("line 4: the app default has as many subscriptions as"), "{said}");
    let body = json!({ "channels": ["news"], "items": [line(9)] });
    let answer = daemon.call(Method::POST, "/control/import").json(&body).send().await;
    assert_eq!(answer.status, 404);
    let answer = daemon.call_of_anybody(Method::POST, "/control/import").json(&body);
    assert_eq!(answer.send_on_control().await.status, 200);
}

#[actix_web::test]
async fn an_import_that_is_cut_off_keeps_what_is_in_and_the_next_one_takes_the_rest() {
    const LINES: usize = 900;
    let service = PushService::start();
    let daemon = Home::new().start(&service).await;
    let browser = Browser::new();
    let line = |n: usize| {
        let line = browser.subscription_json(&service.endpoint(&n.to_string()));
        line.to_string() + "\n"
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_fanfare"))
        .args(["import", "--channel", "news", "--data-dir"])
        .arg(daemon.home().data())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = command.stdin.take().unwrap();
    (0..600).for_each(|n| input.write_all(line(n).as_bytes()).unwrap());
    eventually("five batches are in", || async {
        (members(&daemon, "news").await >= 500).then_some(())
    })
    .await;
    command.kill().unwrap();
    command.wait().unwrap();

    // What the daemon had in hand when the command was killed is in as well.
    let lines: Vec<_> = (0..LINES).map(|n| line(n).trim().to_owned()).collect();
    let (printed, said, _) = import(&daemon, &lines, &["--channel", "news"]);
    let [new, changed, kept, gone, bad] = counts(&printed);
    assert_eq!((new + kept, changed + gone + bad), (LINES as i64, 0), "{said}");
    assert!((500..=600).contains(&kept), "{kept}");
    let id = daemon.notify("news", "text").await;
    assert_eq!(daemon.finished(&id).await["outcomes"]["accepted"], LINES);
    let last = service.log_of(&(LINES - 1).to_string());
    assert_eq!(browser.decrypt_json(&last[0].body)["notification"]["body"], "text");
}
