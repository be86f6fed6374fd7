//! A first start that ends before its time leaves nothing behind that is in the way of the next one.

use std::fs::DirBuilder;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use http::{Method, StatusCode};

use crate::harness::call::Call;

#[actix_web::test]
async fn an_admin_key_that_cannot_be_told_is_not_made_and_the_next_start_makes_one_that_opens() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    DirBuilder::new().mode(0o700).create(&data).unwrap();
    // Where the key is to be written stands something else.
    std::fs::create_dir(data.join("admin-key")).unwrap();
    let refused = start(&data).wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && complaint.contains("admin-key"), "{complaint}");

    std::fs::remove_dir(data.join("admin-key")).unwrap();
    let mut daemon = start(&data);
    let mut line = String::new();
    BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address: SocketAddr = line.trim().rsplit_once("http://").unwrap().1.parse().unwrap();
    let key = std::fs::read_to_string(data.join("admin-key")).unwrap();
    let control = data.join("control.sock");
    let call = Call::new(address, control, Method::GET, "/v1/channels").bearer(key.trim());
    let answer = call.send().await;
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
}

fn start(data: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_fanfare"))
        .args(["--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data)
        .env_remove("FANFARE_BOOTSTRAP_KEY")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}
