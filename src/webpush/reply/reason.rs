//! A push service's own words on why, made fit to be shown: short, printable, and without anything that could be
//! an endpoint.

use http::HeaderMap;
use serde_json::Value;

use super::Answer;
use crate::webpush::service::PushService;

/// How many characters of a reason are shown.
const MAX_CHARS: usize = 200;

/// How much of a body is looked at: the reasons of all services fit many times over.
const MAX_BODY: usize = 4096;

const REDACTED: &str = "[redacted]";

/// The reason that `service` gives in `answer`, if it gives one.
pub fn reason(service: PushService, answer: &Answer) -> Option<String> {
    let text = match service {
        PushService::Wns => wns(&answer.headers),
        PushService::Fcm
        | PushService::Mozilla
        | PushService::Apple
        | PushService::Ntfy
        | PushService::Other => None,
    };
    let text = text.or_else(|| body(&answer.body))?;
    let shown = presentable(&text);
    (!shown.is_empty()).then_some(shown)
}

/// Why `service` will not pass on a message that it took: WNS says 200 to what it drops, or throttles away. `None` where
/// the answer accepts nothing, or accepts without reserve.
pub fn dropped(service: PushService, answer: &Answer) -> Option<String> {
    match service {
        PushService::Wns if answer.status.is_success() => {
            let said = WNS_STATUSES.iter().filter_map(|name| answer.headers.get(*name));
            let mut said = said.filter_map(|value| value.to_str().ok());
            let all_well = said.all(|status| status.eq_ignore_ascii_case("received"));
            if all_well { None } else { reason(service, answer) }
        }
        PushService::Wns
        | PushService::Fcm
        | PushService::Mozilla
        | PushService::Apple
        | PushService::Ntfy
        | PushService::Other => None,
    }
}

/// What became of the message: WNS writes it under both.
const WNS_STATUSES: [&str; 2] = ["x-wns-status", "x-wns-notificationstatus"];

/// WNS answers in headers; its body is empty. Two of them often say the same.
fn wns(headers: &HeaderMap) -> Option<String> {
    let [status, notification_status] = WNS_STATUSES;
    let names =
        ["x-wns-error-description", status, notification_status, "x-wns-deviceconnectionstatus"];
    let mut told: Vec<_> =
        names.iter().filter_map(|name| headers.get(*name)?.to_str().ok()).collect();
    told.dedup();
    (!told.is_empty()).then(|| told.join(", "))
}

fn body(bytes: &[u8]) -> Option<String> {
    if let Ok(json) = serde_json::from_slice::<Value>(bytes) {
        return words(&json);
    }
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_BODY)]);
    let text = text.trim_start();
    match text.chars().next() {
        Some('<') => html_title(text),
        // JSON that was cut off.
        Some('{' | '[') | None => None,
        Some(_) => Some(text.to_owned()),
    }
}

/// Apple: `reason`. Mozilla: `error`, `message` and `errno`. ntfy: `error` and `code`. FCM: `error.status` and
/// `error.message`. RFC 9457: `title` and `detail`.
fn words(json: &Value) -> Option<String> {
    let object = json.as_object()?;
    if let Some(nested) = object.get("error").filter(|error| error.is_object()) {
        return words(nested);
    }
    let mut told: Vec<String> = ["reason", "status", "title", "error", "message", "detail"]
        .iter()
        .filter_map(|name| object.get(*name)?.as_str().map(str::to_owned))
        .collect();
    for name in ["errno", "code"] {
        // Mozilla's `code` repeats the status, and is passed over where `errno` says more.
        if let Some(number) = object.get(name).and_then(Value::as_u64) {
            told.push(format!("{name} {number}"));
            break;
        }
    }
    (!told.is_empty()).then(|| told.join(": "))
}

/// Google's and most proxies' error pages say it there.
fn html_title(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let len = lower[start..].find('<')?;
    Some(text[start..start + len].to_owned())
}

/// One line of printable words, each of which may be shown.
fn presentable(text: &str) -> String {
    let printable: String = text.chars().map(|c| if is_printable(c) { c } else { ' ' }).collect();
    let words: Vec<_> = printable
        .split_whitespace()
        .map(|word| if looks_secret(word) { REDACTED } else { word })
        .collect();
    let line = words.join(" ");
    match line.char_indices().nth(MAX_CHARS) {
        Some(_) => line.chars().take(MAX_CHARS - 1).chain(['…']).collect(),
        None => line,
    }
}

/// No control characters, nor those that turn the direction of the text around them or hide in it.
fn is_printable(c: char) -> bool {
    let hidden = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    !c.is_control() && !hidden
}

/// A URL, a path, or a piece of one: long runs, and shorter ones that mix cases and digits as tokens do and
/// words do not.
fn looks_secret(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let url = ["://", "%3a", "%2f", "www.", "@", "?"]
        .iter()
        .any(|mark| lower.trim_end_matches('?').contains(mark));
    url || word.matches('/').count() > 1
        || word.trim_start_matches(['"', '\'', '(']).starts_with('/')
        || word.split(|c: char| !is_token(c)).any(looks_random)
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '=' | '%' | '.' | ':' | '~')
}

fn looks_random(run: &str) -> bool {
    let has = |test: fn(&u8) -> bool| run.as_bytes().iter().any(test);
    let (digit, letter) = (has(u8::is_ascii_digit), has(u8::is_ascii_alphabetic));
    let cases = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    // A name such as `VapidPkHashMismatch` has a capital now and then; chance makes every other letter one.
    let capitals = run.bytes().filter(u8::is_ascii_uppercase).count();
    match run.len() {
        ..=9 => false,
        10..=15 => digit && cases,
        16..=31 => (digit && letter) || (cases && capitals * 3 > run.len()),
        32.. => true,
    }
}
