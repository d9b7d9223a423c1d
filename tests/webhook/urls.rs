//! Which URLs a webhook takes, and which it refuses before anything is sent.

use super::*;

#[test]
fn urls_that_are_refused() {
    let bad = [
        "",
        "hooks.example.org",
        "//hooks.example.org",
        "https://",
        "http://hooks.example.org/",
        "http://93.184.216.34/",
        "ftp://hooks.example.org/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "unix:/run/x.sock",
        "https://user@hooks.example.org/",
        "https://user:pass@hooks.example.org/",
        "https://:pass@hooks.example.org/",
        "https://@hooks.example.org/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://0/",
        "https://0.0.0.0/",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://172.31.255.255/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/metadata",
        "https://169.254.1.1/",
        "https://168.63.129.16/",
        "https://192.0.2.1/",
        "https://198.51.100.1/",
        "https://203.0.113.1/",
        "https://198.18.0.1/",
        "https://192.0.0.1/",
        "https://224.0.0.1/",
        "https://240.0.0.1/",
        "https://255.255.255.255/",
        "https://[::1]/",
        "https://[::]/",
        "https://[fe80::1]/",
        "https://[fd00:ec2::254]/",
        "https://[fc00::1]/",
        "https://[ff02::1]/",
        "https://[2001:db8::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:93.184.216.34]/",
        "https://[::ffff:a9fe:a9fe]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[2002:a00:1::1]/",
        "https://[2001::1]/",
        "https://[::127.0.0.1]/",
        "https://999.1.1.1/",
        "https://ho st/",
        "https://１２７.０.０.１/",
    ];
    for url in bad {
        assert!(Webhook::new(options(url), now()).is_err(), "{url}");
    }
}

#[test]
fn urls_that_are_taken() {
    for url in [
        "https://hooks.example.org/x",
        "https://hooks.example.org:8443/x?y=a@b",
        "HTTPS://Hooks.Example.ORG",
        "https://93.184.216.34/",
        "https://[2606:2800:220:1::1]/",
        "https://172.32.0.1/",
        "https://100.128.0.1/",
    ] {
        assert!(Webhook::new(options(url), now()).is_ok(), "{url}");
    }
    let allowed = |network: &str, url: &str| {
        Webhook::new(WebhookOptions { allow_private: vec![network.parse().unwrap()], ..options(url) }, now()).is_ok()
    };
    assert!(allowed("10.2.0.0/16", "https://10.2.3.4/") && !allowed("10.2.0.0/16", "https://10.3.3.4/"));
    assert!(allowed("fd12::/16", "https://[fd12::1]/") && !allowed("fd12::/16", "https://[fd13::1]/"));
    assert!(!allowed("10.2.0.0/16", "http://10.2.3.4/"), "http never leaves the machine");
    assert!(allowed("127.0.0.0/8", "http://127.0.0.1:8080/") && allowed("::1/128", "http://[::1]:8080/"));
    assert!(!allowed("0.0.0.0/0", "https://169.254.169.254/") && !allowed("0.0.0.0/0", "https://168.63.129.16/"));
}
