//! The registries row by row, every IPv6 dress of a forbidden IPv4 address, and the edges of what is public.

use proptest::prelude::*;

use super::*;

/// What IANA's column "Globally Reachable" says of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reachable {
    Yes,
    No,
    /// "N/A": deprecated, or it depends on what is inside.
    Unsaid,
}
use Reachable::{No, Unsaid, Yes};

/// <https://www.iana.org/assignments/iana-ipv4-special-registry>, all of it: block, name, globally reachable.
const IPV4_REGISTRY: &[(&str, &str, Reachable)] = &[
    ("0.0.0.0/8", "This network", No),
    ("0.0.0.0/32", "This host on this network", No),
    ("10.0.0.0/8", "Private-Use", No),
    ("100.64.0.0/10", "Shared Address Space", No),
    ("127.0.0.0/8", "Loopback", No),
    ("169.254.0.0/16", "Link Local", No),
    ("172.16.0.0/12", "Private-Use", No),
    ("192.0.0.0/24", "IETF Protocol Assignments", No),
    ("192.0.0.0/29", "IPv4 Service Continuity Prefix", No),
    ("192.0.0.8/32", "IPv4 dummy address", No),
    ("192.0.0.9/32", "Port Control Protocol Anycast", Yes),
    ("192.0.0.10/32", "Traversal Using Relays around NAT Anycast", Yes),
    ("192.0.0.170/32", "NAT64/DNS64 Discovery", No),
    ("192.0.0.171/32", "NAT64/DNS64 Discovery", No),
    ("192.0.2.0/24", "Documentation (TEST-NET-1)", No),
    ("192.31.196.0/24", "AS112-v4", Yes),
    ("192.52.193.0/24", "AMT", Yes),
    ("192.88.99.0/24", "Deprecated (6to4 Relay Anycast)", Unsaid),
    ("192.88.99.2/32", "6a44-relay anycast address", No),
    ("192.168.0.0/16", "Private-Use", No),
    ("192.175.48.0/24", "Direct Delegation AS112 Service", Yes),
    ("198.18.0.0/15", "Benchmarking", No),
    ("198.51.100.0/24", "Documentation (TEST-NET-2)", No),
    ("203.0.113.0/24", "Documentation (TEST-NET-3)", No),
    ("240.0.0.0/4", "Reserved", No),
    ("255.255.255.255/32", "Limited Broadcast", No),
];

/// <https://www.iana.org/assignments/iana-ipv6-special-registry>, all of it.
const IPV6_REGISTRY: &[(&str, &str, Reachable)] = &[
    ("::1/128", "Loopback Address", No),
    ("::/128", "Unspecified Address", No),
    ("::ffff:0:0/96", "IPv4-mapped Address", No),
    ("64:ff9b::/96", "IPv4-IPv6 Translat.", Yes),
    ("64:ff9b:1::/48", "IPv4-IPv6 Translat.", No),
    ("100::/64", "Discard-Only Address Block", No),
    ("100:0:0:1::/64", "Dummy IPv6 Prefix", No),
    ("2001::/23", "IETF Protocol Assignments", No),
    ("2001::/32", "TEREDO", Unsaid),
    ("2001:1::1/128", "Port Control Protocol Anycast", Yes),
    ("2001:1::2/128", "Traversal Using Relays around NAT Anycast", Yes),
    ("2001:1::3/128", "DNS-SD Service Registration Protocol Anycast", Yes),
    ("2001:2::/48", "Benchmarking", No),
    ("2001:3::/32", "AMT", Yes),
    ("2001:4:112::/48", "AS112-v6", Yes),
    ("2001:10::/28", "Deprecated (previously ORCHID)", Unsaid),
    ("2001:20::/28", "ORCHIDv2", Yes),
    ("2001:30::/28", "Drone Remote ID Protocol Entity Tags (DETs) Prefix", Yes),
    ("2001:db8::/32", "Documentation", No),
    ("2002::/16", "6to4", Unsaid),
    ("2620:4f:8000::/48", "Direct Delegation AS112 Service", Yes),
    ("3fff::/20", "Documentation", No),
    ("5f00::/16", "Segment Routing (SRv6) SIDs", No),
    ("fc00::/7", "Unique-Local", No),
    ("fe80::/10", "Link-Local Unicast", No),
];

/// What neither registry has, and is not dialled either: multicast, the clouds' metadata, what IANA has not handed out.
const BEYOND_THE_REGISTRIES: &[&str] = &[
    "224.0.0.0/4",
    "168.63.129.16/32",
    "::/96",
    "::ffff:0:0:0/96",
    "200::/7",
    "400::/6",
    "4000::/3",
    "6000::/3",
    "8000::/1",
    "fec0::/10",
    "ff00::/8",
];

/// The one block that IANA calls reachable and that push services may live behind: a host that has nothing but NAT64
/// reaches all of IPv4 through it (RFC 6052). Its addresses are judged by what they carry.
const JUDGED_BY_ITS_CONTENT: &str = "64:ff9b::/96";

fn purpose(address: &str) -> Option<&'static str> {
    special_purpose(address.parse().unwrap())
}

/// The first, the last and some addresses between.
fn samples(block: &str) -> Vec<IpAddr> {
    match block.parse().unwrap() {
        ipnet::IpNet::V4(net) => {
            let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
            let middle = first + (last - first) / 2;
            let near = [first.saturating_add(1).min(last), last.saturating_sub(1).max(first)];
            [first, near[0], middle, near[1], last].map(|bits| Ipv4Addr::from(bits).into()).to_vec()
        }
        ipnet::IpNet::V6(net) => {
            let (first, last) = (u128::from(net.network()), u128::from(net.broadcast()));
            let middle = first + (last - first) / 2;
            let near = [first.saturating_add(1).min(last), last.saturating_sub(1).max(first)];
            [first, near[0], middle, near[1], last].map(|bits| Ipv6Addr::from(bits).into()).to_vec()
        }
    }
}

#[test]
fn every_block_of_the_registries_is_refused_but_for_nat64_which_is_judged_by_its_content() {
    for (block, name, reachable) in IPV4_REGISTRY.iter().chain(IPV6_REGISTRY) {
        if *block == JUDGED_BY_ITS_CONTENT {
            assert_eq!(*reachable, Yes);
            continue;
        }
        for address in samples(block) {
            assert!(
                !is_globally_reachable(address),
                "{address} of {block} ({name}, {reachable:?})"
            );
        }
    }
    for address in BEYOND_THE_REGISTRIES.iter().flat_map(|block| samples(block)) {
        assert!(!is_globally_reachable(address), "{address}");
    }
}

#[test]
fn every_block_that_is_refused_has_a_row_to_be_refused_for() {
    let rows = IPV4_REGISTRY.iter().chain(IPV6_REGISTRY).map(|(block, ..)| *block);
    let known: Vec<ipnet::IpNet> =
        rows.chain(BEYOND_THE_REGISTRIES.iter().copied()).map(|row| row.parse().unwrap()).collect();
    let ours = SPECIAL_V4.iter().map(|&(net, purpose)| (ipnet::IpNet::from(net), purpose));
    let ours = ours.chain(SPECIAL_V6.iter().map(|&(net, purpose)| (net.into(), purpose)));
    for (net, purpose) in ours {
        assert!(known.contains(&net), "{net} ({purpose}) is in no registry");
    }
}

#[test]
fn an_address_is_refused_for_what_it_is() {
    for (address, expected) in [
        ("0.1.2.3", "this network"),
        ("10.0.0.1", "private use"),
        ("100.100.100.200", "shared address space"), // Alibaba's metadata
        ("127.0.0.1", "loopback"),
        ("168.63.129.16", "cloud metadata"), // Azure's
        ("169.254.169.254", "link-local"),   // nearly everyone's metadata
        ("172.31.255.255", "private use"),
        ("192.0.0.192", "protocol assignments"), // Oracle's metadata
        ("192.0.2.1", "documentation"),
        ("192.31.196.1", "AS112"),
        ("192.52.193.1", "AMT"),
        ("192.88.99.1", "6to4 relay"),
        ("192.168.1.1", "private use"),
        ("192.175.48.1", "AS112"),
        ("198.19.255.255", "benchmarking"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("100::1", "discard"),
        ("100:0:0:1::1", "dummy prefix"),
        ("2001:20::1", "protocol assignments"),
        ("2001:db8::1", "documentation"),
        ("2620:4f:8000::1", "AS112"),
        ("3fff::1", "documentation"),
        ("5f00::1", "segment routing"),
        ("fd00:ec2::254", "unique local"), // Amazon's metadata
        ("fd20:ce::254", "unique local"),  // Google's metadata
        ("fe80::1", "link-local"),
        ("fec0::1", "site-local"),
        ("ff02::1", "multicast"),
        ("::127.0.0.1", "IPv4-compatible"),
        ("::ffff:10.0.0.1", "IPv4-mapped"),
        ("::ffff:0:10.0.0.1", "not global unicast"), // SIIT, RFC 2765
        ("2002:a9fe:a9fe::1", "6to4"),
        ("64:ff9b::a9fe:a9fe", "NAT64 of a special-purpose IPv4 address"),
        ("64:ff9b:1::10.0.0.1", "local NAT64"),
        ("2600:1900::5efe:10.0.0.1", "ISATAP of a special-purpose IPv4 address"),
        ("2600:1900::200:5efe:192.168.0.1", "ISATAP of a special-purpose IPv4 address"),
        ("2001::f5ff:fffe", "Teredo"),
        ("4000::1", "not global unicast"),
    ] {
        assert_eq!(purpose(address), Some(expected), "{address}");
    }
}

#[test]
fn public_addresses_are_reachable_up_to_the_edge_of_the_special_blocks() {
    for address in [
        "1.0.0.0",
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "168.63.129.17",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.31.195.255",
        "192.31.197.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "203.0.114.0",
        "223.255.255.255",
        "2000::",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2001:db7:ffff::1",
        "2001:db9::1",
        "2003::1",
        "2600:1900::5efe:8.8.8.8",
        "2606:4700:4700::1111",
        "2a00:1450:4001:80b::200a",
        "3ffe::1",
        "3fff:1000::1",
        "64:ff9b::8.8.8.8",
    ] {
        assert_eq!(purpose(address), None, "{address}");
    }
}

/// A forbidden IPv4 address: any of any row.
fn forbidden_v4() -> impl Strategy<Value = Ipv4Addr> {
    let nets: Vec<Ipv4Net> = SPECIAL_V4.iter().map(|&(net, _)| net).collect();
    (prop::sample::select(nets), any::<u32>()).prop_map(|(net, bits)| {
        Ipv4Addr::from(u32::from(net.network()) | (bits & u32::from(net.hostmask())))
    })
}

/// An address of `prefix`, its bits after `length` taken from `rest`.
fn below(prefix: &str, length: u8, rest: u128) -> u128 {
    let prefix: Ipv6Addr = prefix.parse().unwrap();
    u128::from(prefix) | (rest & (u128::MAX >> length))
}

/// The dresses in which IPv6 carries an IPv4 address; `noise` fills what is free in them.
fn dresses(v4: Ipv4Addr, noise: u128) -> [(&'static str, Ipv6Addr); 8] {
    let bits = u128::from(u32::from(v4));
    let u_bit = (noise & 1) << 57;
    // Any prefix of global unicast that no registry names.
    let global = below("2600::", 8, noise) & !u128::from(u64::MAX);
    [
        ("mapped", v4.to_ipv6_mapped()),
        ("compatible", Ipv6Addr::from(bits)),
        // RFC 3056 §2: the address follows 2002.
        ("6to4", Ipv6Addr::from(below("2002::", 48, noise) | (bits << 80))),
        ("NAT64", Ipv6Addr::from(below("64:ff9b::", 128 - 32, bits))),
        // RFC 8215: any translator's layout may follow; so nothing of it is dialled.
        ("local NAT64", Ipv6Addr::from(below("64:ff9b:1::", 48, noise << 32 | bits))),
        // RFC 5214 §6.1: 0000:5efe or 0200:5efe, then the address.
        ("ISATAP", Ipv6Addr::from(global | u_bit | (0x5efe << 32) | bits)),
        // RFC 4380 §4: the server's address, flags, a port and the client's address, the latter two with all bits flipped.
        ("Teredo, its server", Ipv6Addr::from(below("2001::", 64, noise) | (bits << 64))),
        (
            "Teredo, its client",
            Ipv6Addr::from((below("2001::", 32, noise) & !0xffff_ffff) | (bits ^ 0xffff_ffff)),
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_forbidden_ipv4_address_is_refused_in_every_ipv6_dress(
        v4 in forbidden_v4(),
        noise: u128,
    ) {
        prop_assert!(!is_globally_reachable(v4.into()), "{v4}");
        for (dress, v6) in dresses(v4, noise) {
            prop_assert!(!is_globally_reachable(v6.into()), "{v4} as {dress}: {v6}");
        }
    }

    /// Only two of the dresses may carry a public address and be dialled: the translator's, and a host's own.
    #[test]
    fn a_public_ipv4_address_does_not_make_its_dress_public(v4: u32, noise: u128) {
        let v4 = Ipv4Addr::from(v4);
        prop_assume!(is_globally_reachable(v4.into()));
        for (dress, v6) in dresses(v4, noise) {
            let dialled = matches!(dress, "NAT64" | "ISATAP");
            prop_assert_eq!(is_globally_reachable(v6.into()), dialled, "{} as {}: {}", v4, dress, v6);
        }
    }

    /// No panic and no gap: every IPv6 address outside of 2000::/3 is refused, but for NAT64 of a public one.
    #[test]
    fn what_is_not_global_unicast_is_refused(bits: u128) {
        let address = Ipv6Addr::from(bits);
        prop_assume!(bits >> 125 != 1 && bits >> 32 != 0x64_ff9b << 64);
        prop_assert!(!is_globally_reachable(address.into()), "{address}");
    }
}
