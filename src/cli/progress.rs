//! How far something has come: a bar on a terminal, else a line now and then.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::output::to_stderr;

/// How often a log gets a line.
const EVERY: Duration = Duration::from_secs(5);

/// Something that takes a while. Dropped, its bar is gone.
pub(super) struct Progress {
    bar: ProgressBar,
    what: &'static str,
    said: Mutex<Instant>,
}

impl Progress {
    /// So many things are to be done.
    pub(super) fn count(total: u64, what: &'static str) -> Self {
        Self::new(Some(total), "{bar:32} {human_pos}/{human_len} {msg} {per_sec}, {eta} left", what)
    }

    /// So many bytes are to be written.
    pub(super) fn bytes(total: u64, what: &'static str) -> Self {
        let form = "{bar:32} {binary_bytes}/{binary_total_bytes} {msg}, {eta} left";
        Self::new(Some(total), form, what)
    }

    /// A file of so many bytes is to be read; `None`: who knows.
    pub(super) fn reading(total: Option<u64>, what: &'static str) -> Self {
        let form = match total {
            Some(_) => "{bar:32} {percent}% {msg}, {eta} left",
            None => "{spinner} {msg}",
        };
        Self::new(total, form, what)
    }

    fn new(total: Option<u64>, form: &str, what: &'static str) -> Self {
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let style = ProgressStyle::with_template(form);
        bar.set_style(style.expect("the forms are constants, and a test makes each"));
        bar.set_message(what);
        Self { bar, what, said: Mutex::new(Instant::now()) }
    }

    /// So far.
    pub(super) fn set(&self, position: u64) {
        self.bar.set_position(position);
        let total = self.bar.length().unwrap_or(position);
        self.log(|| format!("{position} of {total} {}", self.what));
    }

    /// So far, in words.
    pub(super) fn tell(&self, position: u64, words: String) {
        self.bar.set_position(position);
        self.log(|| words.clone());
        self.bar.set_message(words);
    }

    /// A word to whoever watches, above the bar.
    pub(super) fn note(&self, text: impl std::fmt::Display) {
        self.bar.suspend(|| to_stderr(text));
    }

    /// How long it has taken.
    pub(super) fn elapsed(&self) -> Duration {
        self.bar.elapsed()
    }

    fn log(&self, words: impl FnOnce() -> String) {
        if !self.bar.is_hidden() {
            return;
        }
        let mut said = self.said.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if said.elapsed() >= EVERY {
            *said = Instant::now();
            to_stderr(words());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_one_that_can_be_drawn() {
        for progress in [
            Progress::count(5, "x"),
            Progress::bytes(5, "x"),
            Progress::reading(Some(5), "x"),
            Progress::reading(None, "x"),
        ] {
            progress.set(3);
            progress.tell(4, "four".to_owned());
        }
    }
}
