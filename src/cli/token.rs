//! `fanfare token`: makes a subscriber token, which lets a browser into channels.

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::CliError;
use super::context::{AppFlag, Context};
use crate::control::Call;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Channels that it opens, with commas between; a final * is a prefix
    #[arg(long, required = true, value_delimiter = ',', value_name = "CHANNELS")]
    channels: Vec<String>,
    /// How long it holds, at most 24h
    #[arg(long, default_value = "1h", value_name = "DURATION", value_parser = humantime::parse_duration)]
    expires_in: Duration,
    #[command(flatten)]
    app: AppFlag,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let body = json!({"channels": args.channels, "expires_in": args.expires_in.as_secs()});
    let answer = context.call(&args.app, Call::new(Method::POST, "/v1/tokens").json(body))?;
    if args.json {
        context.out.json(&answer);
    } else {
        context.out.line(answer["token"].as_str().unwrap_or_default());
    }
    Ok(())
}
