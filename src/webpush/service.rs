//! Which push service an endpoint belongs to. Hosts are compared as parsed labels, never as substrings:
//! `https://127.0.0.1:9200/x.google.com/` is not Google's.

use std::fmt;

use crate::webpush::subscription::{Endpoint, Origin};

/// A push service whose ways are known, or any other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PushService {
    /// Firebase Cloud Messaging: Chrome and most Chromium browsers.
    Fcm,
    /// Mozilla's autopush: Firefox.
    Mozilla,
    /// Apple's: Safari, and every browser on iOS.
    Apple,
    /// Windows Notification Service: Edge.
    Wns,
    /// ntfy.sh, as a UnifiedPush distributor.
    Ntfy,
    /// Any other, often self-hosted.
    Other,
}

impl PushService {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Fcm, Self::Mozilla, Self::Apple, Self::Wns, Self::Ntfy, Self::Other];

    /// The push service at an origin that was written down.
    pub fn at(origin: &str) -> Self {
        let endpoint = Endpoint::from_store(format!("{origin}/"));
        endpoint.map_or(Self::Other, |endpoint| Self::of(endpoint.origin()))
    }

    /// The push service at `origin`; the known ones are on the default port.
    pub fn of(origin: &Origin) -> Self {
        if origin.port() != 443 {
            return Self::Other;
        }
        let labels: Vec<&str> = origin.host().rsplit('.').collect();
        match labels.as_slice() {
            // The second is what Chromium names outside its stable channel, and Debian's names always.
            ["com", "googleapis", "fcm"] | ["com", "google", "jmt17"] => Self::Fcm,
            ["com", "mozilla", "services", "push", _, ..] => Self::Mozilla,
            ["com", "apple", "push", _, ..] => Self::Apple,
            ["com", "windows", "notify", _, ..] => Self::Wns,
            ["sh", "ntfy"] => Self::Ntfy,
            _ => Self::Other,
        }
    }

    /// Its name in metrics, logs and lists.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Fcm => "fcm",
            Self::Mozilla => "mozilla",
            Self::Apple => "apple",
            Self::Wns => "wns",
            Self::Ntfy => "ntfy",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for PushService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_service_is_known_by_its_host_and_by_nothing_else() {
        let cases = [
            ("https://fcm.googleapis.com/fcm/send/x", "fcm"),
            ("https://FCM.googleapis.com:443/wp/x", "fcm"),
            ("https://jmt17.google.com/fcm/send/x", "fcm"),
            ("https://updates.push.services.mozilla.com/wpush/v2/x", "mozilla"),
            ("https://web.push.apple.com/x", "apple"),
            ("https://api.sandbox.push.apple.com/x", "apple"),
            ("https://wns2-par02p.notify.windows.com/w/?token=x", "wns"),
            ("https://ntfy.sh/upx?up=1", "ntfy"),
            ("https://ntfy.example/upx?up=1", "other"),
            ("https://fcm.googleapis.com.evil.example/", "other"),
            ("https://evil-fcm.googleapis.com/", "other"),
            ("https://xpush.apple.com/", "other"),
            ("https://push.apple.com/", "other"),
            ("https://fcm.googleapis.com:9200/", "other"),
            ("https://127.0.0.1:9200/x.google.com/", "other"),
            ("https://[::1]/fcm.googleapis.com", "other"),
        ];
        for (endpoint, label) in cases {
            let endpoint = Endpoint::parse(endpoint).unwrap();
            assert_eq!(PushService::of(endpoint.origin()).label(), label, "{endpoint}");
            assert_eq!(PushService::at(endpoint.origin().as_str()).label(), label, "{endpoint}");
        }
    }
}
