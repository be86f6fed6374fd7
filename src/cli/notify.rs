//! `fanfare notify`: publishes to a channel, here or on a daemon elsewhere.

use std::io::Read;
use std::path::PathBuf;

use super::CliError;
use super::context::{AppFlag, Context, block_on, header};
use super::elsewhere::Elsewhere;
use super::output::{cell, plain};
use super::path::segment;
use crate::control::{APP_HEADER, Call};
use http::header::HeaderName;
use http::{HeaderValue, Method};
use serde_json::{Map, Value, json};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The channel
    channel: String,
    /// The notification's text, or - for standard input
    #[arg(conflicts_with = "body")]
    text: Option<String>,
    /// Its title [default: the app's]
    #[arg(long)]
    title: Option<String>,
    /// Its text, as a flag
    #[arg(long)]
    body: Option<String>,
    /// Where a click leads
    #[arg(long)]
    url: Option<String>,
    /// An icon's URL
    #[arg(long, value_name = "URL")]
    icon: Option<String>,
    /// A picture's URL
    #[arg(long, value_name = "URL")]
    image: Option<String>,
    /// A shown notification with the same tag is replaced
    #[arg(long)]
    tag: Option<String>,
    /// How long it may wait: seconds, or a duration such as 2h; 0 is now or never [default: 1 day]
    #[arg(long, value_parser = seconds)]
    ttl: Option<u64>,
    /// How much it matters to a device that saves power [default: normal]
    #[arg(long, value_parser = ["very-low", "low", "normal", "high"])]
    urgency: Option<String>,
    /// A newer one of the same topic replaces what still waits
    #[arg(long)]
    topic: Option<String>,
    /// When to send it: RFC 3339, such as 2026-11-21T20:00:00Z, at most 28 days ahead [default: now]
    #[arg(long, value_name = "TIME")]
    send_at: Option<String>,
    /// An object for the page and the worker
    #[arg(long, value_name = "JSON", value_parser = object)]
    data: Option<Value>,
    /// A subscription that does not get it (repeatable)
    #[arg(long, value_name = "SUBSCRIPTION")]
    exclude: Vec<String>,
    /// What makes a repeat of this call the same call
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    elsewhere: Elsewhere,
    /// The app [default: default, or the key's]
    #[arg(long)]
    app: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(mut args: Args, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    if args.text.as_deref() == Some("-") {
        args.text = Some(standard_input()?);
    }
    let call = args.call()?;
    let answer = match args.elsewhere.reach(context)? {
        Some(remote) => {
            let call = match &args.app {
                Some(app) => call.header(APP_HEADER, header(app)?),
                None => call,
            };
            block_on(remote.call(call))?
        }
        None => {
            let app = AppFlag { name: args.app.clone().unwrap_or_else(|| "default".to_owned()) };
            context.call(&app, call)?
        }
    };
    if args.json {
        context.out.json(&answer);
    } else {
        let [id, recipients, channel] =
            ["id", "recipients", "channel"].map(|field| plain(cell(&answer, field)));
        match &args.send_at {
            Some(time) if answer["recipients"].is_null() => {
                context.out.line(format_args!("{id}: scheduled for {time} in {channel}"));
            }
            Some(_) | None => {
                context.out.line(format_args!("{id}: {recipients} recipients in {channel}"));
            }
        }
    }
    Ok(())
}

impl Args {
    fn call(&self) -> Result<Call, CliError> {
        let path = format!("/v1/channels/{}/notifications", segment(&self.channel));
        let mut call = Call::new(Method::POST, path).json(self.body().into());
        if let Some(key) = &self.idempotency_key {
            let value: HeaderValue = header(key)?;
            call = call.header(HeaderName::from_static("idempotency-key"), value);
        }
        Ok(call)
    }

    /// What was given, as the API has it.
    fn body(&self) -> Map<String, Value> {
        let text = self.text.as_ref().or(self.body.as_ref());
        let notification = given([
            ("title", self.title.clone().map(Value::from)),
            ("body", text.cloned().map(Value::from)),
            ("navigate", self.url.clone().map(Value::from)),
            ("icon", self.icon.clone().map(Value::from)),
            ("image", self.image.clone().map(Value::from)),
            ("tag", self.tag.clone().map(Value::from)),
        ]);
        given([
            ("notification", (!notification.is_empty()).then(|| notification.into())),
            ("data", self.data.clone()),
            ("ttl", self.ttl.map(Value::from)),
            ("urgency", self.urgency.clone().map(Value::from)),
            ("topic", self.topic.clone().map(Value::from)),
            ("send_at", self.send_at.clone().map(Value::from)),
            ("exclude", (!self.exclude.is_empty()).then(|| json!(self.exclude))),
        ])
    }
}

fn given<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn standard_input() -> Result<String, CliError> {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map_err(|source| CliError::Input { path: PathBuf::from("-"), source })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn seconds(text: &str) -> Result<u64, String> {
    let wrong = |_| "write seconds, or a duration such as 2h".to_owned();
    text.parse()
        .or_else(|_| humantime::parse_duration(text).map(|span| span.as_secs()).map_err(wrong))
}

fn object(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err("not an object; write {\"name\": \"value\"}".to_owned()),
        Err(error) => Err(format!("not JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        args: Args,
    }

    fn body(arguments: &[&str]) -> Value {
        let arguments = ["notify", "demo"].iter().chain(arguments);
        Only::try_parse_from(arguments).unwrap_or_else(|error| panic!("{error}")).args.body().into()
    }

    #[test]
    fn what_is_given_is_sent_and_nothing_else() {
        let rows: [(&[&str], Value); 5] = [
            (&[], json!({})),
            (&["Tea"], json!({"notification": {"body": "Tea"}})),
            (
                &["--body", "Tea", "--title", "T"],
                json!({"notification": {"body": "Tea", "title": "T"}}),
            ),
            (&["--ttl", "2h", "--urgency", "low"], json!({"ttl": 7200, "urgency": "low"})),
            (
                &["--data", "{\"a\":1}", "--url", "https://a.test/", "--ttl=0"],
                json!({"data": {"a": 1}, "notification": {"navigate": "https://a.test/"}, "ttl": 0}),
            ),
        ];
        for (arguments, expected) in rows {
            assert_eq!(body(arguments), expected, "{arguments:?}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_a_usage_error() {
        let rows: [&[&str]; 4] =
            [&["--data", "3"], &["--data", "{"], &["--ttl", "soon"], &["--urgency", "now"]];
        for arguments in rows {
            let all = ["notify", "demo"].iter().chain(arguments);
            assert!(Only::try_parse_from(all).is_err(), "{arguments:?}");
        }
    }
}
