//! What the reader of a webhook's address promises of any text, for the fuzzer and for its kept texts; no part of the program.

use url::Host;

use super::address::AddressRule;
use super::post::checked_url;

/// An address that is taken is https, names nobody, and is no address of this machine or of a private network.
pub fn url(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let rule = AddressRule::new(Vec::new());
    let Ok(url) = checked_url(text, &rule) else { return };
    assert_eq!(url.scheme(), "https");
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
    let again = url::Url::parse(url.as_str());
    assert!(again.is_ok_and(|again| again == url), "read again it leads elsewhere");
    let Some(host) = url.host() else { panic!("no host") };
    let public = match host {
        Host::Ipv4(ip) => {
            let [a, b, ..] = ip.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let wire = [168, 63, 129, 16] == ip.octets();
            !(ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified() || shared || wire)
        }
        Host::Ipv6(ip) => {
            let unique = ip.octets().first().is_some_and(|byte| byte & 0xfe == 0xfc);
            let local = ip.segments().first().is_some_and(|part| part & 0xffc0 == 0xfe80);
            !(ip.is_loopback() || ip.is_unspecified() || unique || local || ip.to_ipv4_mapped().is_some())
        }
        Host::Domain(name) => !name.is_empty(),
    };
    assert!(public, "an address that is not public is taken");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text that the fuzzer kept, in each run of the tests.
    #[test]
    fn kept_texts_break_no_promise() {
        let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/webhook_url");
        let texts: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(texts.len() >= 5, "only {} kept texts", texts.len());
        for text in texts {
            url(&std::fs::read(text).unwrap());
        }
    }
}
