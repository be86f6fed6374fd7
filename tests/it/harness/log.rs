//! What the workers of this process log, for tests that run no daemon.

use std::io::{self, Write};
use std::sync::{Mutex, OnceLock};

use tracing_subscriber::EnvFilter;

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps what attempts log from now on, whoever makes them.
pub(crate) fn keep() {
    static KEEPING: OnceLock<()> = OnceLock::new();
    KEEPING.get_or_init(|| {
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("fanfare::tree::subscription::attempt=debug"))
            .with_ansi(false)
            .with_writer(|| Keeper)
            .init();
    });
}

/// The lines that name `what`.
pub(crate) fn lines_about(what: &str) -> Vec<String> {
    LINES.lock().unwrap().iter().filter(|line| line.contains(what)).cloned().collect()
}

/// A whole line comes in one call.
struct Keeper;

impl Write for Keeper {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap().push(String::from_utf8_lossy(line).into_owned());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
