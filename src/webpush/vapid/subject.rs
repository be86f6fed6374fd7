//! The contact in a token's `sub`, checked as strictly as Apple does: others accept anything, so a bad one
//! fails on iPhones alone.

use url::{Host, Url};

/// A `mailto:` or `https:` URL that a push service's operators can reach us by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subject(Box<str>);

/// Why a text is no contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SubjectError {
    /// Another scheme, or none.
    #[error("vapid_subject is neither a mailto: nor an https: URL; use mailto:you@your-domain")]
    Scheme,
    /// `mailto:Name <me@example.org>`
    #[error("vapid_subject holds a space, a control character, < or >; Apple refuses those")]
    Characters,
    /// No name of a host after `@` or `//`.
    #[error("vapid_subject names no host such as example.org; Apple refuses it")]
    Host,
    /// localhost, .local, .invalid, or a name without a dot.
    #[error(
        "vapid_subject's host is not a public name; Apple refuses localhost, .local and .invalid"
    )]
    PrivateHost,
}

impl Subject {
    /// Reads a configured contact.
    pub fn parse(text: &str) -> Result<Self, SubjectError> {
        if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '<' || c == '>') {
            return Err(SubjectError::Characters);
        }
        let host = match text.split_once(':') {
            Some(("mailto", address)) => mail_host(address)?,
            Some(("https", _)) => web_host(text)?,
            Some(_) | None => return Err(SubjectError::Scheme),
        };
        check_host(&host)?;
        Ok(Self(text.into()))
    }

    /// The contact as it was configured.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn mail_host(address: &str) -> Result<String, SubjectError> {
    let address = address.split_once('?').map_or(address, |(address, _)| address);
    match address.rsplit_once('@') {
        Some((user, host)) if !user.is_empty() => Host::parse(host).map_err(|_| SubjectError::Host),
        Some(_) | None => Err(SubjectError::Host),
    }
    .and_then(name)
}

fn web_host(text: &str) -> Result<String, SubjectError> {
    let url = Url::parse(text).map_err(|_| SubjectError::Host)?;
    url.host().map(|host| host.to_owned()).ok_or(SubjectError::Host).and_then(name)
}

fn name(host: Host<String>) -> Result<String, SubjectError> {
    match host {
        Host::Domain(name) => Ok(name),
        Host::Ipv4(_) | Host::Ipv6(_) => Err(SubjectError::Host),
    }
}

fn check_host(host: &str) -> Result<(), SubjectError> {
    let mut labels = host.trim_end_matches('.').rsplit('.');
    let last = labels.next().unwrap_or_default();
    let private = matches!(last, "localhost" | "local" | "invalid");
    if private || labels.next().is_none() { Err(SubjectError::PrivateHost) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_taken_when_apple_would_take_it() {
        for text in [
            "mailto:ops@example.org",
            "mailto:ops+push@mail.example.org?subject=push",
            "https://example.org",
            "https://push.example.org/contact",
        ] {
            assert_eq!(Subject::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_apple_refuses_is_refused_with_the_reason() {
        use SubjectError::{Characters, Host, PrivateHost, Scheme};
        let cases = [
            ("", Scheme),
            ("ops@example.org", Scheme),
            ("http://example.org", Scheme),
            ("MAILTO:ops@example.org", Scheme),
            ("mailto: ops@example.org", Characters),
            ("mailto:Ops<ops@example.org>", Characters),
            ("mailto:ops@example.org\n", Characters),
            ("mailto:", Host),
            ("mailto:ops", Host),
            ("mailto:@example.org", Host),
            ("mailto:ops@[::1]", Host),
            ("https://", Host),
            ("https://127.0.0.1/", Host),
            ("mailto:ops@localhost", PrivateHost),
            ("https://localhost:8080/", PrivateHost),
            ("https://push.localhost", PrivateHost),
            ("mailto:ops@box.local", PrivateHost),
            ("mailto:ops@example.invalid", PrivateHost),
            ("mailto:ops@EXAMPLE.INVALID.", PrivateHost),
            ("https://intranet/", PrivateHost),
        ];
        for (text, error) in cases {
            assert_eq!(Subject::parse(text).err(), Some(error), "{text}");
        }
    }
}
