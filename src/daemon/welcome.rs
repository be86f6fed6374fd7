//! What a start says to whoever started it: where everything is and, once, the key. Without a terminal the key
//! goes to a file that only its owner can read, because what is printed then ends up in somebody's log.

use std::io::{IsTerminal, Write, stdout};
use std::path::Path;

use super::first_run::News;
use super::instance::private_file;

/// Where the key goes without a terminal.
const KEY_FILE: &str = "admin-key";

/// Says it. A second start has nothing secret to say.
pub(super) fn say(news: &News, url: &str, directory: &Path) {
    let text = if stdout().is_terminal() {
        on_terminal(news, url)
    } else {
        elsewhere(news, url, directory)
    };
    // Nobody may be reading; the daemon runs all the same.
    let _ = stdout().lock().write_all(text.as_bytes());
}

fn places(news: &News, url: &str) -> String {
    let mut text = format!("Fanfare listens on {url}\n  API docs   {url}/docs\n");
    if news.has_demo {
        text.push_str(&format!("  Demo       {url}/demo\n"));
    }
    text
}

fn on_terminal(news: &News, url: &str) -> String {
    let mut text = places(news, url);
    if let Some(key) = &news.admin_key {
        let key = key.expose();
        text.push_str(&format!(
            "\nYour admin key, shown this once:\n\n  {key}\n\nSend a first notification:\n\n"
        ));
        text.push_str(&curl(key, url));
    }
    text
}

fn elsewhere(news: &News, url: &str, directory: &Path) -> String {
    let mut text = places(news, url);
    if let Some(key) = &news.admin_key {
        let file = directory.join(KEY_FILE);
        let written = private_file(&file).and_then(|mut file| {
            file.set_len(0)?;
            writeln!(file, "{}", key.expose())
        });
        match written {
            Ok(()) => {
                let file = file.display();
                text.push_str(&format!(
                    "\nYour admin key is in {file}. Send a first notification:\n\n"
                ));
                text.push_str(&curl(&format!("$(cat {file})"), url));
            }
            Err(error) => tracing::error!(
                %error,
                "the admin key could not be written: make another with `fanfare key create --scopes admin`"
            ),
        }
    }
    text
}

fn curl(key: &str, url: &str) -> String {
    format!(
        "  curl -d 'Tea is ready' -H \"Authorization: Bearer {key}\" {url}/v1/channels/demo/notifications\n\n"
    )
}
