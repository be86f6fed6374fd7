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
        "https://0x7f.1/x",
        "https://0X7F.0x1/x",
        "https://017700000001/x",
        "https://127.0.0.0x1/x",
        "https://127.0.0.1./x",
        "https://0/x",
        "https://8.8.8.8/x",
        "https://[::1]/x",
        "https://[0:0:0:0:0:0:0:1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[::FFFF:7f00:1]/x",
    ] {
        let refusal = check(&egress(&[]), uri);
        assert!(matches!(refusal, Err(Refused::Literal { .. })), "{uri}: {refusal:?}");
    }
}

#[test]
fn what_is_no_host_or_no_port_is_refused_whatever_is_allowed() {
    let all = egress(&["0.0.0.0/0", "::/0", "push.example"]);
    for uri in [
        "https://4294967296/x",
        "https://1.2.3.4.5/x",
        "https://256.0.0.1/x",
        "https://08.0.0.1/x",
        "https://[::127.1]/x",
        "https://[::1%25lo]/x",
        "https://./x",
        "https://push.example../x",
        "https://push.example:99999/x",
        "https://push.example:+443/x",
    ] {
        assert_eq!(check(&all, uri), Err(Refused::NotHttps), "{uri}");
    }
    // What percent signs or another alphabet might hide does not come so far: such a URI has no authority.
    for uri in ["https://%31%32%37.0.0.1/x", "https://１２７.0.0.1/x", "https://ⓛocalhost/x"] {
        assert!(uri.parse::<Uri>().is_err(), "{uri}");
    }
}

#[test]
fn an_origin_is_one_however_it_is_written() {
    let target = |uri: &str| Target::of(&uri.parse().unwrap()).unwrap();
    for (uri, written) in [
        ("https://push.example/a", "push.example:443"),
        ("https://PUSH.example:443/b", "push.example:443"),
        ("https://push.example:0443/", "push.example:443"),
        ("https://push.example:/", "push.example:443"),
        ("https://push.example.:00000443/", "push.example:443"),
        ("https://push.example:8443/", "push.example:8443"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example:443"),
        ("https://0x7f.1:8443/", "127.0.0.1:8443"),
        ("https://[0:0::0:1]:8443/", "[::1]:8443"),
    ] {
        assert_eq!(target(uri).to_string(), written, "{uri}");
        assert_eq!(target(uri).uri().to_string(), format!("https://{written}/"), "{uri}");
        assert_eq!(target(uri), target(&format!("https://{written}/")), "{uri}");
    }
}

/// Each rule against each URL: what it opens, and that it opens nothing else.
#[test]
fn a_rule_opens_exactly_what_it_names() {
    const URLS: [&str; 12] = [
        "https://ntfy.example:8443/x",
        "https://NTFY.Example.:8443/x",
        "https://ntfy.example:8444/x",
        "https://sub.ntfy.example:8443/x",
        "https://ntfy.example.evil.example:8443/x",
        "https://xn--bcher-kva.example:8443/x",
        "https://127.0.0.1:8443/x",
        "https://0x7f.1:8443/x",
        "https://127.0.0.1:8444/x",
        "https://[::1]:8443/x",
        "https://[0::0:1]:8444/x",
        "https://[::ffff:127.0.0.1]:8443/x",
    ];
    for (rule, opened) in [
        ("ntfy.example:8443", &[0, 1][..]),
        ("NTFY.EXAMPLE.:8443", &[0, 1]),
        ("ntfy.example", &[]),
        ("ntfy.example:443", &[]),
        ("bücher.example:8443", &[5]),
        ("xn--bcher-kva.example:8443", &[5]),
        // Addresses let every name pass the door on their ports: where it leads is judged when it is dialled.
        ("127.0.0.1:8443", &[0, 1, 3, 4, 5, 6, 7]),
        ("0x7f.1:8443", &[0, 1, 3, 4, 5, 6, 7]),
        ("2130706433:8444", &[2, 8]),
        ("127.1:8443", &[0, 1, 3, 4, 5, 6, 7]),
        ("[::1]:8443", &[0, 1, 3, 4, 5, 9]),
        ("[::ffff:127.0.0.1]:8443", &[0, 1, 3, 4, 5, 11]),
        ("127.0.0.1", &[0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ("127.0.0.0/8", &[0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ("::1/128", &[0, 1, 2, 3, 4, 5, 9, 10]),
        ("10.0.0.0/8", &[0, 1, 2, 3, 4, 5]),
    ] {
        let egress = egress(&[rule]);
        let open: Vec<_> = (0..URLS.len()).filter(|&i| check(&egress, URLS[i]).is_ok()).collect();
        assert_eq!(open, opened, "{rule}");
    }
}

#[test]
fn an_allowed_address_admits_the_names_that_lead_to_it_on_its_port_alone() {
    let one = egress(&["10.0.0.5:8443"]);
    assert_eq!(addresses(&one, "ntfy.lan", 8443, &["10.0.0.5"]), Ok(()));
    for (port, answers) in [
        (8443, &["10.0.0.6"][..]),
        (8443, &["10.0.0.5", "10.0.0.6"]),
        (8443, &["8.8.8.8"]),
        (8444, &["10.0.0.5"]),
        (443, &["10.0.0.5"]),
    ] {
        assert!(addresses(&one, "ntfy.lan", port, answers).is_err(), "{port} {answers:?}");
    }
}

#[test]
fn an_ipv4_network_does_not_open_its_addresses_in_ipv6_dress() {
    let lan = egress(&["10.0.0.0/8"]);
    assert_eq!(addresses(&lan, "ntfy.lan", 443, &["10.0.0.1"]), Ok(()));
    for dress in ["::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::", "::10.0.0.1"] {
        let refusal = addresses(&lan, "ntfy.lan", 443, &[dress]);
        assert!(matches!(refusal, Err(Refused::Address { .. })), "{dress}: {refusal:?}");
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
        ("https://jmt17.google.com/fcm/send/x", true),
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
    for rule in [
        "",
        ".",
        "10.0.0.0/33",
        "10.0.0.0/8:443",
        "host:port",
        "host:0",
        "host:99999",
        "host:",
        "host..:443",
        "256.0.0.1:443",
        "[::1]",
        "https://host",
        "*.example",
        "a@b",
    ] {
        assert_eq!(Egress::new(&[rule], false).unwrap_err(), BadRule(rule.to_owned()), "{rule}");
    }
}
