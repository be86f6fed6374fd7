//! The body of a publish, as OpenAPI describes it. What reads it is [`crate::webpush::message`].
#![expect(dead_code, reason = "these types describe what `NotificationRequest::parse_json` reads")]

use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What to push. Without `notification`, `data` and `raw` it is a push without payload.
#[derive(ToSchema)]
pub struct Publication {
    /// What to show.
    notification: Option<Notification>,
    /// A number for the app's icon.
    app_badge: Option<u64>,
    /// Whether Safari lets the worker see it before it is shown; true where it is absent.
    mutable: Option<bool>,
    /// For the page and the worker; alone, it is relayed and shown under the app's title.
    data: Option<Value>,
    /// Instead of all of the above: this very text is the payload.
    raw: Option<String>,
    /// The same in base64: these bytes are the payload.
    raw_base64: Option<String>,
    /// For how many seconds it is worth delivering, from `send_at` where that is given. 0: now or never.
    #[schema(default = 86400, maximum = 2_419_200)]
    ttl: Option<u32>,
    /// How soon it should wake the device.
    #[schema(default = "normal")]
    urgency: Option<UrgencyName>,
    /// A newer notification of the same topic replaces what still waits in the channel.
    topic: Option<String>,
    /// When to send it, in RFC 3339: at most 28 days ahead. The past is now.
    #[schema(format = DateTime)]
    send_at: Option<String>,
    /// Subscriptions that do not get it, for instance the one that caused it.
    #[schema(max_items = 100)]
    exclude: Option<Vec<String>>,
}

/// The same for several channels.
#[derive(ToSchema)]
pub struct PublicationToMany {
    /// Names of channels; repeats are merged.
    #[schema(min_items = 1, max_items = 1000)]
    channels: Vec<String>,
    /// All else.
    #[serde(flatten)]
    publication: Publication,
}

/// RFC 8030 §5.3.
#[derive(ToSchema)]
#[schema(rename_all = "kebab-case", as = Urgency)]
pub enum UrgencyName {
    /// On power and Wi-Fi.
    VeryLow,
    /// On either of them.
    Low,
    /// Always, but for low battery.
    Normal,
    /// Always.
    High,
}

/// What a browser shows (Declarative Web Push, the Notifications API).
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Notification {
    /// The app's title where it is absent.
    title: Option<String>,
    /// The text.
    body: Option<String>,
    /// Where a click leads: an absolute https URL; the app's home where it is absent.
    navigate: Option<String>,
    /// A picture's URL.
    icon: Option<String>,
    /// A large picture's URL.
    image: Option<String>,
    /// A small monochrome picture's URL.
    badge: Option<String>,
    /// What replaces what; the notification's own name where it is absent.
    tag: Option<String>,
    /// A language, such as `en`.
    lang: Option<String>,
    /// `auto`, `ltr` or `rtl`.
    dir: Option<String>,
    /// When what it tells of was, in milliseconds since 1970.
    timestamp: Option<u64>,
    /// Whether replacing another makes a sound again.
    renotify: Option<bool>,
    /// Whether it makes no sound.
    silent: Option<bool>,
    /// Whether it stays until somebody acts.
    require_interaction: Option<bool>,
    /// Milliseconds on and off.
    vibrate: Option<Vec<u32>>,
    /// For the page and the worker. The key `fanfare` is the daemon's.
    data: Option<Map<String, Value>>,
    /// Buttons.
    actions: Option<Vec<NotificationAction>>,
}

/// A button.
#[derive(ToSchema)]
pub struct NotificationAction {
    /// Its name for the worker.
    action: String,
    /// Its text.
    title: String,
    /// Where it leads.
    navigate: Option<String>,
    /// A picture's URL.
    icon: Option<String>,
}
