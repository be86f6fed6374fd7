//! Keys and lists on their way in and out, as the command line sees them.

use super::*;

fn with_file<'a>(arguments: &[&'a str], file: &'a str, data_dir: &'a str) -> Vec<&'a str> {
    [arguments, &[file, "--data-dir", data_dir]].concat()
}

#[test]
fn a_key_is_read_from_its_file_and_printed_without_its_private_half() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("key");
    std::fs::write(&file, "the pair").unwrap();
    let answer = json!({"id": "vpk_1", "key": "BPk", "added": true, "current": true});
    let daemon = daemon_at(directory.path(), vec![(201, answer)]);
    let [file, data_dir] = [file.as_path(), directory.path()].map(|path| path.to_str().unwrap());
    let printed = fanfare(&with_file(&["vapid", "import"], file, data_dir), &[]);
    assert_eq!(printed.unwrap(), "BPk\n");
    let seen = daemon.join().unwrap().remove(0);
    assert_eq!(seen.line, "POST /control/vapid-keys");
    assert_eq!(seen.body, json!({"import": "the pair", "current": false}));
}

#[test]
fn a_key_goes_out_as_a_pem_line_by_line() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = daemon_at(directory.path(), vec![(200, json!({"pem": "-----\nAA\n-----\n"}))]);
    let data_dir = directory.path().to_str().unwrap();
    let arguments = ["vapid", "export", "vpk_1", "--pem", "--data-dir", data_dir];
    assert_eq!(fanfare(&arguments, &[]).unwrap(), "-----\nAA\n-----\n");
    assert_eq!(daemon.join().unwrap()[0].line, "GET /control/vapid-keys/vpk_1/export?pem=true");
}

fn part(imported: u64, bad: &Value) -> (u16, Value) {
    let part = json!({"imported": imported, "changed": 0, "there": 0, "gone": 0, "unkeyed": imported, "bad": bad});
    (200, part)
}

#[test]
fn a_list_goes_in_parts_and_their_counts_are_added_up() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("list");
    let lines: Vec<_> = (0..250).map(|n| json!({ "n": n }).to_string()).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let keys = json!({"items": [{"id": "vpk_1", "key": "BPk", "current": true}]});
    let bad = json!([{"index": 3, "errors": [{"pointer": "#/keys", "detail": "is missing"}]}]);
    let answers = vec![(200, keys), part(100, &json!([])), part(100, &json!([])), part(49, &bad)];
    let daemon = daemon_at(directory.path(), answers);
    let [file, data_dir] = [file.as_path(), directory.path()].map(|path| path.to_str().unwrap());
    let arguments = ["import", "--channel", "a", "--channel", "b", "--push-key", "vpk_1"];
    let error = fanfare(&with_file(&arguments, file, data_dir), &[]).unwrap_err();
    assert_eq!(error.to_string(), "1 are bad, and were left out; all others are in");
    assert_eq!(error.exit_code(), ExitCode::from(1));
    let seen = daemon.join().unwrap();
    let sizes = seen[1..].iter().map(|seen| seen.body["items"].as_array().unwrap().len());
    assert_eq!(sizes.collect::<Vec<_>>(), [100, 100, 50]);
    let Value::Object(mut last) = seen[3].body.clone() else { panic!("{seen:?}") };
    assert_eq!(last.remove("items").unwrap()[49], json!({"n": 249}));
    let rest =
        json!({"channels": ["a", "b"], "push_key": "BPk", "replace": false, "dry_run": false});
    assert_eq!(Value::Object(last), rest);
}

#[test]
fn a_key_that_the_app_does_not_have_is_refused_before_anything_is_sent() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("list");
    std::fs::write(&file, "{}").unwrap();
    let daemon = daemon_at(directory.path(), vec![(200, json!({"items": []}))]);
    let [file, data_dir] = [file.as_path(), directory.path()].map(|path| path.to_str().unwrap());
    let arguments = with_file(&["import", "--push-key", "BPk"], file, data_dir);
    let error = fanfare(&arguments, &[]).unwrap_err();
    assert!(error.to_string().contains("`fanfare vapid import` first"), "{error}");
    assert_eq!(error.exit_code(), ExitCode::from(2));
    assert_eq!(daemon.join().unwrap().len(), 1);
}
