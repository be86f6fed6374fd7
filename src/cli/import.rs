//! `fanfare import`: subscriptions of a list into channels, as a stream in small batches, so that a daemon goes on and a
//! long list takes no memory. What is there stays, so it can be run again.

mod pieces;

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};

use http::Method;
use serde_json::{Value, json};

use super::CliError;
use super::context::{AppFlag, Context, Daemon};
use super::output::plain;
use super::progress::Progress;
use crate::control::Call;
use pieces::{Pieces, Place};

/// Entries of one call, and of one transaction: whoever publishes meanwhile waits for one of them.
const BATCH: usize = 100;

/// Bytes of one call: half of what a body may have, since JSON may be written in more.
const BATCH_BYTES: u64 = 512 * 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The list [default: standard input]: one subscription a line, as JSON, or one JSON array; an export, or what
    /// web-push and pywebpush keep
    #[arg(default_value = "-", hide_default_value = true)]
    file: PathBuf,
    /// The channel that they come into (repeatable) [default: those that each line of an export names]
    #[arg(long = "channel", value_name = "CHANNEL")]
    channels: Vec<String>,
    /// The VAPID public key that those were made with which name none, or its id [default: the current one]
    #[arg(long, value_name = "KEY")]
    push_key: Option<String>,
    /// Where the list and what is there differ, take what the list says
    #[arg(long)]
    replace: bool,
    /// Only say what would be done (the app's limits are not looked at)
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    app: AppFlag,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let unreadable = |source| CliError::Input { path: args.file.clone(), source };
    let (reader, size): (Box<dyn BufRead>, _) = if args.file == Path::new("-") {
        if io::stdin().is_terminal() {
            return Err(CliError::Usage("name a file, or write the list into a pipe".to_owned()));
        }
        (Box::new(BufReader::new(io::stdin())), None)
    } else {
        let file = File::open(&args.file).map_err(unreadable)?;
        let size = file.metadata().map_err(unreadable)?.len();
        (Box::new(BufReader::with_capacity(1 << 16, file)), Some(size))
    };
    let done = context.with_daemon(&args.app, async |daemon| {
        let mut import = Import::begin(args, daemon, size).await?;
        import.take(Pieces::new(reader), daemon).await?;
        Ok(import.end())
    })?;
    if args.json {
        context.out.json(&done.to_json());
    } else {
        context.out.line(done.summary(args.dry_run));
    }
    for note in &done.notes {
        context.out.note(note);
    }
    match done.bad {
        0 => Ok(()),
        bad if args.dry_run => {
            Err(CliError::Failed(format!("{bad} are bad, and would be left out")))
        }
        bad => {
            Err(CliError::Failed(format!("{bad} are bad, and were left out; all others are in")))
        }
    }
}

/// What became of a list.
#[derive(Default)]
struct Done {
    imported: u64,
    changed: u64,
    there: u64,
    gone: u64,
    unkeyed: u64,
    bad: u64,
    notes: Vec<String>,
}

impl Done {
    fn read(&self) -> u64 {
        self.imported + self.changed + self.there + self.gone + self.bad
    }

    fn to_json(&self) -> Value {
        json!({
            "imported": self.imported, "changed": self.changed, "there": self.there, "gone": self.gone,
            "bad": self.bad,
        })
    }

    fn summary(&self, is_dry: bool) -> String {
        let mut text = format!("{} new, {} already there", self.imported, self.there);
        let further = [
            (self.changed, "known and in a channel more, or changed"),
            (
                self.gone,
                "gone before, and stay so (`fanfare subscription restore` brings one back)",
            ),
            (self.bad, "bad"),
        ];
        for (count, words) in further.iter().filter(|(count, _)| *count > 0) {
            text.push_str(&format!(", {count} {words}"));
        }
        if is_dry {
            text.push_str(" (nothing was done: --dry-run)");
        }
        text
    }
}

/// An import under way.
struct Import<'a> {
    args: &'a Args,
    push_key: Option<String>,
    /// Said when a list does not say with which of several keys it was made.
    guess: Option<String>,
    progress: Progress,
    done: Done,
}

impl<'a> Import<'a> {
    async fn begin(
        args: &'a Args,
        daemon: &mut Daemon,
        size: Option<u64>,
    ) -> Result<Self, CliError> {
        let keys = daemon.call(Call::new(Method::GET, "/control/vapid-keys")).await?;
        let keys = keys["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let push_key = args.push_key.as_deref().map(|named| public_key(keys, named)).transpose()?;
        let current = keys.iter().find(|key| key["current"] == true);
        let guess = current.filter(|_| keys.len() > 1 && push_key.is_none()).map(|key| {
            let key = plain(key["key"].as_str().unwrap_or_default());
            format!(
                "name no push_key and are taken as made with the app's current one, {key}; if that is wrong, import \
                 again with --push-key and --replace"
            )
        });
        let progress = Progress::reading(size, "");
        Ok(Self { args, push_key, guess, progress, done: Done::default() })
    }

    /// Takes in everything that `pieces` has.
    async fn take(
        &mut self,
        mut pieces: Pieces<impl BufRead>,
        daemon: &mut Daemon,
    ) -> Result<(), CliError> {
        let unreadable = |source| CliError::Input { path: self.args.file.clone(), source };
        let mut batch = Vec::with_capacity(BATCH);
        let mut sent = 0;
        while let Some(piece) = pieces.next().map_err(unreadable)? {
            match piece.value {
                Ok(value) => batch.push((piece.place, value)),
                Err(why) => self.refuse(piece.place, &why),
            }
            if batch.len() >= BATCH || pieces.bytes() - sent >= BATCH_BYTES {
                sent = pieces.bytes();
                self.send(std::mem::take(&mut batch), daemon).await?;
                self.progress.tell(sent, self.so_far());
            }
        }
        self.send(batch, daemon).await
    }

    async fn send(
        &mut self,
        batch: Vec<(Place, Value)>,
        daemon: &mut Daemon,
    ) -> Result<(), CliError> {
        if batch.is_empty() {
            return Ok(());
        }
        let (places, items): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let body = json!({
            "channels": self.args.channels, "push_key": self.push_key, "replace": self.args.replace,
            "dry_run": self.args.dry_run, "items": items,
        });
        let answer = daemon.call(Call::new(Method::POST, "/control/import").json(body)).await?;
        let count = |field: &str| answer[field].as_u64().unwrap_or(0);
        self.done.imported += count("imported");
        self.done.changed += count("changed");
        self.done.there += count("there");
        self.done.gone += count("gone");
        self.done.unkeyed += count("unkeyed");
        for bad in answer["bad"].as_array().into_iter().flatten() {
            let index = bad["index"].as_u64().and_then(|index| usize::try_from(index).ok());
            if let Some(place) = index.and_then(|index| places.get(index)) {
                self.refuse(*place, &why(bad));
            }
        }
        Ok(())
    }

    fn refuse(&mut self, place: Place, why: &str) {
        self.done.bad += 1;
        self.progress.note(format_args!("{place}: {}", plain(why)));
    }

    fn so_far(&self) -> String {
        let read = self.done.read();
        let rate = read as f64 / self.progress.elapsed().as_secs_f64().max(0.001);
        let (imported, bad) = (self.done.imported, self.done.bad);
        format!("{read} read, {imported} new, {bad} bad, {rate:.0}/s")
    }

    fn end(self) -> Done {
        let mut done = self.done;
        if let (Some(guess), true) = (self.guess, done.unkeyed > 0) {
            done.notes.push(format!("{} {guess}", done.unkeyed));
        }
        done
    }
}

/// The fields that are in the way, and why; a field is named without the marks of a JSON pointer.
fn why(bad: &Value) -> String {
    let errors = bad["errors"].as_array().into_iter().flatten();
    let said = errors.map(|error| {
        let text = |field: &str| error[field].as_str().unwrap_or_default();
        let field = text("pointer").trim_start_matches(['#', '/']);
        match field {
            "" => text("detail").to_owned(),
            field => format!("{field}: {}", text("detail")),
        }
    });
    said.collect::<Vec<_>>().join("; ")
}

/// A key that is named by its id, or by itself.
fn public_key(keys: &[Value], named: &str) -> Result<String, CliError> {
    let names = |key: &&Value| key["id"] == named || key["key"] == named;
    let found = keys.iter().find(names).and_then(|key| key["key"].as_str());
    found.map(str::to_owned).ok_or_else(|| {
        CliError::Usage(
            "--push-key is none of the app's keys (`fanfare vapid list`): add the pair with `fanfare vapid import` first"
                .to_owned(),
        )
    })
}
