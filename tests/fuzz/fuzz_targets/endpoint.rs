//! An endpoint that is let in is one URL, whoever reads it; what may be dialled by default is a name on port 443.

#![no_main]

use fanfare::push::egress::Egress;
use fanfare::webpush::service::PushService;
use fanfare::webpush::subscription::Endpoint;
use libfuzzer_sys::fuzz_target;
use url::{Host, Url};

fuzz_target!(|text: &str| {
    let endpoint = match Endpoint::parse(text) {
        Ok(endpoint) => endpoint,
        Err(error) => {
            // Who is refused is not told the secret back.
            assert!(text.len() < 40 || text.contains(' ') || !error.to_string().contains(text));
            return;
        }
    };
    assert!(endpoint.as_str().len() <= Endpoint::MAX_LEN);
    assert_eq!(Endpoint::parse(endpoint.as_str()).as_ref(), Ok(&endpoint));
    assert_eq!(Endpoint::from_store(endpoint.as_str().to_owned()).as_ref(), Ok(&endpoint));
    assert_eq!(endpoint.uri().to_string(), endpoint.as_str());

    let (origin, url) = (endpoint.origin(), Url::parse(endpoint.as_str()).expect("a URL"));
    assert_eq!(url.host_str(), Some(origin.host()));
    assert_eq!(url.port_or_known_default(), Some(origin.port()));
    assert_eq!(url.path(), endpoint.uri().path());
    assert_eq!(url.origin().ascii_serialization(), origin.as_str());
    assert_eq!(format!("{endpoint} {endpoint:?}"), format!("{origin} {origin}"));

    if Egress::default().check(endpoint.uri()).is_ok() {
        assert!(matches!(url.host(), Some(Host::Domain(_))) && origin.port() == 443, "{origin}");
    }
    if PushService::of(origin) != PushService::Other {
        assert!(Egress::new::<&str>(&[], true).expect("no rules").check(endpoint.uri()).is_ok());
    }
});
