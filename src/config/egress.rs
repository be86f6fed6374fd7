//! What the daemon may reach, and how long it waits for an answer.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::key::Key;
use super::listen::network;
use super::parse;
use super::settings::Settings;

pub(super) const ALLOW: Key = Key::many("egress.allow");
pub(super) const CA_FILE: Key = Key::one("egress.ca_file");
pub(super) const TIMEOUT: Key = Key::one("egress.timeout");
pub(super) const KNOWN_ONLY: Key = Key::one("egress.known_only");

/// Push services answer in well under a second; what takes longer than this is an outage.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// What the daemon may reach.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EgressConfig {
    /// What may be reached though private or on another port; https still.
    pub allow: Vec<Allowed>,
    /// Roots to trust besides the system's, as PEM.
    pub ca_file: Option<PathBuf>,
    /// The deadline of a whole request.
    pub timeout: Duration,
    /// Whether only the push services that we know by name are reached.
    pub known_only: bool,
}

/// One thing that may be reached though the rules would refuse it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Allowed {
    /// A host at one port, whatever address it has. The host is in lower case.
    Host {
        /// A name or an address literal (IPv6 without brackets).
        host: String,
        /// The port.
        port: u16,
    },
    /// Every address in a network, at any port.
    Network(IpNet),
}

impl std::fmt::Display for Allowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Host { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Host { host, port } => write!(f, "{host}:{port}"),
            Self::Network(network) => network.fmt(f),
        }
    }
}

impl EgressConfig {
    pub(super) fn read(settings: &mut Settings) -> Self {
        Self {
            allow: settings.many(ALLOW, allowed),
            ca_file: settings.one(CA_FILE, path),
            timeout: settings.one(TIMEOUT, parse::duration).unwrap_or(DEFAULT_TIMEOUT),
            known_only: settings.one(KNOWN_ONLY, parse::answer).unwrap_or(false),
        }
    }

    pub(super) fn entries(&self) -> Vec<(Key, toml::Value)> {
        let allow: Vec<_> = self.allow.iter().map(ToString::to_string).collect();
        let ca_file = self.ca_file.as_ref().map(|path| path.display().to_string().into());
        let mut entries = vec![(ALLOW, allow.into())];
        entries.extend(ca_file.map(|path| (CA_FILE, path)));
        entries.push((TIMEOUT, parse::show_duration(self.timeout)));
        entries.push((KNOWN_ONLY, self.known_only.into()));
        entries
    }
}

fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("is empty; write the path of a PEM file, or leave it out".to_owned());
    }
    Ok(PathBuf::from(text))
}

/// Networks first: `fd00::1` alone is an address, and its last group is no port.
fn allowed(text: &str) -> Result<Allowed, String> {
    if let Ok(network) = network(text) {
        return Ok(Allowed::Network(network));
    }
    let host_and_port = text.rsplit_once(':').and_then(|(host, port)| {
        let host = url::Host::parse(host).ok()?;
        let host = match host {
            url::Host::Domain(name) => name,
            url::Host::Ipv4(ip) => ip.to_string(),
            url::Host::Ipv6(ip) => ip.to_string(),
        };
        let port = port.parse().ok().filter(|&port| port != 0)?;
        Some(Allowed::Host { host, port })
    });
    host_and_port.ok_or_else(|| {
        format!(
            "is neither a host with its port nor a network: {text:?}; \
             write it as push.internal:8443 or 10.0.0.0/8"
        )
    })
}
