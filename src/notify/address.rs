//! Which addresses a message may be sent to: public ones, and private ones that were named.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Why a network could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a network; write an address and the length of its prefix, such as \"10.2.0.0/16\" or \"fd00::/8\""
)]
pub struct CidrError(String);

/// A network: an address and the length of its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    bits: u128,
    prefix: u32,
    is_v4: bool,
}

impl Cidr {
    const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u32) -> Self {
        Self { bits: (Ipv4Addr::new(a, b, c, d).to_bits() as u128) << 96, prefix, is_v4: true }
    }

    const fn v6(high: u128, prefix: u32) -> Self {
        Self { bits: high << 64, prefix, is_v4: false }
    }

    /// True when the address lies in this network. A v4 network holds no v6 address, mapped ones included.
    #[must_use]
    pub const fn contains(&self, ip: IpAddr) -> bool {
        let (bits, is_v4) = aligned(ip);
        let differing = bits ^ self.bits;
        is_v4 == self.is_v4 && (self.prefix == 0 || differing.leading_zeros() >= self.prefix)
    }
}

/// An address's bits from the top, so that prefixes of both kinds are counted the same way.
const fn aligned(ip: IpAddr) -> (u128, bool) {
    match ip {
        IpAddr::V4(ip) => ((ip.to_bits() as u128) << 96, true),
        IpAddr::V6(ip) => (ip.to_bits(), false),
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let wrong = || CidrError(text.chars().take(80).collect());
        let (address, prefix) = text.trim().split_once('/').ok_or_else(wrong)?;
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let (bits, is_v4) = aligned(address);
        let longest = if is_v4 { 32 } else { 128 };
        let prefix = prefix.parse().ok().filter(|prefix| *prefix <= longest).ok_or_else(wrong)?;
        Ok(Self { bits, prefix, is_v4 })
    }
}

/// Addresses that are never let in, whatever is allowed: they answer with this machine's credentials, or are no place.
const NEVER: [(Cidr, &str); 6] = [
    (Cidr::v4(169, 254, 169, 254, 32), "the metadata service"),
    (Cidr::v4(168, 63, 129, 16, 32), "Azure's own address for virtual machines"),
    (Cidr::v4(0, 0, 0, 0, 8), "unspecified"),
    (Cidr::v4(224, 0, 0, 0, 4), "multicast"),
    (Cidr::v4(255, 255, 255, 255, 32), "broadcast"),
    (Cidr::v6(0xff00_0000_0000_0000, 8), "multicast"),
];

/// v4 networks that are not public (IANA's special-purpose registry).
const PRIVATE_V4: [(Cidr, &str); 14] = [
    (Cidr::v4(127, 0, 0, 0, 8), "loopback"),
    (Cidr::v4(10, 0, 0, 0, 8), "private"),
    (Cidr::v4(172, 16, 0, 0, 12), "private"),
    (Cidr::v4(192, 168, 0, 0, 16), "private"),
    (Cidr::v4(100, 64, 0, 0, 10), "shared by a carrier"),
    (Cidr::v4(169, 254, 0, 0, 16), "link-local"),
    (Cidr::v4(192, 0, 0, 0, 24), "reserved"),
    (Cidr::v4(192, 0, 2, 0, 24), "documentation"),
    (Cidr::v4(198, 51, 100, 0, 24), "documentation"),
    (Cidr::v4(203, 0, 113, 0, 24), "documentation"),
    (Cidr::v4(192, 88, 99, 0, 24), "reserved"),
    (Cidr::v4(192, 31, 196, 0, 24), "reserved"),
    (Cidr::v4(198, 18, 0, 0, 15), "benchmarking"),
    (Cidr::v4(240, 0, 0, 0, 4), "reserved"),
];

/// What is public of v6; everything else is loopback, local, mapped or not given out.
const GLOBAL_V6: Cidr = Cidr::v6(0x2000_0000_0000_0000, 3);
/// v6 networks inside the public one that are not public, or that carry a v4 address inside.
const PRIVATE_V6: [(Cidr, &str); 4] = [
    (Cidr::v6(0x2001_0000_0000_0000, 23), "reserved or a tunnel"),
    (Cidr::v6(0x2001_0db8_0000_0000, 32), "documentation"),
    (Cidr::v6(0x3fff_0000_0000_0000, 20), "documentation"),
    (Cidr::v6(0x2002_0000_0000_0000, 16), "a tunnel"),
];

fn named(networks: &[(Cidr, &'static str)], ip: IpAddr) -> Option<&'static str> {
    networks.iter().find(|(network, _)| network.contains(ip)).map(|(_, name)| *name)
}

fn private_v6(ip: Ipv6Addr) -> Option<&'static str> {
    if ip.is_loopback() {
        return Some("loopback");
    }
    if ip.to_ipv4_mapped().is_some() {
        return Some("a v4 address in disguise");
    }
    if !GLOBAL_V6.contains(IpAddr::V6(ip)) {
        return Some("local or not given out");
    }
    named(&PRIVATE_V6, IpAddr::V6(ip))
}

/// What a webhook's address must obey.
#[derive(Debug, Clone, Default)]
pub struct AddressRule {
    allow_private: Vec<Cidr>,
}

impl AddressRule {
    /// Public addresses, and those in these networks.
    #[must_use]
    pub const fn new(allow_private: Vec<Cidr>) -> Self {
        Self { allow_private }
    }

    /// True when this machine itself was allowed.
    #[must_use]
    pub fn allows_loopback(&self) -> bool {
        self.allow_private.iter().any(|network| {
            network.contains(IpAddr::V4(Ipv4Addr::LOCALHOST)) || network.contains(IpAddr::V6(Ipv6Addr::LOCALHOST))
        })
    }

    /// Why an address is refused; none when a message may go there. Without TLS it may go to this machine only, and
    /// only when loopback was allowed.
    #[must_use]
    pub fn refusal(&self, ip: IpAddr, is_tls: bool) -> Option<&'static str> {
        let refused = match ip {
            _ if named(&NEVER, ip).is_some() => return named(&NEVER, ip),
            IpAddr::V6(v6) if v6.is_unspecified() => return Some("unspecified"),
            // In disguise, the two that are never let in could be let in.
            IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => return private_v6(v6),
            IpAddr::V4(_) => named(&PRIVATE_V4, ip),
            IpAddr::V6(v6) => private_v6(v6),
        };
        let allowed = self.allow_private.iter().any(|network| network.contains(ip));
        if !is_tls && !ip.is_loopback() {
            return Some("not this machine, and http is not encrypted");
        }
        refused.filter(|_| !allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_and_hold_what_they_should() {
        let holds = |network: &str, ip: &str| network.parse::<Cidr>().unwrap().contains(ip.parse().unwrap());
        assert!(holds("10.2.0.0/16", "10.2.255.255") && !holds("10.2.0.0/16", "10.3.0.0"));
        assert!(holds("0.0.0.0/0", "255.1.2.3") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("fd00::/8", "fdff::1") && !holds("fd00::/8", "fe00::1"));
        assert!(holds("127.0.0.1/32", "127.0.0.1") && !holds("127.0.0.1/32", "127.0.0.2"));
        assert!(holds("::1/128", "::1") && !holds("::1/128", "::"));
        for bad in ["", "10.0.0.0", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/-1", "10.0.0.0/8/8", "x/8"] {
            assert!(bad.parse::<Cidr>().unwrap_err().to_string().contains("is not a network"), "{bad}");
        }
    }

    #[test]
    fn some_addresses_are_never_allowed() {
        let all = AddressRule::new(vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()]);
        for never in [
            "169.254.169.254",
            "168.63.129.16",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
            "::ffff:169.254.169.254",
            "::ffff:10.0.0.1",
        ] {
            assert!(all.refusal(never.parse().unwrap(), true).is_some(), "{never}");
        }
        for opted in ["10.0.0.1", "127.0.0.1", "::1", "fd12::1", "169.254.1.1", "100.64.0.1"] {
            assert!(all.refusal(opted.parse().unwrap(), true).is_none(), "{opted}");
        }
    }

    #[test]
    fn without_tls_it_must_be_this_machine() {
        let open = AddressRule::default();
        let local = AddressRule::new(vec!["127.0.0.0/8".parse().unwrap(), "10.0.0.0/8".parse().unwrap()]);
        let refused = |rule: &AddressRule, ip: &str| rule.refusal(ip.parse().unwrap(), false).is_some();
        assert!(refused(&open, "127.0.0.1") && refused(&open, "93.184.216.34"));
        assert!(!refused(&local, "127.0.0.1") && refused(&local, "10.0.0.1") && refused(&local, "93.184.216.34"));
    }
}
