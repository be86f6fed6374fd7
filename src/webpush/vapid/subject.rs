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
    #[error(
        "vapid_subject holds a space, <, > or what is no printable ASCII, and Apple refuses those; use \
         mailto:you@your-domain"
    )]
    Characters,
    /// `mailto:one@example.org,two@example.org`
    #[error("vapid_subject names more than one address; use one alone, mailto:you@your-domain")]
    Several,
    /// No name of a host after `@` or `//`.
    #[error(
        "vapid_subject names no host such as example.org, and Apple refuses it; use mailto:you@your-domain"
    )]
    Host,
    /// localhost, .local, .invalid, or a name without a dot.
    #[error(
        "vapid_subject's host is not a public name, and Apple refuses localhost, .local, .invalid and names without a \
         dot; use mailto:you@your-domain"
    )]
    PrivateHost,
}

impl Subject {
    /// Reads a configured contact.
    pub fn parse(text: &str) -> Result<Self, SubjectError> {
        if text.contains(|c: char| !c.is_ascii_graphic() || matches!(c, '<' | '>' | '\\')) {
            return Err(SubjectError::Characters);
        }
        let host = match text.split_once(':') {
            Some(("mailto", address)) => mail_host(address)?,
            Some(("https", rest)) => web_host(text, rest)?,
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
    let (user, host) = address.rsplit_once('@').ok_or(SubjectError::Host)?;
    if user.contains(['@', ',']) {
        return Err(SubjectError::Several);
    }
    if user.is_empty() {
        return Err(SubjectError::Host);
    }
    let name = name(Host::parse(host).map_err(|_| SubjectError::Host)?)?;
    // A name behind percent signs is one to our parser and none to theirs.
    if name.eq_ignore_ascii_case(host) { Ok(name) } else { Err(SubjectError::Host) }
}

fn web_host(text: &str, rest: &str) -> Result<String, SubjectError> {
    if !rest.starts_with("//") {
        return Err(SubjectError::Host);
    }
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
    let host = host.strip_suffix('.').unwrap_or(host);
    let labels: Vec<_> = host.split('.').collect();
    if labels.contains(&"") {
        return Err(SubjectError::Host);
    }
    let private = matches!(labels.last(), Some(&("localhost" | "local" | "invalid")));
    if private || labels.len() < 2 { Err(SubjectError::PrivateHost) } else { Ok(()) }
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
        use SubjectError::{Characters, Host, PrivateHost, Scheme, Several};
        let cases = [
            ("", Scheme),
            ("ops@example.org", Scheme),
            ("http://example.org", Scheme),
            ("MAILTO:ops@example.org", Scheme),
            ("mailto: ops@example.org", Characters),
            ("mailto:Ops<ops@example.org>", Characters),
            ("mailto:ops@example.org\n", Characters),
            ("mailto:ops@exämple.org", Characters),
            ("https:\\\\example.org", Characters),
            ("mailto:", Host),
            ("mailto:ops@ex%61mple.org", Host),
            ("mailto:ops@.org", Host),
            ("mailto:ops@example..org", Host),
            ("mailto:ops@example.org..", Host),
            ("mailto:ops@localhost,ops@example.org", Several),
            ("mailto:ops@box@example.org", Several),
            ("https:example.org", Host),
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
