//! Nothing lost, in order, repeated only what was under way: a real daemon under load is killed with SIGKILL again and
//! again, and what came of it is judged by a program that knows nothing of ours (`check.py`), from two logs: what the
//! backend was told, and what the push services got.
//!
//! ```text
//! cargo test --test chaos                                                                10 kills, as in the suite
//! cargo test --test chaos -- --kills 100 [--faults] [--seed N] [--keep DIRECTORY]
//! ```

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod daemon;
mod load;
mod log;
mod plan;
mod recorder;
mod run;
mod weather;

#[path = "../it/harness/browser.rs"]
#[expect(dead_code, reason = "the tests' browser fails where it cannot read, this one says so")]
mod browser;
#[path = "../it/harness/push_service/ca.rs"]
mod ca;
#[path = "../it/harness/call.rs"]
#[expect(dead_code, reason = "the tests' calls are always answered, these may not be")]
mod call;
#[path = "../it/harness/disk.rs"]
#[expect(dead_code, reason = "the tests ask more of it")]
mod disk;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Parser;
use tempfile::TempDir;

use run::{CALLS, Ended, REQUESTS, run};

/// Kills a daemon under load, again and again, and says what was lost, out of order or repeated.
#[derive(Parser)]
#[command(name = "chaos")]
struct Arguments {
    /// How often the daemon is killed.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    kills: u16,
    /// The disk fails now and then as well: it is full, read-only or broken, for a while.
    #[arg(long)]
    faults: bool,
    /// What makes the plan of the run; another one each time, unless it is given.
    #[arg(long)]
    seed: Option<u64>,
    /// Where the logs and the data stay; a run that fails says where they are in any case.
    #[arg(long, value_name = "DIRECTORY")]
    keep: Option<PathBuf>,
    /// `cargo test` hands the names of the tests that are wanted to each binary: `chaos` is this one's.
    #[arg(hide = true)]
    wanted: Vec<String>,
    /// And options that mean something to others.
    #[command(flatten)]
    others: Others,
}

/// What `cargo test -- …` says to all test binaries and this one has no use for.
#[derive(clap::Args)]
struct Others {
    #[arg(long, hide = true)]
    list: bool,
    #[arg(long, hide = true, alias = "no-capture")]
    nocapture: bool,
    #[arg(long, short, hide = true)]
    quiet: bool,
    #[arg(long, hide = true)]
    exact: bool,
    #[arg(long, hide = true)]
    ignored: bool,
    #[arg(long, hide = true)]
    include_ignored: bool,
    #[arg(long, hide = true)]
    show_output: bool,
    #[arg(long, hide = true)]
    format: Option<String>,
    #[arg(long, hide = true)]
    test_threads: Option<String>,
    #[arg(long, hide = true)]
    skip: Vec<String>,
}

impl Arguments {
    fn is_wanted(&self) -> bool {
        let is_named = |names: &[String]| names.iter().any(|name| "chaos".contains(name.as_str()));
        let is_named_or_nobody_is = self.wanted.is_empty() || is_named(&self.wanted);
        is_named_or_nobody_is && !is_named(&self.others.skip) && !self.others.ignored
    }
}

fn main() -> io::Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.others.list {
        writeln!(io::stdout(), "chaos: test")?;
        return Ok(ExitCode::SUCCESS);
    }
    if !arguments.is_wanted() {
        return Ok(ExitCode::SUCCESS);
    }
    if !python("check_test.py", &[])? {
        eprintln!("chaos: the checker does not find what it must");
        return Ok(ExitCode::FAILURE);
    }
    let seed = arguments.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let place = Place::new(arguments.keep.as_deref())?;
    let faults = if arguments.faults { " --faults" } else { "" };
    eprintln!("chaos: {} kills,{faults} --seed {seed}", arguments.kills);
    let ended = actix_web::rt::System::new().block_on(run(
        place.path(),
        usize::from(arguments.kills),
        arguments.faults,
        seed,
    ));
    let is_good = match ended {
        Ok(ended) => report(&ended)? & check(place.path())?,
        Err(error) => {
            eprintln!("chaos: the run ended early: {error}");
            false
        }
    };
    if is_good {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "chaos:{faults} --seed {seed} failed; all that is known is in {}",
        place.stay().display()
    );
    Ok(ExitCode::FAILURE)
}

/// Says how the run went; answers whether everything was done.
fn report(ended: &Ended) -> io::Result<bool> {
    let Ended { undone, kills, spells, accepted, requests, seconds } = ended;
    let faults =
        if *spells > 0 { format!(" and {spells} faults of the disk") } else { String::new() };
    writeln!(
        io::stdout(),
        "\n{kills} kills{faults} in {seconds:.0} s, {accepted} publishes answered 202, {requests} pushes"
    )?;
    if let Some(undone) = undone {
        eprintln!("chaos: {undone}");
    }
    Ok(undone.is_none())
}

/// Lets the checker judge the logs.
fn check(directory: &Path) -> io::Result<bool> {
    python("check.py", &[CALLS, REQUESTS].map(|name| directory.join(name)))
}

fn python(script: &str, arguments: &[PathBuf]) -> io::Result<bool> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chaos").join(script);
    let status = Command::new("python3").arg(script).args(arguments).status();
    let status = status.map_err(|error| io::Error::other(format!("python3: {error}")))?;
    Ok(status.success())
}

/// The run's directory.
enum Place {
    Kept(PathBuf),
    Passing(TempDir),
}

impl Place {
    fn new(keep: Option<&Path>) -> io::Result<Self> {
        match keep {
            Some(keep) => {
                std::fs::create_dir_all(keep)?;
                if std::fs::read_dir(keep)?.next().is_some() {
                    let said = format!("--keep {}: it is not empty", keep.display());
                    return Err(io::Error::other(said));
                }
                Ok(Self::Kept(keep.to_owned()))
            }
            // Under `target`, which is on a disk: in memory, a commit costs nothing, and kills meet none.
            None => TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).map(Self::Passing),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Passing(directory) => directory.path(),
        }
    }

    /// It is not removed.
    fn stay(self) -> PathBuf {
        match self {
            Self::Kept(path) => path,
            Self::Passing(directory) => directory.keep(),
        }
    }
}
