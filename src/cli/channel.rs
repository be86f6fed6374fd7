//! `fanfare channel`: what channels there are, and how they stand.

use http::Method;
use serde_json::{Value, json};

use super::CliError;
use super::context::{AppFlag, Context};
use super::output::{cell, plain};
use super::path::segment;
use crate::control::Call;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Lists channels
    List(List),
    /// Shows one channel
    Show(Show),
    /// Deletes a channel: what it had open or scheduled is cancelled, and its subscriptions leave it
    Delete(Delete),
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Only those whose name begins so
    #[arg(long)]
    prefix: Option<String>,
    #[command(flatten)]
    app: AppFlag,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The channel
    channel: String,
    #[command(flatten)]
    app: AppFlag,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Delete {
    /// The channel
    channel: String,
    #[command(flatten)]
    app: AppFlag,
}

pub(super) fn run(command: Command, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    match command {
        Command::List(args) => list(&args, context),
        Command::Show(args) => show(&args, context),
        Command::Delete(args) => delete(&args, context),
    }
}

fn list(args: &List, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let path = match &args.prefix {
        Some(prefix) => format!("/v1/channels?prefix={}", segment(prefix)),
        None => "/v1/channels".to_owned(),
    };
    let items = context.list(&args.app, &path)?;
    if args.json {
        context.out.json(&json!({"items": items}));
        return Ok(());
    }
    let columns = ["name", "subscribers", "head", "open", "oldest_pending"];
    let row = |item: &Value| columns.map(|field| cell(item, field));
    context.out.table(columns, items.iter().map(row).collect());
    Ok(())
}

fn show(args: &Show, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let answer = context.call(&args.app, Call::new(Method::GET, path_of(&args.channel)))?;
    if args.json {
        context.out.json(&answer);
        return Ok(());
    }
    for field in answer.as_object().into_iter().flat_map(serde_json::Map::keys) {
        context.out.line(plain(format!("{field}: {}", cell(&answer, field))));
    }
    Ok(())
}

fn delete(args: &Delete, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    context.call(&args.app, Call::new(Method::DELETE, path_of(&args.channel)))?;
    context.out.note(format_args!("channel {} is deleted", plain(&args.channel)));
    Ok(())
}

fn path_of(channel: &str) -> String {
    format!("/v1/channels/{}", segment(channel))
}
