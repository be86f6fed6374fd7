//! What a start refuses: in words that say what to do, with nothing changed and nothing listened on.

mod database;
mod directory;
mod keys;
mod two;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::house::eventually;

/// Runs a daemon that must refuse to start; answers what it said.
async fn refused(data: &Path, arguments: &[&str]) -> String {
    // Somebody else has its port: whoever listened before looking would say so instead.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let before = everything_in(data);
    let process = Command::new(env!("CARGO_BIN_EXE_fanfare"))
        .args(["--listen", &taken.local_addr().unwrap().to_string()])
        .args(["--data-dir".as_ref(), data.as_os_str()])
        .args(arguments)
        .args(["--log", "off"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let process = RefCell::new(process);
    let ended =
        eventually("the daemon refuses", || async { process.borrow_mut().try_wait().unwrap() });
    let ended = ended.await;
    let output = process.into_inner().wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(ended.code(), Some(1), "{said}");
    assert!(output.stdout.is_empty(), "it said that it listens");
    assert_eq!(everything_in(data), before, "something was changed: {said}");
    said
}

/// Every file with its permissions and a digest of what is in it, but for the lock, which says who had it last.
fn everything_in(directory: &Path) -> BTreeMap<PathBuf, (u32, u64)> {
    let Ok(entries) = fs::read_dir(directory) else { return BTreeMap::new() };
    let described = |path: PathBuf| {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        let bytes = if path.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        (path, (mode, hasher.finish()))
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| !path.ends_with("lock")).map(described).collect()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
