//! No address that is not public is called public, in whatever IPv6 dress it comes.

#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use fanfare::push::address::is_globally_reachable;
use fanfare::push::egress::Egress;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some(octets) = data.first_chunk::<4>() {
        judge_v4(Ipv4Addr::from(*octets));
    }
    if let Some(octets) = data.first_chunk::<16>() {
        judge_v6(Ipv6Addr::from(*octets));
    }
    let answers: Vec<_> =
        data.chunks_exact(4).map(|four| [four[0], four[1], four[2], four[3]]).collect();
    let answers: Vec<_> = answers.into_iter().map(|octets| IpAddr::from(octets)).collect();
    let all_public = answers.iter().all(|address| is_globally_reachable(*address));
    let verdict = Egress::default().check_addresses("push.example", 443, &answers);
    assert_eq!(verdict.is_ok(), all_public, "one bad answer refuses the name");
});

fn judge_v4(address: Ipv4Addr) {
    let is_public = is_globally_reachable(address.into());
    let special = address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_unspecified();
    assert!(!(is_public && special), "{address}");
    if is_public {
        return;
    }
    let bits = u128::from(address.to_bits());
    let dresses = [
        bits,
        0xffff_u128 << 32 | bits,
        0x2002_u128 << 112 | bits << 80,
        0x0064_ff9b_u128 << 96 | bits,
        0x0064_ff9b_0001_u128 << 80 | bits,
        0x2001_u128 << 112 | (bits ^ 0xffff_ffff),
        0x2001_u128 << 112 | bits << 64,
        0x2a00_1450_u128 << 96 | 0x5efe_u128 << 32 | bits,
        0x2a00_1450_u128 << 96 | 0x0200_5efe_u128 << 32 | bits,
    ];
    for dress in dresses.map(Ipv6Addr::from_bits) {
        assert!(!is_globally_reachable(dress.into()), "{address} as {dress}");
    }
}

fn judge_v6(address: Ipv6Addr) {
    let special = address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.to_ipv4_mapped().is_some();
    assert!(!(special && is_globally_reachable(address.into())), "{address}");
}
