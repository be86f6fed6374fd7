//! Publishing: one notification to a channel, or one to each of several.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use super::subscriptions::checked;
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::channel_name::ChannelName;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::publication::{Publication, PublicationToMany};
use crate::http::state::State;
use crate::http::{idempotency, in_flight};
use crate::store::directory::{App, Scope};
use crate::store::publish::{Accept, AcceptReply, Accepted, Idempotency};
use crate::webpush::message::{AppDefaults, NotificationRequest};

pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A full channel empties as it delivers: soon, or not at all.
pub(super) const RETRY_FULL: u64 = 10;

/// One notification in one channel's log.
#[derive(Serialize, ToSchema)]
pub struct Published {
    /// Its name.
    pub id: String,
    /// Its channel.
    pub channel: String,
    /// Its number in the channel's log; null before it is due.
    pub seq: Option<i64>,
    /// How many subscriptions are to get it; null before it is due.
    pub recipients: Option<i64>,
}

/// One notification for each channel.
#[derive(Serialize, ToSchema)]
pub struct PublishedToMany {
    /// In the order of the call, repeats merged.
    pub items: Vec<Published>,
}

/// What a notification says where its caller says nothing.
pub fn defaults<'a>(app: &'a App, home: &'a str) -> AppDefaults<'a> {
    AppDefaults { title: &app.settings.title, home, receipts: app.settings.receipts }
}

/// Publishes a notification to a channel.
///
/// A text becomes the notification's body under the app's title, also as `curl -d` sends it. An empty body is a push
/// without payload. An unknown channel is an empty one: 202, with no recipients. With a `send_at` in the future it is
/// scheduled: it takes its number, its recipients, its exclusions and its topic when it is due, and its TTL runs from then.
#[utoipa::path(
    post, path = "/v1/channels/{channel}/notifications", operation_id = "publish", tag = "notifications",
    params(("channel" = String, Path, description = "The channel's name, percent-encoded"),
           ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 bytes. The same request with it again is answered as the first was, for 24 hours; before the first is answered: 409. Another request with it: 422.")),
    request_body(content((Publication = "application/json"), (String = "text/plain"), (String = "application/x-www-form-urlencoded"))),
    responses((status = 202, body = Published, headers(("Location" = String), ("Idempotency-Replayed" = bool)))),
    security(("api_key" = ["notify"])),
)]
pub async fn publish(
    req: HttpRequest,
    caller: Caller,
    channel: ChannelName,
    state: web::Data<State>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    caller.require(Scope::Notify)?;
    let media_type = body.media_type().unwrap_or_default().to_owned();
    let reading = Reading::of(&body)?;
    let bytes = body.bytes(body::SMALL).await?;
    let idempotency = idempotency::of(&req, &media_type, &bytes)?;
    let home = state.home(&caller.app);
    let request = reading.read(&bytes, &defaults(&caller.app, &home))?;
    let call = accept(&state, &caller.app, request, vec![channel.into_string()], idempotency)?;
    let (items, mut response) = stored(&state, &caller, call).await?;
    let first = items.into_iter().next();
    let first = first.ok_or_else(|| Problem::fault("an accept was answered without its item"))?;
    let location = format!("/v1/notifications/{}", first.id);
    Ok(response.insert_header((header::LOCATION, location)).json(Published::from(first)))
}

/// Publishes one notification to each of several channels, all or nothing.
///
/// A device that is in several of them is shown one.
#[utoipa::path(
    post, path = "/v1/notifications", operation_id = "publishToMany", tag = "notifications",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 bytes. The same request with it again is answered as the first was, for 24 hours; before the first is answered: 409. Another request with it: 422.")),
    request_body = PublicationToMany,
    responses((status = 202, body = PublishedToMany, headers(("Idempotency-Replayed" = bool)))),
    security(("api_key" = ["notify"])),
)]
pub async fn publish_to_many(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    caller.require(Scope::Notify)?;
    let media_type = body.media_type().unwrap_or_default().to_owned();
    let Reading::Json = Reading::of(&body)? else { return Err(json_needed()) };
    let bytes = body.bytes(body::WIDE).await?;
    let idempotency = idempotency::of(&req, &media_type, &bytes)?;
    let home = state.home(&caller.app);
    let json = body::parse(&bytes)?;
    let mut request = NotificationRequest::parse_json(&json, &defaults(&caller.app, &home), true)
        .map_err(Problem::fields)?;
    let channels = checked(request.channels.take().unwrap_or_default())?;
    let call = accept(&state, &caller.app, request, channels, idempotency)?;
    let (items, mut response) = stored(&state, &caller, call).await?;
    let items = items.into_iter().map(Published::from).collect();
    Ok(response.json(PublishedToMany { items }))
}

/// How a body is to be understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reading {
    Json,
    Text,
    /// What `curl -d` sends: it says form, and means the bytes.
    Form,
    /// No body and no type.
    Nothing,
}

impl Reading {
    fn of(body: &Body) -> Result<Self, Problem> {
        let reading = match body.media_type() {
            Some("application/json") => Self::Json,
            Some("text/plain") => Self::Text,
            Some("application/x-www-form-urlencoded") => Self::Form,
            None => Self::Nothing,
            Some(_) => return Err(json_needed()),
        };
        match body.charset() {
            Some(charset) if !["utf-8", "us-ascii"].contains(&charset) => {
                let detail = "the text must be UTF-8";
                Err(Problem::new(ProblemKind::UnsupportedMediaType, detail))
            }
            Some(_) | None => Ok(reading),
        }
    }

    fn read(self, bytes: &Bytes, app: &AppDefaults<'_>) -> Result<NotificationRequest, Problem> {
        match self {
            Self::Json => {
                let json = body::parse(bytes)?;
                NotificationRequest::parse_json(&json, app, false).map_err(Problem::fields)
            }
            Self::Nothing if !bytes.is_empty() => Err(json_needed()),
            Self::Form if bytes.trim_ascii_start().starts_with(b"{") => Err(json_needed()),
            Self::Text | Self::Form | Self::Nothing => {
                let text = std::str::from_utf8(bytes).map_err(|error| {
                    let detail = format!("the text is not UTF-8: {error}");
                    Problem::new(ProblemKind::BadRequest, detail)
                })?;
                Ok(NotificationRequest::from_text(text, app))
            }
        }
    }
}

fn json_needed() -> Problem {
    let detail = "a JSON body must say so: -H 'Content-Type: application/json' (a text: -H 'Content-Type: text/plain')";
    Problem::new(ProblemKind::UnsupportedMediaType, detail)
}

impl From<Accepted> for Published {
    fn from(accepted: Accepted) -> Self {
        let Accepted { id, channel, seq, recipients } = accepted;
        Self { id, channel, seq, recipients }
    }
}

fn accept(
    state: &State,
    app: &App,
    request: NotificationRequest,
    channels: Vec<String>,
    idempotency: Option<Idempotency>,
) -> Result<Accept, Problem> {
    let now = state.now();
    let send_at = request.due(now).map_err(|error| Problem::fields(vec![error]))?;
    let longest = channels.iter().max_by_key(|name| name.len()).map_or("", String::as_str);
    request
        .content
        .check_size(longest, channels.len() > 1)
        .map_err(|error| Problem::new(ProblemKind::PayloadTooLarge, error.to_string()))?;
    Ok(Accept {
        app: app.id,
        channels,
        content: request.content,
        send_at,
        ttl: request.ttl,
        urgency: request.urgency,
        topic: request.topic,
        exclude: request.exclude,
        idempotency,
        now,
    })
}

/// What was stored, and the answer's head.
async fn stored(
    state: &State,
    caller: &Caller,
    call: Accept,
) -> Result<(Vec<Accepted>, HttpResponseBuilder), Problem> {
    // Kept until this call has its answer.
    let _flight = match &call.idempotency {
        Some(idempotency) => Some(state.in_flight.begin(call.app, idempotency)?),
        None => None,
    };
    let counted = if call.send_at.is_some() { "open and scheduled" } else { "open" };
    match state.store.accept(call).await? {
        AcceptReply::Accepted { items, replayed } => {
            tell(caller, &items, replayed);
            let mut response = HttpResponse::Accepted();
            if replayed {
                response.insert_header((REPLAYED, HeaderValue::from_static("true")));
            } else {
                state.metrics.notifications_accepted.inc_by(items.len() as u64);
            }
            Ok((items, response))
        }
        AcceptReply::KeyReused => Err(in_flight::key_reused()),
        AcceptReply::ChannelFull(channel) => {
            let detail = format!(
                "the channel {channel} has 10,000 {counted} notifications, as many as it may"
            );
            Err(Problem::new(ProblemKind::ChannelFull, detail).retry_after(RETRY_FULL))
        }
    }
}

/// The log's link between a request and what it set in motion.
pub(super) fn tell(caller: &Caller, items: &[Accepted], replayed: bool) {
    if let [only] = items {
        tracing::Span::current().record("notification", &only.id);
    }
    for Accepted { id, channel, seq, recipients } in items {
        let app = &caller.app.name;
        tracing::debug!(
            notification = id,
            app,
            by = caller.name(),
            channel,
            seq,
            recipients,
            replayed,
            "a notification was accepted"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: AppDefaults<'static> =
        AppDefaults { title: "Shop", home: "https://shop.example", receipts: false };

    #[test]
    fn a_text_is_taken_raw_and_json_in_a_form_is_named() {
        let read = |reading: Reading, text: &'static str| {
            reading.read(&Bytes::from_static(text.as_bytes()), &APP).map(|request| request.content)
        };
        for (reading, text) in [
            (Reading::Form, "Tea=ready&milk=+%20"),
            (Reading::Text, "{ is a fine way to begin a text"),
            (Reading::Form, ""),
            (Reading::Nothing, ""),
        ] {
            let expected = NotificationRequest::from_text(text, &APP).content;
            assert_eq!(read(reading, text).unwrap(), expected, "{text}");
        }
        for (reading, text) in
            [(Reading::Form, " {\"notification\":{}}"), (Reading::Nothing, "Tea is ready")]
        {
            let problem = read(reading, text).unwrap_err();
            assert_eq!(problem.kind(), ProblemKind::UnsupportedMediaType);
            assert!(problem.to_string().contains("-H 'Content-Type: application/json'"));
        }
        let latin = Reading::Text.read(&Bytes::from_static(b"caf\xe9"), &APP).unwrap_err();
        assert_eq!(latin.kind(), ProblemKind::BadRequest);
    }
}
