//! The way out of a house: HTTPS to these services and nobody else. One that plays a push service of renown is asked by
//! that one's name, which means port 443, where no test may listen: so each request is made out to the port where it
//! is played. The tree above, the tokens and the certificates see the true name alone.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use fanfare::push::egress::Egress;
use fanfare::push::https::HttpsPush;
use fanfare::push::options::PushOptions;
use fanfare::push::resolver::{self, Lookup};
use fanfare::push::{Permit, Push, PushError, tls};
use fanfare::tree::MakePush;
use fanfare::webpush::reply::Answer;
use futures_util::future::LocalBoxFuture;
use http::Request;
use http::uri::{Authority, Parts, Uri};

use crate::harness::push_service::PushService;

/// HTTPS to these services and nobody else.
pub(crate) fn way_out(services: &[&PushService]) -> MakePush {
    let played: Arc<HashMap<_, _>> = Arc::new(services.iter().filter_map(stage).collect());
    let allow: Vec<_> = services
        .iter()
        .map(|service| service.authority().to_owned())
        .chain(played.iter().map(|(host, port)| format!("{host}:{port}")))
        .collect();
    let egress = Arc::new(Egress::new(&allow, false).unwrap());
    let tls = tls::client_config(services.first().map(|service| service.ca_file())).unwrap();
    Arc::new(move || -> Rc<dyn Push> {
        let (egress, tls) = (Arc::clone(&egress), Arc::clone(&tls));
        let lookup = lookup(Arc::clone(&played));
        let https = HttpsPush::with_lookup(egress, tls, PushOptions::default(), lookup);
        Rc::new(Diverted { https, played: Arc::clone(&played) })
    })
}

/// By what name a service is known, and at which port it is played.
fn stage(service: &&PushService) -> Option<(&'static str, u16)> {
    Some((service.persona()?.host(), service.port()))
}

/// The names that are played are here; no other name of the world is asked for.
fn lookup(played: Arc<HashMap<&'static str, u16>>) -> Lookup {
    let system = resolver::system();
    Arc::new(move |host| {
        if played.contains_key(host.as_str()) {
            return Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) });
        }
        if host == "localhost" {
            return system(host);
        }
        Box::pin(async { Err(io::Error::new(io::ErrorKind::NotFound, "no such name in a test")) })
    })
}

/// HTTPS, with the requests for port 443 of the names that are played made out to where they are.
struct Diverted {
    https: HttpsPush,
    played: Arc<HashMap<&'static str, u16>>,
}

impl Diverted {
    fn divert(&self, uri: &Uri) -> Uri {
        let port = uri.host().and_then(|host| self.played.get(host));
        let (Some(host), None, Some(port)) = (uri.host(), uri.port(), port) else {
            return uri.clone();
        };
        let mut parts = Parts::from(uri.clone());
        parts.authority = Some(Authority::try_from(format!("{host}:{port}")).unwrap());
        Uri::from_parts(parts).unwrap()
    }
}

impl Push for Diverted {
    fn admit(&self, uri: &Uri) -> LocalBoxFuture<'static, Result<Permit, PushError>> {
        self.https.admit(&self.divert(uri))
    }

    fn send(
        &self,
        permit: Permit,
        mut request: Request<Bytes>,
    ) -> LocalBoxFuture<'static, Result<Answer, PushError>> {
        *request.uri_mut() = self.divert(request.uri());
        self.https.send(permit, request)
    }
}
