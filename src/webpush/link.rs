//! Links in a notification: those that every browser reads alike. Some resolve them against the worker's scope and some
//! do not, so that only what is absolute by its first letters is the same to all.

use std::borrow::Cow;

use url::{Host, Url};

/// What is said of a link that is none.
pub const MUST: &str = "must be an absolute https URL (http for a loopback host alone)";

/// A link as it is sent; `None`: it is none that every browser would follow to the same place.
///
/// It is kept as it was written, but for a host beyond ASCII, however that is written: which names there are depends on a
/// browser's tables of Unicode, and one that knows fewer would drop the whole message.
pub fn sent(text: &str) -> Option<Cow<'_, str>> {
    let url = Url::parse(text).ok().filter(|url| is_safe(url) && names_its_host(text))?;
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).find(|part| !part.is_empty());
    let is_plain = authority.is_none_or(|host| host.is_ascii() && !host.contains('%'));
    Some(if is_plain { text.into() } else { String::from(url).into() })
}

/// `https:tea` is a host to whoever has no base, and a path to whoever has one that is https.
fn names_its_host(text: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// https anywhere, and http where nobody can listen in.
pub fn is_safe(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

/// Whether a URL leads to this machine by a name that nobody else can give to it.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_kept_as_it_was_written_but_for_a_host_beyond_ascii() {
        for kept in [
            "https://tea.example",
            "HTTPS://Tea.Example/a b?q=ü#ß",
            "https://user@tea.example:8443/%zz",
            "https:///tea.example/",
            "http://127.1:80/",
            "http://[::1]:3000/",
            "http://a.localhost/",
        ] {
            assert_eq!(sent(kept).as_deref(), Some(kept));
        }
        let written = sent("https://bücher.example/straße?q=ü").unwrap();
        assert_eq!(written, "https://xn--bcher-kva.example/stra%C3%9Fe?q=%C3%BC");
        for host in [
            "https:///bücher.example/",
            "https://b%C3%BCcher.example",
            "HTTPS://bu\u{308}cher.example",
        ] {
            assert_eq!(sent(host).unwrap(), "https://xn--bcher-kva.example/", "{host}");
        }
    }

    #[test]
    fn what_browsers_read_differently_or_nobody_should_follow_is_none() {
        for none in [
            "",
            "https:tea.example",
            "https:/tea.example",
            "https:\\\\tea.example",
            "https:/\\tea.example",
            " https://tea.example",
            "ht\ntps://tea.example",
            "https://",
            "https://tea house.example/",
            "//tea.example/",
            "/tea",
            "http://tea.example/",
            "http://127.0.0.1.tea.example/",
            "javascript:alert(1)",
            "data:text/html,x",
        ] {
            assert_eq!(sent(none), None, "{none:?}");
        }
    }
}
