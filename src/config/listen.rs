//! Where the daemon listens, how browsers reach it, and whose word about addresses it takes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;
use url::Url;

use super::key::Key;
use super::settings::Settings;

pub(super) const LISTEN: Key = Key::one("listen");
pub(super) const OBSERVE_LISTEN: Key = Key::one("observe_listen");
pub(super) const PUBLIC_URL: Key = Key::one("public_url");
pub(super) const TRUSTED_PROXIES: Key = Key::many("trusted_proxies");

/// Loopback, so that a first start is nobody else's business.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Where the daemon listens, and how it is reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListenConfig {
    /// The API's listener, and everything's unless `observe` says otherwise.
    pub address: SocketAddr,
    /// A listener of its own for dashboard, metrics and observe.
    pub observe: Option<SocketAddr>,
    /// How browsers reach the daemon; see [`ListenConfig::public_url`] for when nobody said.
    pub public_url: Option<Url>,
    /// Only from these is `X-Forwarded-For` read.
    pub trusted_proxies: Vec<IpNet>,
}

impl ListenConfig {
    /// How browsers reach the daemon that got `bound`, which has a port even when `listen` left it open.
    pub fn public_url(&self, bound: SocketAddr) -> Url {
        let listen_url = || {
            let reachable = reachable(bound);
            Url::parse(&format!("http://{reachable}")).expect("an address and a port make a URL")
        };
        self.public_url.clone().unwrap_or_else(listen_url)
    }

    pub(super) fn read(settings: &mut Settings) -> Self {
        Self {
            address: settings.one(LISTEN, socket_address).unwrap_or(DEFAULT_LISTEN),
            observe: settings.one(OBSERVE_LISTEN, socket_address),
            public_url: settings.one(PUBLIC_URL, public_url),
            trusted_proxies: settings.many(TRUSTED_PROXIES, network),
        }
    }

    pub(super) fn entries(&self) -> Vec<(Key, toml::Value)> {
        let proxies: Vec<_> = self.trusted_proxies.iter().map(ToString::to_string).collect();
        let mut entries = vec![(LISTEN, self.address.to_string().into())];
        entries.extend(self.observe.map(|address| (OBSERVE_LISTEN, address.to_string().into())));
        // Without its final slash, as it was most likely written.
        let url = self.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').into());
        entries.extend(url.map(|url| (PUBLIC_URL, url)));
        entries.push((TRUSTED_PROXIES, proxies.into()));
        entries
    }
}

/// Where a client on this machine finds a listener: one for every address is reached by loopback.
pub fn reachable(listener: SocketAddr) -> SocketAddr {
    let address = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(address, listener.port())
}

fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("is not an address with a port: {text:?}; write it as 127.0.0.1:8080 or [::]:8080")
    })
}

fn public_url(text: &str) -> Result<Url, String> {
    let wrong = |why: &str| {
        Err(format!("{why}; write scheme and host alone, such as https://push.example.com"))
    };
    let Ok(url) = Url::parse(text) else { return wrong("is not a URL") };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return wrong("is not an http or https URL");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("holds a user name or a password");
    }
    // Pages and worker scripts are served from the root, whose scope a browser takes from the path.
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return wrong("has a path, a query or a fragment");
    }
    Ok(url)
}

/// `10.0.0.0/8`, or one address.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map_err(|_| {
        format!("is not a network: {text:?}; write it in CIDR form, such as 10.0.0.0/8 or fd00::/8")
    })
}
