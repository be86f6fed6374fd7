//! `fanfare vapid`: the keys that browsers subscribe with. An app's older keys stay, because a subscription is
//! signed for with its own.

use std::io::Read;
use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::Method;
use serde_json::{Value, json};

use super::CliError;
use super::context::{AppFlag, Context};
use super::output::{cell, plain};
use super::path::segment;
use crate::control::Call;

const KEYS: &str = "/control/vapid-keys";

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Adds a fresh key to an app
    Generate(Generate),
    /// Adds a key that another program made: web-push's JSON or text, a PEM (SEC 1 or PKCS#8), or a private key in base64url
    Import(Import),
    /// Prints a key pair, private half included, as web-push's JSON or as a PEM
    Export(Export),
    /// Lists an app's keys, public halves only, and for how many subscriptions each signs
    List(List),
    /// Makes a key for new subscriptions from now on; the earlier ones go on signing for theirs
    Rotate(Rotate),
}

#[derive(Debug, clap::Args)]
pub(super) struct Generate {
    /// Use it for new subscriptions from now on
    #[arg(long, conflicts_with = "print")]
    current: bool,
    /// Only print a fresh pair, as web-push's JSON, and store nothing
    #[arg(long)]
    print: bool,
    #[command(flatten)]
    app: AppFlag,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// The file, or - for standard input
    file: PathBuf,
    /// Use it for new subscriptions from now on [default: only if the app has none yet]
    #[arg(long)]
    current: bool,
    #[command(flatten)]
    app: AppFlag,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// The key's id, from `fanfare vapid list` [default: the current one]
    id: Option<String>,
    /// Print a PEM (PKCS#8) instead of JSON
    #[arg(long)]
    pem: bool,
    #[command(flatten)]
    app: AppFlag,
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
pub(super) struct Rotate {
    #[command(flatten)]
    app: AppFlag,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: Command, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    match command {
        Command::Generate(args) if args.print => {
            let pair =
                fresh_pair().map_err(|_| CliError::Failed("no key could be made".to_owned()))?;
            context.out.json(&pair);
            Ok(())
        }
        Command::Generate(args) => {
            add(&args.app, args.json, json!({"current": args.current}), context)
        }
        Command::Import(args) => {
            let text = read(&args.file)?;
            import(&args, text, context)
        }
        Command::Export(args) => export(args, context),
        Command::List(args) => list(&args, context),
        Command::Rotate(args) => add(&args.app, args.json, json!({"current": true}), context),
    }
}

fn add(
    app: &AppFlag,
    as_json: bool,
    body: Value,
    context: &mut Context<'_, '_>,
) -> Result<(), CliError> {
    let answer = context.call(app, Call::new(Method::POST, KEYS).json(body))?;
    if as_json {
        context.out.json(&answer);
    } else {
        context.out.line(answer["key"].as_str().unwrap_or_default());
    }
    Ok(())
}

fn import(args: &Import, text: String, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let body = json!({"import": text, "current": args.current});
    let answer = context.call(&args.app, Call::new(Method::POST, KEYS).json(body))?;
    if args.json {
        context.out.json(&answer);
        return Ok(());
    }
    let key = plain(cell(&answer, "key"));
    context.out.line(&key);
    if answer["added"] == false {
        context.out.note("it was there already");
    }
    context.out.note(match answer["current"] == true {
        true => "new subscriptions are made with it from now on".to_owned(),
        false => format!(
            "it is not the app's current key: it signs for subscriptions that name it, or are taken in with `fanfare \
             import --push-key {key}`; --current makes it that"
        ),
    });
    Ok(())
}

fn export(args: Export, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let pair = context.with_daemon(&args.app, async |daemon| {
        let id = match args.id {
            Some(id) => id,
            None => current(&daemon.call(Call::new(Method::GET, KEYS)).await?)?,
        };
        let query = if args.pem { "?pem=true" } else { "" };
        let path = format!("{KEYS}/{}/export{query}", segment(&id));
        daemon.call(Call::new(Method::GET, path)).await
    })?;
    match pair["pem"].as_str() {
        Some(pem) => context.out.line(pem.trim_end()),
        None => context.out.json(&pair),
    }
    Ok(())
}

fn list(args: &List, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let items = context.list(&args.app, KEYS)?;
    if args.json {
        context.out.json(&json!({"items": items}));
        return Ok(());
    }
    let columns = ["id", "key", "current", "subscriptions", "created"];
    let row = |item: &Value| columns.map(|field| cell(item, field));
    context.out.table(columns, items.iter().map(row).collect());
    Ok(())
}

/// The id of the key that new subscriptions are made with. Ids are numbers or text: both are shown the same.
fn current(keys: &Value) -> Result<String, CliError> {
    let mut items = keys["items"].as_array().into_iter().flatten();
    let item = items.find(|item| item["current"] == true);
    item.map(|item| cell(item, "id")).ok_or_else(|| {
        CliError::Failed("the app has no current key; name one by its id".to_owned())
    })
}

fn read(path: &Path) -> Result<String, CliError> {
    let unreadable = |source| CliError::Input { path: path.to_owned(), source };
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(unreadable)?;
        return Ok(text);
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

/// A pair in the form that `npx web-push generate-vapid-keys --json` prints.
fn fresh_pair() -> Result<Value, Unspecified> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    let private: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes()?;
    Ok(json!({
        "publicKey": BASE64_URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()),
        "privateKey": BASE64_URL_SAFE_NO_PAD.encode(private.as_ref()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_pair_has_npms_form_and_halves_that_belong_together() {
        let pair = fresh_pair().unwrap();
        let half =
            |name: &str| BASE64_URL_SAFE_NO_PAD.decode(pair[name].as_str().unwrap()).unwrap();
        let (public, private) = (half("publicKey"), half("privateKey"));
        assert_eq!((public.len(), public[0], private.len()), (65, 4, 32));
        EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &private,
            &public,
        )
        .expect("the halves belong together");
    }

    #[test]
    fn the_current_key_is_found_whatever_its_id_is() {
        let rows = [
            (
                json!({"items": [{"id": 1, "current": false}, {"id": 2, "current": true}]}),
                Some("2"),
            ),
            (json!({"items": [{"id": "vk_a", "current": true}]}), Some("vk_a")),
            (json!({"items": []}), None),
        ];
        for (keys, expected) in rows {
            assert_eq!(current(&keys).ok().as_deref(), expected);
        }
    }
}
