//! Which endpoints may be reached. An endpoint is a stranger's URL: https, port 443, a name whose addresses are
//! all public; what the operator allows is the exception. Asked at the door and again for the very addresses dialled.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

use http::Uri;
use http::uri::{Authority, Scheme};
use ipnet::IpNet;
use thiserror::Error;
use url::Host;

use crate::push::address;
use crate::webpush::service::PushService;
use crate::webpush::subscription::Endpoint;

const HTTPS_PORT: u16 = 443;

/// Why an endpoint is not reached, and what would change that.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// Not an `https` URL with a host.
    #[error("endpoint is not an https URL with a host")]
    NotHttps,
    /// A user name or password in the URL.
    #[error("endpoint holds a user name or a password")]
    Userinfo,
    /// An IP address in place of a name.
    #[error(
        "endpoint's host {host} is an address, not a name; `--egress-allow {host}:{port}` would allow it"
    )]
    Literal {
        /// As in the URL.
        host: String,
        /// As in the URL, or 443.
        port: u16,
    },
    /// Another port than 443.
    #[error("endpoint's port {port} is not 443; `--egress-allow {host}:{port}` would allow it")]
    Port {
        /// As in the URL.
        host: String,
        /// As in the URL.
        port: u16,
    },
    /// Not one of the known push services, where only these are wanted.
    #[error(
        "{host} is not a known push service, and `known_only` is set; `--egress-allow {host}:{port}` would allow it"
    )]
    Unknown {
        /// As in the URL.
        host: String,
        /// As in the URL, or 443.
        port: u16,
    },
    /// The name resolves to an address that is not on the public internet. The address itself stays unsaid: to the
    /// stranger who chose the name it could be news.
    #[error(
        "{host} resolves to an address that is not public ({purpose}); `--egress-allow {host}:{port}` would allow it"
    )]
    Address {
        /// The name.
        host: String,
        /// The port that was to be dialled.
        port: u16,
        /// What the address is for.
        purpose: &'static str,
    },
    /// A permit of one origin for a request to another.
    #[error("the permit is not for this push service")]
    OtherOrigin,
}

/// An entry of `[egress] allow` that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("egress.allow: `{0}` is neither `host:port` nor a CIDR such as `10.0.0.0/8`")]
pub struct BadRule(String);

/// What may be reached: the public internet on port 443, and what the operator allows. That can change at any time; each
/// question is answered by all of what was allowed at one moment.
#[derive(Debug, Default)]
pub struct Egress(RwLock<Arc<Rules>>);

#[derive(Debug, Default)]
struct Rules {
    allow: Vec<Rule>,
    known_only: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    /// `host:port`; a host alone is `host:443`.
    Name { host: String, port: u16 },
    /// A CIDR or one address, on any port when none is named.
    Network { net: IpNet, port: Option<u16> },
}

impl Egress {
    /// Reads the operator's `[egress]`.
    pub fn new<S: AsRef<str>>(allow: &[S], known_only: bool) -> Result<Self, BadRule> {
        let egress = Self::default();
        egress.heed(allow, known_only)?;
        Ok(egress)
    }

    /// Reads the operator's `[egress]` anew, for whatever is asked from now on. A connection stays open whose address may not
    /// be dialled any more, and serves until it is closed if the name may still be reached.
    pub fn heed<S: AsRef<str>>(&self, allow: &[S], known_only: bool) -> Result<(), BadRule> {
        let allow = allow.iter().map(|rule| rule.as_ref().parse()).collect::<Result<_, _>>()?;
        let rules = Arc::new(Rules { allow, known_only });
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = rules;
        Ok(())
    }

    /// Whether `uri` may be reached, as far as its text tells. A name's addresses are judged when it is dialled.
    pub fn check(&self, uri: &Uri) -> Result<(), Refused> {
        self.rules().check(uri)
    }

    /// Whether the name `host` may be dialled at `addresses`, which must all be good: one bad answer refuses the name.
    pub fn check_addresses(
        &self,
        host: &str,
        port: u16,
        addresses: &[IpAddr],
    ) -> Result<(), Refused> {
        self.rules().check_addresses(host, port, addresses)
    }

    /// Whether the operator or we ourselves named this push service. Strangers cannot make such origins up, so they
    /// need not share the room for those that strangers bring.
    pub fn vouches_for(&self, uri: &Uri) -> bool {
        self.rules().vouches_for(uri)
    }

    fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Rules {
    fn check(&self, uri: &Uri) -> Result<(), Refused> {
        let target = Target::of(uri)?;
        if self.allows_target(&target) {
            return Ok(());
        }
        let host = target.host.to_string();
        let port = target.port;
        match &target.host {
            Host::Ipv4(_) | Host::Ipv6(_) => Err(Refused::Literal { host, port }),
            Host::Domain(name) if self.known_only && !is_known(name, port) => {
                Err(Refused::Unknown { host, port })
            }
            // An allowed network opens other ports, for the names that turn out to live in it.
            Host::Domain(_) if port != HTTPS_PORT && !self.has_network(port) => {
                Err(Refused::Port { host, port })
            }
            Host::Domain(_) => Ok(()),
        }
    }

    fn check_addresses(&self, host: &str, port: u16, addresses: &[IpAddr]) -> Result<(), Refused> {
        if self.allows_name(host, port) {
            return Ok(());
        }
        for &address in addresses.iter().filter(|&&address| !self.allows_address(address, port)) {
            if let Some(purpose) = address::special_purpose(address) {
                return Err(Refused::Address { host: host.to_owned(), port, purpose });
            }
            if port != HTTPS_PORT {
                return Err(Refused::Port { host: host.to_owned(), port });
            }
        }
        Ok(())
    }

    fn vouches_for(&self, uri: &Uri) -> bool {
        Target::of(uri).is_ok_and(|target| {
            self.allows_target(&target)
                || matches!(&target.host, Host::Domain(name) if is_known(name, target.port))
        })
    }

    fn allows_target(&self, target: &Target) -> bool {
        match &target.host {
            Host::Domain(name) => self.allows_name(name, target.port),
            Host::Ipv4(address) => self.allows_address(IpAddr::V4(*address), target.port),
            Host::Ipv6(address) => self.allows_address(IpAddr::V6(*address), target.port),
        }
    }

    fn allows_name(&self, name: &str, wanted: u16) -> bool {
        self.allow.iter().any(|rule| match rule {
            Rule::Name { host, port } => *port == wanted && host.eq_ignore_ascii_case(name),
            Rule::Network { .. } => false,
        })
    }

    fn allows_address(&self, address: IpAddr, wanted: u16) -> bool {
        self.allow.iter().any(|rule| match rule {
            Rule::Name { .. } => false,
            Rule::Network { net, port } => {
                port.is_none_or(|port| port == wanted) && net.contains(&address)
            }
        })
    }

    fn has_network(&self, wanted: u16) -> bool {
        self.allow.iter().any(|rule| match rule {
            Rule::Name { .. } => false,
            Rule::Network { port, .. } => port.is_none_or(|port| port == wanted),
        })
    }
}

/// A URL's host and port as the URL standard reads them, so that each has one form: `127.1` and `0x7f000001` are
/// addresses, `:0443` and no port at all are 443, a name is in lower case and without its final dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Target {
    host: Host<String>,
    port: u16,
}

impl Target {
    pub(super) fn of(uri: &Uri) -> Result<Self, Refused> {
        let authority = uri.authority().ok_or(Refused::NotHttps)?;
        if uri.scheme() != Some(&Scheme::HTTPS) {
            return Err(Refused::NotHttps);
        }
        if authority.as_str().contains('@') {
            return Err(Refused::Userinfo);
        }
        let host = match Host::parse(authority.host()).map_err(|_| Refused::NotHttps)? {
            Host::Domain(name) => Host::Domain(without_dot(name).ok_or(Refused::NotHttps)?),
            address @ (Host::Ipv4(_) | Host::Ipv6(_)) => address,
        };
        Ok(Self { host, port: port(authority)? })
    }

    /// What is dialled, with nothing of the endpoint's path.
    pub(super) fn uri(&self) -> Uri {
        Uri::builder()
            .scheme(Scheme::HTTPS)
            .authority(self.to_string())
            .path_and_query("/")
            .build()
            .expect("what was parsed from a URI's host and port makes a URI again")
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// The port; 443 for `host` and `host:`. What is no number another parser may read differently.
fn port(authority: &Authority) -> Result<u16, Refused> {
    let after_host = &authority.as_str()[authority.host().len()..];
    let digits = after_host.strip_prefix(':').unwrap_or(after_host);
    if digits.is_empty() {
        return Ok(HTTPS_PORT);
    }
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten().ok_or(Refused::NotHttps)
}

/// A name without its one final dot.
fn without_dot(mut name: String) -> Option<String> {
    if name.ends_with('.') {
        name.pop();
    }
    (!name.is_empty() && !name.ends_with('.')).then_some(name)
}

fn is_known(name: &str, port: u16) -> bool {
    Endpoint::parse(&format!("https://{name}:{port}/")).is_ok_and(|endpoint| match PushService::of(
        endpoint.origin(),
    ) {
        PushService::Fcm
        | PushService::Mozilla
        | PushService::Apple
        | PushService::Wns
        | PushService::Ntfy => true,
        PushService::Other => false,
    })
}

impl FromStr for Rule {
    type Err = BadRule;

    fn from_str(text: &str) -> Result<Self, BadRule> {
        let text = text.trim();
        if let Ok(net) = text.parse::<IpNet>() {
            return Ok(Self::Network { net, port: None });
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Network { net: address.into(), port: None });
        }
        let bad = || BadRule(text.to_owned());
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| bad())?),
            None => (text, HTTPS_PORT),
        };
        if host.contains(['/', '@', '*']) || port == 0 {
            return Err(bad());
        }
        match Host::parse(host).map_err(|_| bad())? {
            Host::Domain(host) => Ok(Self::Name { host: without_dot(host).ok_or_else(bad)?, port }),
            Host::Ipv4(address) => {
                Ok(Self::Network { net: IpAddr::V4(address).into(), port: Some(port) })
            }
            Host::Ipv6(address) => {
                Ok(Self::Network { net: IpAddr::V6(address).into(), port: Some(port) })
            }
        }
    }
}

#[cfg(test)]
mod tests;
