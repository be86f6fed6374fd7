//! A list of subscriptions that moves in, part by part: for the command line on the same machine, through the control
//! socket alone. Over the network this path does not exist.

use actix_web::web;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::vapid::Controller;
use crate::http::body::{self, Body};
use crate::http::channel_name::ChannelName;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::registration::{self, Registration};
use crate::http::state::State;
use crate::store::directory::App;
use crate::store::membership::Authority;
use crate::store::moving::{Import, ImportCursor, ImportEntry, Imported};
use crate::webpush::field::FieldError;
use crate::webpush::subscription::Listed;

/// Entries of one call, which are one transaction: whoever publishes meanwhile waits for it.
const MAX_ITEMS: usize = 100;

/// A part of a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportPart {
    /// The channels that all come into; none: those that each names.
    #[serde(default)]
    channels: Vec<String>,
    /// The VAPID key that those were made with which name none; absent, the current one.
    push_key: Option<String>,
    /// Where the list and what is there differ, the list is right.
    #[serde(default)]
    replace: bool,
    /// Only says what would become of each.
    #[serde(default)]
    dry_run: bool,
    /// The entries, in whatever form their program keeps them.
    items: Vec<Value>,
}

/// What became of a part.
#[derive(Default, Serialize)]
pub struct ImportedPart {
    /// How many are new.
    imported: u64,
    /// How many were known and are in a channel more, or have what the list says.
    changed: u64,
    /// How many were there.
    there: u64,
    /// How many went, or are held back, and stay so.
    gone: u64,
    /// How many named no VAPID key, and are taken as made with the one that was.
    unkeyed: u64,
    /// Those that are not in, and why.
    bad: Vec<BadItem>,
}

/// An entry that is not in.
#[derive(Serialize)]
pub struct BadItem {
    /// Which of the part's, from 0.
    index: usize,
    /// Why.
    errors: Vec<BadField>,
}

/// A field that is in the way.
#[derive(Serialize)]
pub struct BadField {
    /// Where: a JSON pointer.
    pointer: String,
    /// What is wrong, and what to do.
    detail: String,
}

/// Takes in a part of a list.
pub async fn import(
    controller: Controller,
    state: web::Data<State>,
    body: Body,
) -> Result<web::Json<ImportedPart>, Problem> {
    let part: ImportPart = body.read(body::WIDE).await?;
    if part.items.len() > MAX_ITEMS {
        let detail = format!("has more than {MAX_ITEMS} entries");
        return Err(Problem::field(ProblemKind::InvalidField, "#/items", detail));
    }
    let app = controller.into_app();
    let channels = part.channels.iter().enumerate().map(|(at, name)| {
        let named = ChannelName::parse(name).map(ChannelName::into_string);
        named.map_err(|error| {
            let pointer = format!("#/channels/{at}");
            Problem::field(ProblemKind::InvalidField, pointer, error.to_string())
        })
    });
    let door = Door { state: &state, app: &app, channels: channels.collect::<Result<_, _>>()? };
    let mut done = ImportedPart::default();
    let (mut entries, mut indices) = (Vec::with_capacity(part.items.len()), Vec::new());
    for (index, item) in part.items.into_iter().enumerate() {
        match door.admit(item, part.push_key.as_deref()) {
            Ok(admitted) => {
                done.unkeyed += u64::from(!admitted.names_key);
                entries.push(admitted);
                indices.push(index);
            }
            Err(errors) => done.refuse(index, errors),
        }
    }
    let command = Import { app: app.id, entries, replace: part.replace, dry_run: part.dry_run };
    let imported = state.store.import(command).await?;
    for (index, imported) in indices.into_iter().zip(imported) {
        done.count(&app, index, imported);
    }
    done.bad.sort_by_key(|bad| bad.index);
    Ok(web::Json(done))
}

/// Where entries come in: as through the front door, for whoever may put anybody into any channel.
struct Door<'a> {
    state: &'a State,
    app: &'a App,
    channels: Vec<String>,
}

impl Door<'_> {
    fn admit(&self, item: Value, push_key: Option<&str>) -> Result<ImportEntry, Vec<FieldError>> {
        let mut listed = Listed::read(item).map_err(|error| vec![error])?;
        let channels = self.channels_of(&listed)?;
        let is_unkeyed = listed.subscription["push_key"].is_null();
        if let (true, Some(push_key)) = (is_unkeyed, push_key) {
            listed.subscription["push_key"] = push_key.into();
        }
        let names_key = !is_unkeyed || push_key.is_some();
        let registration = Registration::accept(self.state, self.app, &listed.subscription, "#")
            .map_err(Problem::into_fields)?;
        let cursors = listed.channels.into_iter().filter_map(|listed| {
            let (epoch, done_seq) = listed.cursor?;
            let is_wanted = channels.contains(&listed.name);
            is_wanted.then_some(ImportCursor { channel: listed.name, epoch, done_seq })
        });
        let cursors = cursors.collect();
        let subscribe = registration.into_subscribe(self.app, channels, Authority::ApiKey);
        Ok(ImportEntry { subscribe, names_key, cursors })
    }

    fn channels_of(&self, listed: &Listed) -> Result<Vec<String>, Vec<FieldError>> {
        if !self.channels.is_empty() {
            return Ok(self.channels.clone());
        }
        if listed.channels.is_empty() {
            let detail = "is missing, and so is --channel: say into which channel it comes";
            return Err(vec![FieldError::new("#/channels", detail)]);
        }
        let parse = |(at, channel): (usize, &crate::webpush::subscription::ListedMembership)| {
            let name = ChannelName::parse(&channel.name).map(ChannelName::into_string);
            name.map_err(|error| {
                vec![FieldError::new(format!("#/channels/{at}/name"), error.to_string())]
            })
        };
        let mut names =
            listed.channels.iter().enumerate().map(parse).collect::<Result<Vec<_>, _>>()?;
        names.sort();
        names.dedup();
        Ok(names)
    }
}

impl ImportedPart {
    fn count(&mut self, app: &App, index: usize, imported: Imported) {
        let bad = match imported {
            Imported::New => return self.imported += 1,
            Imported::Changed => return self.changed += 1,
            Imported::There => return self.there += 1,
            Imported::Gone => return self.gone += 1,
            Imported::OtherKeys => (
                "#/keys",
                "are not those that the endpoint is registered with; --replace takes the list's"
                    .to_owned(),
            ),
            Imported::OtherPushKey => (
                "#/push_key",
                "is not the one that it is registered as made with; --replace takes the list's"
                    .to_owned(),
            ),
            Imported::Exclusive(prefix) => (
                "#/channels",
                format!("has two channels in `{prefix}`, where a browser is in one at most"),
            ),
            Imported::Elsewhere(channel) => (
                "#/channels",
                format!(
                    "would take it out of {channel}, because there a browser is in one channel at most; --replace does so"
                ),
            ),
            Imported::Full(full) => ("#", registration::full(app, &full).detail().to_owned()),
        };
        self.refuse(index, vec![FieldError::new(bad.0, bad.1)]);
    }

    fn refuse(&mut self, index: usize, errors: Vec<FieldError>) {
        let field = |error: FieldError| BadField { pointer: error.pointer, detail: error.detail };
        self.bad.push(BadItem { index, errors: errors.into_iter().map(field).collect() });
    }
}
