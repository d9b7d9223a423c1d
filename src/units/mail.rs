//! E-mail addresses as they may be written to.

/// An address that is longer is none (RFC 5321, 4.5.3.1.3).
const ADDRESS_MAX: usize = 254;

/// True for a text that is an address and nothing else: no name beside it, no quotes, no blanks, nothing that ends a line.
///
/// The user name of a guest (`ada_example.com#EXT#@tenant.onmicrosoft.com`) has the form of an address and no mailbox
/// behind it: a letter there would count as told, and reach nobody.
#[must_use]
pub fn is_plain_address(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.@".contains(&byte);
    let parts = text.split_once('@').filter(|(user, domain)| !user.is_empty() && !domain.contains('@'));
    let is_guest = text.to_ascii_uppercase().contains("#EXT#@");
    let has_domain = parts.is_some_and(|(_, domain)| domain.contains('.') && !domain.ends_with('.'));
    text.len() <= ADDRESS_MAX && has_domain && !is_guest && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_are_written_to() {
        for good in ["ada@example.org", "ada.l+ci@mail.example.co.uk", "o'neil@example.org", "A_B@example.org"] {
            assert!(is_plain_address(good), "{good}");
        }
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.org",
            "ada@localhost",
            "ada@example.",
            "Ada <ada@example.org>",
            "ada@example.org, eve@example.org",
            "ada@example.org\r\nBcc: eve@example.org",
            "ada@example.org\n",
            " ada@example.org",
            "\"ada\"@example.org",
            "ada@eve@example.org",
            "ada@exa mple.org",
            "<ada@example.org>",
            "ada@[10.0.0.1]",
            "ädä@example.org",
            "ada_example.org#EXT#@tenant.onmicrosoft.com",
            "ada@example.org>",
            "0f5c1d2e-0000-4000-8000-000000000000",
        ] {
            assert!(!is_plain_address(bad), "{bad:?}");
        }
        assert!(!is_plain_address(&format!("{}@example.org", "a".repeat(300))));
    }
}
