//! What a start says to whoever started it: where everything is and, once, the key. Without a terminal the key
//! goes to a file that only its owner can read, because what is printed then ends up in somebody's log.

use std::io::{self, IsTerminal, Write, stdout};
use std::path::Path;

use super::first_run::News;
use super::instance::private_file;
use crate::config::secret::Secret;

/// Where the key goes without a terminal.
const KEY_FILE: &str = "admin-key";

/// Tells whoever started it the key, before it opens anything: told only afterwards, a key would be lost with a process
/// that ends in between, and a second start makes no other.
pub(super) fn tell_key(key: &Secret, directory: &Path) -> io::Result<()> {
    if stdout().is_terminal() {
        let key = key.expose();
        return write!(stdout(), "Your admin key, shown this once:\n\n  {key}\n\n");
    }
    write_key(key, &directory.join(KEY_FILE))
}

/// On disk when this answers, as what it opens will be.
fn write_key(key: &Secret, file: &Path) -> io::Result<()> {
    let mut file = private_file(file)?;
    file.set_len(0)?;
    writeln!(file, "{}", key.expose())?;
    file.sync_all()
}

/// Says where everything is. A second start has nothing secret to say.
pub(super) fn say(news: &News, url: &str, directory: &Path) {
    let mut text = places(news, url);
    if let Some(key) = &news.admin_key {
        let file = directory.join(KEY_FILE);
        let key = if stdout().is_terminal() {
            key.expose().to_owned()
        } else {
            text.push_str(&format!("\nYour admin key is in {}.\n", file.display()));
            format!("$(cat {})", file.display())
        };
        text.push_str("\nSend a first notification:\n\n");
        text.push_str(&curl(&key, url));
    }
    // Nobody may be reading; the daemon runs all the same.
    let _ = stdout().lock().write_all(text.as_bytes());
}

fn places(news: &News, url: &str) -> String {
    let mut text = format!(
        "Fanfare listens on {url}\n  Dashboard  {url}/dashboard\n  API docs   {url}/docs\n"
    );
    if news.has_demo {
        text.push_str(&format!("  Demo       {url}/demo\n"));
    }
    text
}

fn curl(key: &str, url: &str) -> String {
    format!(
        "  curl -d 'Tea is ready' -H \"Authorization: Bearer {key}\" {url}/v1/channels/demo/notifications\n\n"
    )
}
