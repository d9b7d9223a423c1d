//! API tokens as programs send them, and the file that they are judged by.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::Ordering;

use lightsout::access::Scope;
use lightsout::web::door::TokenFile;

use crate::site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_shown_is_believed_or_the_request_is_refused() {
    let site = Site::with_tokens();
    let token = site.token("ci", &[Scope::Read], &[]);
    let status = |authorization: &str| site.get("/api/v1/read", authorization).status;
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let answer = site.get("/api/v1/read", &bearer);
    assert_eq!((answer.status, answer.json()["key"].as_str()), (200, Some("token:ci")));
    assert_eq!(status(""), 401);
    assert_eq!(status("Authorization: Bearer\r\n"), 401);
    assert_eq!(status(&format!("Authorization: bearer  {token}\r\n")), 200, "the scheme has no case");
    assert_eq!(status(&format!("{bearer}{bearer}")), 401, "two of them");
    assert_eq!(status(&format!("Authorization: Bearer {token}x\r\n")), 401);
    assert_eq!(status(&format!("Authorization: Basic {token}\r\n")), 401);
    assert_eq!(
        site.get("/open", "Authorization: Bearer lot1_nonsense\r\n").status,
        401,
        "also where nobody need be known"
    );
    site.seconds.store(1_000_000, Ordering::Relaxed);
    let expired = site.get("/api/v1/read", &bearer);
    assert!(expired.status == 401 && expired.body.contains("expired"), "{expired:?}");
    let refused = site.audited("login_refused");
    assert!(
        refused.iter().any(|line| line.why.contains("expired"))
            && refused.iter().all(|line| !line.why.contains(&token))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_was_taken_back_is_refused_at_once_and_a_file_that_others_read_opens_nothing() {
    let site = Site::with_tokens();
    let bearer = format!("Authorization: Bearer {}\r\n", site.token("ci", &[Scope::Read], &[]));
    let status = || site.get("/api/v1/read", &bearer).status;
    assert_eq!(status(), 200);
    let path = site.dir.path().join("tokens");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(status(), 503);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(status(), 200);
    let file = TokenFile::at(path.clone());
    file.change(|records| records[0].revoked_at = Some(jiff::Timestamp::UNIX_EPOCH)).unwrap();
    assert_eq!(status(), 401);
    std::fs::write(&path, "nonsense\n").unwrap();
    assert_eq!(status(), 503, "while the file cannot be read none is believed");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(status(), 401);
}
