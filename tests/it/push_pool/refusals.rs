//! What must not be reached is not reached: the server at the other end never sees a connection.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use fanfare::push::egress::Refused;
use futures_util::FutureExt;

use super::*;

fn refusal(error: &PushError) -> &Refused {
    assert!(error.is_permanent() && !error.counts_as_attempt(), "{error}");
    let PushError::Refused(refused) = error else { panic!("{error}") };
    refused
}

#[actix_web::test]
async fn a_private_address_is_refused_unless_it_is_allowed() {
    let service = PushService::start();
    let client = Client::new(&service, Egress::default(), PushOptions::default(), None);
    let error = client.push(&service.endpoint("secret-token")).await.unwrap_err();
    assert!(matches!(refusal(&error), Refused::Literal { .. }), "{error}");
    assert!(!error.to_string().contains("secret-token"), "{error}");
    assert_eq!(service.connections_ever(), 0);

    Client::of(&service).push(&service.endpoint("a")).await.unwrap();
    assert_eq!(service.connections_ever(), 1);
}

/// A network that is allowed lets names on other ports past the door; only the dial can tell where they lead.
fn egress_of_another_network() -> Egress {
    Egress::new(&["203.0.113.0/24"], false).unwrap()
}

#[actix_web::test]
async fn a_name_that_turns_to_loopback_after_the_first_look_is_not_dialled() {
    let service = PushService::builder().host("rebind.example").start();
    let looks = Arc::new(AtomicUsize::new(0));
    let lookup: Lookup = Arc::new({
        let looks = looks.clone();
        move |_| {
            // Unroutable first, so that it is admitted and leads nowhere; loopback from then on.
            let first = looks.fetch_add(1, Ordering::Relaxed) == 0;
            let address: IpAddr = if first { "203.0.113.1" } else { "127.0.0.1" }.parse().unwrap();
            std::future::ready(Ok(vec![address])).boxed()
        }
    });
    let options = PushOptions { dial_timeout: SOON, ..PushOptions::default() };
    let client = Client::new(&service, egress_of_another_network(), options, Some(lookup));
    let endpoint = format!("https://rebind.example:{}/push/a", service.port());
    let first = client.push(&endpoint).await.unwrap_err();
    assert!(matches!(first.label(), "connect" | "dial_timeout"), "{first}");
    for _ in 0..3 {
        let error = client.push(&endpoint).await.unwrap_err();
        assert!(matches!(refusal(&error), Refused::Address { purpose: "loopback", .. }), "{error}");
    }
    assert_eq!(looks.load(Ordering::Relaxed), 4);
    assert_eq!(service.connections_ever(), 0);
}

#[actix_web::test]
async fn one_bad_address_among_the_answers_refuses_the_name() {
    let service = PushService::builder().host("mixed.example").start();
    let lookup: Lookup = Arc::new(|_| {
        let addresses = ["127.0.0.1", "203.0.113.1"].map(|address| address.parse().unwrap());
        std::future::ready(Ok(addresses.to_vec())).boxed()
    });
    let options = PushOptions::default();
    let client = Client::new(&service, egress_of_another_network(), options, Some(lookup));
    let endpoint = format!("https://mixed.example:{}/push/a", service.port());
    let error = client.push(&endpoint).await.unwrap_err();
    assert!(matches!(refusal(&error), Refused::Address { .. }), "{error}");
    assert_eq!(service.connections_ever(), 0);
}

#[actix_web::test]
async fn a_service_is_trusted_by_its_certificate_alone() {
    let service = PushService::start();
    let egress = Egress::new(&["127.0.0.1", &format!("other.example:{}", service.port())], false);
    let egress = Arc::new(egress.unwrap());
    let lookup: Lookup =
        Arc::new(|_| std::future::ready(Ok(vec!["127.0.0.1".parse().unwrap()])).boxed());
    let push = |tls| {
        let options = PushOptions::default();
        Client(Rc::new(HttpsPush::with_lookup(egress.clone(), tls, options, lookup.clone())))
    };

    let without_ca_file = push(tls::client_config(None).unwrap());
    let error = without_ca_file.push(&service.endpoint("a")).await.unwrap_err();
    assert_eq!(error.label(), "tls", "{error}");

    let with_ca_file = push(tls::client_config(Some(service.ca_file())).unwrap());
    assert_eq!(with_ca_file.push(&service.endpoint("a")).await.unwrap().status, 201);
    let other_name = format!("https://other.example:{}/push/a", service.port());
    let error = with_ca_file.push(&other_name).await.unwrap_err();
    assert_eq!(error.label(), "tls", "{error}");
    assert_eq!(service.requests(), 1);
}

#[actix_web::test]
async fn a_name_that_does_not_resolve_is_an_outage() {
    let service = PushService::start();
    let lookup: Lookup =
        Arc::new(|_| std::future::ready(Err(std::io::Error::other("no such name"))).boxed());
    let client = Client::new(&service, Egress::default(), PushOptions::default(), Some(lookup));
    let error = client.push("https://push.example/secret-token").await.unwrap_err();
    assert_eq!(error.label(), "dns", "{error}");
    assert!(error.counts_as_attempt() && !error.is_permanent());
}

#[actix_web::test]
async fn a_permit_is_good_for_its_own_origin_only() {
    let (mine, other) = (PushService::start(), PushService::start());
    let egress = Egress::new(&["127.0.0.0/8"], false).unwrap();
    let client = Client::new(&mine, egress, PushOptions::default(), None);
    let permit = client.0.admit(&mine.endpoint("a").parse().unwrap()).await.unwrap();
    let uri: Uri = other.endpoint("secret-token").parse().unwrap();
    let error = client.0.send(permit, post(&uri)).await.unwrap_err();
    assert_eq!(refusal(&error), &Refused::OtherOrigin);
    assert_eq!((mine.requests(), other.requests()), (0, 0));
}
