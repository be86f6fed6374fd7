//! The policy, row by row.

use super::*;

fn egress(allow: &[&str]) -> Egress {
    Egress::new(allow, false).unwrap()
}

fn check(egress: &Egress, uri: &str) -> Result<(), Refused> {
    egress.check(&uri.parse().unwrap())
}

fn addresses(egress: &Egress, host: &str, port: u16, answers: &[&str]) -> Result<(), Refused> {
    let answers: Vec<IpAddr> = answers.iter().map(|answer| answer.parse().unwrap()).collect();
    egress.check_addresses(host, port, &answers)
}

#[test]
fn an_https_name_on_443_may_be_reached() {
    for uri in ["https://push.example/x", "https://push.example:443/x", "https://push.example./x"] {
        assert_eq!(check(&egress(&[]), uri), Ok(()), "{uri}");
    }
}

#[test]
fn what_is_not_https_or_holds_a_password_is_refused() {
    assert_eq!(check(&egress(&[]), "http://push.example/x"), Err(Refused::NotHttps));
    assert_eq!(check(&egress(&["push.example"]), "http://push.example/x"), Err(Refused::NotHttps));
    assert_eq!(check(&egress(&[]), "/x"), Err(Refused::NotHttps));
    assert_eq!(check(&egress(&[]), "https://a:b@push.example/x"), Err(Refused::Userinfo));
}

#[test]
fn an_address_is_refused_however_it_is_written() {
    for uri in [
        "https://127.0.0.1/x",
        "https://127.0.0.1:9200/x.google.com/",
        "https://127.1/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://0177.0.0.1/x",
        "https://8.8.8.8/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
    ] {
        let refusal = check(&egress(&[]), uri);
        assert!(matches!(refusal, Err(Refused::Literal { .. })), "{uri}: {refusal:?}");
    }
}

#[test]
fn another_port_is_refused_unless_the_host_or_a_network_is_allowed() {
    let uri = "https://ntfy.example:8443/x";
    assert!(matches!(check(&egress(&[]), uri), Err(Refused::Port { port: 8443, .. })));
    assert!(matches!(check(&egress(&["ntfy.example"]), uri), Err(Refused::Port { .. })));
    assert_eq!(check(&egress(&["ntfy.example:8443"]), uri), Ok(()));
    assert_eq!(check(&egress(&["NTFY.example.:8443"]), uri), Ok(()));
    assert_eq!(check(&egress(&["10.0.0.0/8"]), uri), Ok(()));
    assert!(matches!(check(&egress(&["10.0.0.1:9443"]), uri), Err(Refused::Port { .. })));
}

#[test]
fn the_operator_allows_addresses_by_port_alone_or_by_network() {
    for (rule, uri, allowed) in [
        ("127.0.0.1:8443", "https://127.0.0.1:8443/x", true),
        ("127.0.0.1:8443", "https://127.0.0.1:8444/x", false),
        ("127.0.0.1", "https://127.0.0.1:8444/x", true),
        ("127.0.0.0/8", "https://127.9.9.9:8444/x", true),
        ("[::1]:8443", "https://[::1]:8443/x", true),
        ("[::1]:8443", "https://[::1]:8444/x", false),
        ("::1", "https://[::1]:8444/x", true),
        ("fd00::/8", "https://[fd12::1]:8444/x", true),
        ("10.0.0.0/8", "https://127.0.0.1:8443/x", false),
    ] {
        assert_eq!(check(&egress(&[rule]), uri).is_ok(), allowed, "{rule} {uri}");
    }
}

#[test]
fn one_bad_address_among_the_answers_refuses_the_name() {
    let none = egress(&[]);
    assert_eq!(addresses(&none, "push.example", 443, &["8.8.8.8", "2a00:1450::1"]), Ok(()));
    for answers in [&["127.0.0.1"][..], &["8.8.8.8", "10.0.0.1"], &["::ffff:10.0.0.1", "8.8.8.8"]] {
        let refusal = addresses(&none, "push.example", 443, answers);
        assert!(matches!(refusal, Err(Refused::Address { .. })), "{answers:?}: {refusal:?}");
    }
}

#[test]
fn an_allowed_network_admits_names_that_live_in_it_and_no_others() {
    let lan = egress(&["10.0.0.0/8"]);
    assert_eq!(addresses(&lan, "ntfy.lan", 8443, &["10.1.2.3"]), Ok(()));
    assert!(addresses(&lan, "ntfy.lan", 8443, &["10.1.2.3", "192.168.0.1"]).is_err());
    assert!(matches!(
        addresses(&lan, "push.example", 8443, &["8.8.8.8"]),
        Err(Refused::Port { port: 8443, .. })
    ));
}

#[test]
fn an_allowed_name_may_live_anywhere_on_its_own_port() {
    let named = egress(&["ntfy.lan:8443"]);
    assert_eq!(addresses(&named, "ntfy.lan", 8443, &["192.168.0.1"]), Ok(()));
    assert!(addresses(&named, "ntfy.lan", 443, &["192.168.0.1"]).is_err());
    assert!(addresses(&named, "other.lan", 8443, &["192.168.0.1"]).is_err());
}

#[test]
fn known_only_knows_the_browsers_services_and_what_is_allowed() {
    let egress = Egress::new(&["ntfy.example"], true).unwrap();
    for (uri, known) in [
        ("https://fcm.googleapis.com/fcm/send/x", true),
        ("https://updates.push.services.mozilla.com/wpush/v2/x", true),
        ("https://web.push.apple.com/x", true),
        ("https://wns2-by3p.notify.windows.com/w/?token=x", true),
        ("https://ntfy.example/x", true),
        ("https://push.example/x", false),
        ("https://notfcm.googleapis.com/x", false),
        ("https://fcm.googleapis.com.evil.example/x", false),
    ] {
        let uri: Uri = uri.parse().unwrap();
        assert_eq!(egress.check(&uri).is_ok(), known, "{uri}");
        assert_eq!(egress.vouches_for(&uri), known, "{uri}");
    }
}

#[test]
fn a_refusal_shows_the_flag_that_helps_and_no_path() {
    let refusal = check(&egress(&[]), "https://[::1]:8443/secret").unwrap_err().to_string();
    assert!(refusal.contains("`--egress-allow [::1]:8443`"), "{refusal}");
    assert!(!refusal.contains("secret"), "{refusal}");
    assert_eq!(check(&egress(&["[::1]:8443"]), "https://[::1]:8443/secret"), Ok(()));
}

#[test]
fn a_rule_that_cannot_be_read_is_named() {
    for rule in ["", "10.0.0.0/33", "host:port", "host:99999", "https://host", "*.example", "a@b"] {
        assert_eq!(Egress::new(&[rule], false).unwrap_err(), BadRule(rule.to_owned()), "{rule}");
    }
}
