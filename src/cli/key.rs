//! `fanfare key`: API keys.

use http::Method;
use serde_json::{Value, json};

use super::CliError;
use super::context::{AppFlag, Context};
use super::output::cell;
use super::path::segment;
use crate::control::Call;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Makes a key and shows it, this once
    Create(Create),
    /// Lists keys, without the keys themselves
    List(List),
    /// Takes a key away, at once
    Revoke(Revoke),
}

#[derive(Debug, clap::Args)]
pub(super) struct Create {
    /// What it may do, with commas between
    #[arg(
        long, required = true, value_delimiter = ',', value_name = "SCOPES",
        value_parser = ["notify", "subscribe", "read", "admin"]
    )]
    scopes: Vec<String>,
    /// What to call it
    #[arg(long)]
    title: Option<String>,
    #[command(flatten)]
    app: AppFlag,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    app: AppFlag,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Revoke {
    /// The key's id: key_…, from `fanfare key list`
    id: String,
    #[command(flatten)]
    app: AppFlag,
}

pub(super) fn run(command: Command, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    match command {
        Command::Create(args) => create(args, context),
        Command::List(args) => list(&args, context),
        Command::Revoke(args) => revoke(&args, context),
    }
}

fn create(args: Create, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let mut body = json!({"scopes": args.scopes});
    if let Some(title) = args.title {
        body["title"] = title.into();
    }
    let answer = context.call(&args.app, Call::new(Method::POST, keys_of(&args.app)).json(body))?;
    if args.json {
        context.out.json(&answer);
    } else {
        context.out.line(answer["key"].as_str().unwrap_or_default());
        context.out.note("keep it: it is not shown again");
    }
    Ok(())
}

fn list(args: &List, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let items = context.list(&args.app, &keys_of(&args.app))?;
    if args.json {
        context.out.json(&json!({"items": items}));
        return Ok(());
    }
    let columns = ["id", "title", "scopes", "created"];
    let row = |item: &Value| columns.map(|field| cell(item, field));
    context.out.table(columns, items.iter().map(row).collect());
    Ok(())
}

fn revoke(args: &Revoke, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let path = format!("{}/{}", keys_of(&args.app), segment(&args.id));
    context.call(&args.app, Call::new(Method::DELETE, path))?;
    context.out.note(format_args!("{} is revoked", args.id));
    Ok(())
}

fn keys_of(app: &AppFlag) -> String {
    format!("/v1/apps/{}/keys", segment(&app.name))
}
