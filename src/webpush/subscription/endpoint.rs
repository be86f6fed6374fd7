//! Where a subscription's pushes go: a stranger's URL, and a secret (who knows it may push), so it is shown by
//! its origin alone. Whether its address may be dialled is judged when it is dialled, not here.

use std::fmt;
use std::sync::Arc;

use url::{Host, Url};

/// `https://host[:port]`, exactly as a VAPID token's `aud` wants it: lower case, the default port left out.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    text: Arc<str>,
    host_end: usize,
    port: u16,
}

const SCHEME: &str = "https://";
const HTTPS_PORT: u16 = 443;

impl Origin {
    fn new(host: &str, port: u16) -> Self {
        let mut text = format!("{SCHEME}{host}");
        let host_end = text.len();
        if port != HTTPS_PORT {
            text.push_str(&format!(":{port}"));
        }
        Self { text: text.into(), host_end, port }
    }

    /// Reads an origin as it is written down; `None` for anything else, such as what has a path or is written in
    /// another way.
    pub fn parse(text: &str) -> Option<Self> {
        let endpoint = Endpoint::from_store(format!("{text}/")).ok()?;
        (endpoint.origin().as_str() == text).then(|| endpoint.origin().clone())
    }

    /// The whole origin.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host as a URL writes it: lower case, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.text[SCHEME.len()..self.host_end]
    }

    /// The port, also where it is the default one.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a URL cannot be an endpoint. No variant shows the URL.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EndpointError {
    /// Longer than any push service's.
    #[error("endpoint is longer than {} bytes", Endpoint::MAX_LEN)]
    TooLong,
    /// Another scheme, or none.
    #[error("endpoint is not an https URL")]
    NotHttps,
    /// `user:password@`.
    #[error("endpoint holds a user name or password; no push service's does")]
    Userinfo,
    /// `#…`, which would never be sent.
    #[error("endpoint holds a fragment (#…); no push service's does")]
    Fragment,
    /// Not a URL, or one that two parsers read differently.
    #[error("endpoint is not a well-formed URL as browsers write it")]
    Malformed,
    /// A host that no longer serves anyone.
    #[error("endpoint's push service is gone for good; let the browser subscribe anew")]
    Dead,
}

/// A push endpoint: its origin, and path and query byte for byte as subscribed (WNS tokens hold `%2b`). The origin is
/// written in one way alone: `https://PUSH.example:443/x` is whoever has `https://push.example/x`, and nobody becomes a
/// second owner of one browser's endpoint by spelling it differently.
#[derive(Clone)]
pub struct Endpoint {
    text: Arc<str>,
    uri: http::Uri,
    origin: Origin,
}

impl Endpoint {
    /// The longest endpoint that is accepted, in bytes. Each is a row, and a stranger chooses it.
    pub const MAX_LEN: usize = 2048;

    /// Reads the endpoint of a new subscription.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let endpoint = Self::read(text)?;
        if endpoint.is_dead() { Err(EndpointError::Dead) } else { Ok(endpoint) }
    }

    /// Reads back an endpoint that was parsed when it was stored. A host that has died since is let through:
    /// its push service's answers settle what becomes of it.
    pub fn from_store(text: String) -> Result<Self, EndpointError> {
        Self::read(&text)
    }

    /// The URL. A secret.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The same as requests want it. A secret.
    pub fn uri(&self) -> &http::Uri {
        &self.uri
    }

    fn read(text: &str) -> Result<Self, EndpointError> {
        if text.len() > Self::MAX_LEN {
            return Err(EndpointError::TooLong);
        }
        let url = Url::parse(text).map_err(|_| EndpointError::Malformed)?;
        if url.scheme() != "https" {
            return Err(EndpointError::NotHttps);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::Userinfo);
        }
        if url.fragment().is_some() {
            return Err(EndpointError::Fragment);
        }
        let uri = http::Uri::try_from(text).map_err(|_| EndpointError::Malformed)?;
        let origin = agreed_origin(&url, &uri).ok_or(EndpointError::Malformed)?;
        // Dot segments and what a URL must escape: browsers write neither, and a server may read them as another's path.
        if url.path() != uri.path() {
            return Err(EndpointError::Malformed);
        }
        let query = uri.query().map_or(String::new(), |query| format!("?{query}"));
        let canonical = format!("{origin}{}{query}", uri.path());
        if text == canonical {
            return Ok(Self { text: text.into(), uri, origin });
        }
        // The slash of an empty path may have been one byte too many.
        if canonical.len() > Self::MAX_LEN {
            return Err(EndpointError::TooLong);
        }
        let uri = http::Uri::try_from(&canonical).map_err(|_| EndpointError::Malformed)?;
        Ok(Self { text: canonical.into(), uri, origin })
    }

    fn is_dead(&self) -> bool {
        let host = self.origin.host();
        (host == "android.googleapis.com" && self.uri.path().starts_with("/gcm/send"))
            // De-Googled Chromium builds mint these (PUSH-SERVICES: per service).
            || host == "permanently-removed.invalid"
    }
}

/// The origin, when the browsers' parser and the one that dials read the same host and port: what is judged
/// must be what is called. This refuses `\`, tabs, `0x7f.1` for 127.0.0.1 and a host's final dot.
fn agreed_origin(url: &Url, uri: &http::Uri) -> Option<Origin> {
    let host = match url.host()? {
        Host::Domain(name) if name.ends_with('.') => return None,
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => format!("[{address}]"),
    };
    let authority = uri.authority()?;
    let port = url.port_or_known_default()?;
    let agreed = authority.host().eq_ignore_ascii_case(&host)
        && authority.port_u16().unwrap_or(HTTPS_PORT) == port
        && !authority.as_str().contains('@')
        && uri.scheme() == Some(&http::uri::Scheme::HTTPS);
    agreed.then(|| Origin::new(&host, port))
}

impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Endpoint {}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.origin, f)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.origin, f)
    }
}
