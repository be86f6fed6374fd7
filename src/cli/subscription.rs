//! `fanfare subscription`: who is in a channel, who is held back, who is forgotten and who comes back.

use http::Method;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::CliError;
use super::context::{AppFlag, Context, Daemon};
use super::output::{cell, plain};
use super::path::segment;
use crate::control::Call;

/// Subscriptions that a call to the daemon moves: often enough for a bar that moves.
const STEP: u32 = 200;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Lists the subscriptions of a channel, or the quarantines
    List(List),
    /// Forgets subscriptions everywhere, for good
    Delete(Named),
    /// Brings subscriptions back: single ones that went within seven days, or all of a quarantine
    Restore(Restore),
    /// Lets the subscriptions of a quarantine go; each can be restored for seven days more
    Forget(Forget),
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// The channel
    #[arg(required_unless_present = "quarantined", conflicts_with = "quarantined")]
    channel: Option<String>,
    /// The quarantines, with how many subscriptions each holds back
    #[arg(long)]
    quarantined: bool,
    #[command(flatten)]
    app: AppFlag,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Named {
    /// Subscriptions: sub_…
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    app: AppFlag,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("who").required(true))]
pub(super) struct Restore {
    /// Subscriptions: sub_…
    #[arg(value_name = "ID", group = "who")]
    ids: Vec<String>,
    /// All of this quarantine: qua_…, from `fanfare subscription list --quarantined`
    #[arg(long, value_name = "ID", group = "who")]
    quarantine: Option<String>,
    /// All of every open quarantine of the app
    #[arg(long, group = "who")]
    all: bool,
    #[command(flatten)]
    app: AppFlag,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Forget {
    /// The quarantine: qua_…, from `fanfare subscription list --quarantined`
    #[arg(long, value_name = "ID")]
    quarantine: String,
    #[command(flatten)]
    app: AppFlag,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: Command, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    match command {
        Command::List(args) => list(&args, context),
        Command::Delete(args) => delete(&args, context),
        Command::Restore(args) => match &args.quarantine {
            Some(id) => {
                resolve(Word::Undo, std::slice::from_ref(id), &args.app, args.json, context)
            }
            None if args.all => restore_all(&args, context),
            None => restore(&args, context),
        },
        Command::Forget(args) => {
            resolve(Word::Apply, &[args.quarantine], &args.app, args.json, context)
        }
    }
}

fn list(args: &List, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    match &args.channel {
        Some(channel) => {
            let path = format!("/v1/channels/{}/subscriptions", segment(channel));
            let columns = ["id", "push_service", "state", "lag", "attempt", "next_attempt", "why"];
            show(args, &path, columns, context)
        }
        None => {
            let columns = ["id", "push_service", "cause", "opened", "subscriptions", "state"];
            show(args, "/v1/quarantines", columns, context)
        }
    }
}

fn show<const N: usize>(
    args: &List,
    path: &str,
    columns: [&str; N],
    context: &mut Context<'_, '_>,
) -> Result<(), CliError> {
    let items = context.list(&args.app, path)?;
    if args.json {
        context.out.json(&json!({"items": items}));
        return Ok(());
    }
    let row = |item: &Value| {
        columns.map(|field| if field == "why" { why(item) } else { cell(item, field) })
    };
    context.out.table(columns, items.iter().map(row).collect());
    Ok(())
}

/// What troubles a subscription while it waits, else how its last failed delivery ended.
fn why(item: &Value) -> String {
    let trouble = &item["trouble"];
    match (trouble.is_null(), trouble["status"].as_u64()) {
        (true, _) => cell(item, "reason"),
        (false, Some(status)) => format!("{status}: {}", cell(trouble, "reason")),
        (false, None) => cell(trouble, "reason"),
    }
}

fn delete(args: &Named, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let call = |id: &String| Call::new(Method::DELETE, path_of(id));
    each(&args.ids, &args.app, call, context)?;
    if args.json {
        context.out.json(&json!({"deleted": args.ids}));
    } else {
        context.out.note(format_args!("{} deleted", args.ids.len()));
    }
    Ok(())
}

fn restore(args: &Restore, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let call = |id: &String| Call::new(Method::POST, format!("{}/restore", path_of(id)));
    let restored = each(&args.ids, &args.app, call, context)?;
    if args.json {
        context.out.json(&json!({"items": restored}));
        return Ok(());
    }
    for item in &restored {
        let [id, channels] = ["id", "channels"].map(|field| plain(cell(item, field)));
        context.out.line(format_args!("{id} is back in {channels}"));
    }
    Ok(())
}

/// Makes a call for each of `ids`; answers the answers.
fn each(
    ids: &[String],
    app: &AppFlag,
    call: impl Fn(&String) -> Call,
    context: &mut Context<'_, '_>,
) -> Result<Vec<Value>, CliError> {
    context.with_daemon(app, async |daemon| {
        let bar = ProgressBar::new(ids.len() as u64);
        let mut answers = Vec::with_capacity(ids.len());
        for id in ids {
            answers.push(daemon.call(call(id)).await?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(answers)
    })
}

fn restore_all(args: &Restore, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let items = context.list(&args.app, "/v1/quarantines")?;
    let open = items.iter().filter(|item| item["state"] == "open");
    let ids: Vec<_> = open.filter_map(|item| item["id"].as_str().map(str::to_owned)).collect();
    resolve(Word::Undo, &ids, &args.app, args.json, context)
}

/// What an operator says about a quarantine.
#[derive(Clone, Copy)]
enum Word {
    Undo,
    Apply,
}

impl Word {
    const fn path(self) -> &'static str {
        match self {
            Self::Undo => "undo",
            Self::Apply => "apply",
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Undo => "back in their channels",
            Self::Apply => "gone, and can be restored for seven days",
        }
    }
}

fn resolve(
    word: Word,
    ids: &[String],
    app: &AppFlag,
    json: bool,
    context: &mut Context<'_, '_>,
) -> Result<(), CliError> {
    let (moved, quarantines) = context.with_daemon(app, async |daemon| {
        let bar = ProgressBar::new(0);
        let (mut moved, mut quarantines) = (0, Vec::with_capacity(ids.len()));
        for id in ids {
            let (count, quarantine) = resolve_one(daemon, word, id, &bar).await?;
            moved += count;
            quarantines.push(quarantine);
        }
        bar.finish_and_clear();
        Ok((moved, quarantines))
    })?;
    if json {
        context.out.json(&json!({"moved": moved, "quarantines": quarantines}));
    } else {
        context.out.line(format_args!("{moved} subscriptions are {}", word.done()));
    }
    Ok(())
}

/// Moves the subscriptions of one quarantine, step by step; answers how many have been moved, and how it stands then.
async fn resolve_one(
    daemon: &mut Daemon,
    word: Word,
    id: &str,
    bar: &ProgressBar,
) -> Result<(u64, Value), CliError> {
    let path = format!("/v1/quarantines/{}", segment(id));
    let before = daemon.call(Call::new(Method::GET, &path)).await?;
    let count = |quarantine: &Value, field: &str| quarantine[field].as_u64().unwrap_or(0);
    bar.inc_length(count(&before, "subscriptions") + count(&before, "moved"));
    let others = bar.position();
    let step = format!("{path}/{}?limit={STEP}", word.path());
    loop {
        let mut answer = daemon.call(Call::new(Method::POST, &step)).await?;
        let quarantine = answer["quarantine"].take();
        let moved = count(&quarantine, "moved");
        bar.set_position(others + moved);
        if answer["done"] != false {
            return Ok((moved, quarantine));
        }
    }
}

fn path_of(id: &str) -> String {
    format!("/v1/subscriptions/{}", segment(id))
}
