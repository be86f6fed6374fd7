//! `fanfare app`: tenants. They live in the database, so that the daemon heeds a change at once.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Map, Value, json};

use super::CliError;
use super::context::{AppFlag, Context};
use super::output::{cell, plain};
use super::path::segment;
use crate::control::Call;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Makes an app, with a VAPID key of its own
    Create(Write),
    /// Lists apps
    List(List),
    /// Changes an app: what is given replaces what was there
    Set(Write),
    /// Deletes an app with its keys, channels and subscriptions
    Delete(Named),
    /// Gives an app another secret for subscriber tokens, and shows it; older tokens end
    TokenSecret(Named),
}

#[derive(Debug, clap::Args)]
pub(super) struct Write {
    /// The app
    name: String,
    /// The title of notifications that have none
    #[arg(long)]
    title: Option<String>,
    /// Where a click leads when the notification does not say
    #[arg(long, value_name = "URL")]
    home: Option<String>,
    /// Origins whose pages may call (repeatable, or with commas; empty: none)
    #[arg(long = "origin", alias = "origins", value_delimiter = ',', value_name = "ORIGIN")]
    origins: Option<Vec<String>>,
    /// Channels that anyone may subscribe to (repeatable, or with commas; empty: none)
    #[arg(
        long = "public-channel",
        alias = "public-channels",
        value_delimiter = ',',
        value_name = "CHANNEL"
    )]
    public_channels: Option<Vec<String>>,
    /// Prefixes in each of which a browser is in at most one channel (repeatable; empty: none)
    #[arg(long, value_delimiter = ',', value_name = "PREFIX")]
    exclusive: Option<Vec<String>>,
    /// Whether devices say that a notification was shown, clicked and closed, which its status then counts
    #[arg(long, value_name = "true|false")]
    receipts: Option<bool>,
    /// A limit (repeatable): subscriptions, subscriptions_per_channel, or requests_per_second of each API key; `none`
    /// lifts it
    #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = limit)]
    limits: Vec<(String, Option<i64>)>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Named {
    /// The app
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: Command, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    match command {
        Command::Create(args) => {
            let mut body = args.settings();
            body.insert("id".to_owned(), args.name.clone().into());
            let call = Call::new(Method::POST, "/v1/apps").json(body.into());
            write(&args, call, "created", context)
        }
        Command::Set(args) => {
            let settings = args.settings();
            if settings.is_empty() {
                return Err(CliError::Usage(
                    "nothing to set; see `fanfare app set --help`".to_owned(),
                ));
            }
            let call = Call::new(Method::PATCH, path_of(&args.name)).json(settings.into());
            write(&args, call, "changed", context)
        }
        Command::List(args) => list(&args, context),
        Command::Delete(args) => delete(&args, context),
        Command::TokenSecret(args) => token_secret(&args, context),
    }
}

impl Write {
    /// What was given, as the API has it.
    fn settings(&self) -> Map<String, Value> {
        let list = |items: &Option<Vec<String>>| {
            items
                .as_ref()
                .map(|items| items.iter().filter(|item| !item.is_empty()).cloned().collect())
        };
        let limits: BTreeMap<_, _> = self.limits.iter().cloned().collect();
        let fields: [(&str, Option<Value>); 7] = [
            ("title", self.title.clone().map(Value::from)),
            ("home", self.home.clone().map(Value::from)),
            ("origins", list(&self.origins)),
            ("public_channels", list(&self.public_channels)),
            ("exclusive", list(&self.exclusive)),
            ("receipts", self.receipts.map(Value::from)),
            ("limits", (!limits.is_empty()).then(|| json!(limits))),
        ];
        let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        given.collect()
    }
}

fn write(
    args: &Write,
    call: Call,
    done: &str,
    context: &mut Context<'_, '_>,
) -> Result<(), CliError> {
    let answer = context.call(&instance(), call)?;
    if args.json {
        context.out.json(&answer);
    } else {
        context.out.note(format_args!("app {} is {done}", plain(&args.name)));
    }
    Ok(())
}

fn list(args: &List, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let items = context.list(&instance(), "/v1/apps")?;
    if args.json {
        context.out.json(&json!({"items": items}));
        return Ok(());
    }
    let columns = ["id", "title", "home", "origins", "public_channels"];
    let row = |item: &Value| columns.map(|field| cell(item, field));
    context.out.table(columns, items.iter().map(row).collect());
    Ok(())
}

fn delete(args: &Named, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    context.call(&instance(), Call::new(Method::DELETE, path_of(&args.name)))?;
    if args.json {
        context.out.json(&json!({"id": args.name, "deleted": true}));
    } else {
        context.out.note(format_args!("app {} is deleted", plain(&args.name)));
    }
    Ok(())
}

fn token_secret(args: &Named, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let path = format!("{}/token-secret", path_of(&args.name));
    let answer = context.call(&instance(), Call::new(Method::POST, path))?;
    if args.json {
        context.out.json(&answer);
    } else {
        context.out.line(answer["token_secret"].as_str().unwrap_or_default());
        context.out.note("keep it: it is not shown again");
    }
    Ok(())
}

/// Apps are the instance's, and its admin is the app `default`'s.
fn instance() -> AppFlag {
    AppFlag { name: "default".to_owned() }
}

fn path_of(app: &str) -> String {
    format!("/v1/apps/{}", segment(app))
}

fn limit(text: &str) -> Result<(String, Option<i64>), String> {
    let wrong = || "write NAME=NUMBER, or NAME=none to lift it".to_owned();
    let (name, number) = text.split_once('=').ok_or_else(wrong)?;
    let number = match number {
        "none" => None,
        number => Some(number.parse().map_err(|_| wrong())?),
    };
    Ok((name.to_owned(), number))
}
