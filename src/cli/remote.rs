//! The API of a daemon elsewhere, over http or https, with an API key.

use bytes::Bytes;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use url::{Host, Url};

use super::CliError;
use crate::config::secret::Secret;
use crate::control::{Call, answer};

/// A daemon elsewhere.
pub(super) struct Remote {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: Url,
    authorization: HeaderValue,
}

impl Remote {
    /// The daemon at `base`, with the system's roots.
    pub(super) fn new(base: Url, key: &Secret) -> Result<Self, CliError> {
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", key.expose()))
            .map_err(|_| {
                CliError::Usage("the key is not an API key; they look like fk_…".into())
            })?;
        authorization.set_sensitive(true);
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)
            .map_err(|error| CliError::Failed(format!("the system has no usable roots: {error}")))?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, base, authorization })
    }

    /// Makes one call.
    pub(super) async fn call(&self, call: Call) -> Result<Value, CliError> {
        let host = self.base.authority();
        let call = call.header(AUTHORIZATION, self.authorization.clone());
        let request = call.into_request(self.base.as_str().trim_end_matches('/'), host)?;
        Ok(answer(host, self.client.request(request)).await?)
    }
}

/// Reads `--server`: an http or https URL, perhaps with a path in front of ours.
pub(super) fn parse_server(text: &str) -> Result<Url, String> {
    let url =
        Url::parse(text).map_err(|error| format!("{error}; write https://push.example.com"))?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !is_web || has_user || url.query().is_some() || url.fragment().is_some() {
        return Err("not a plain http or https URL; write https://push.example.com".to_owned());
    }
    Ok(url)
}

/// Whether a key that is sent there can be read on the way.
pub(super) fn exposes_key(server: &Url) -> bool {
    let is_loopback = match server.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    server.scheme() == "http" && !is_loopback
}
