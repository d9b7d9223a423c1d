//! `token`: what programs show who they are with, made, listed and taken back; and settings that would let anybody in.

use std::os::unix::fs::PermissionsExt as _;

use crate::program::Place;

fn place(more: &str) -> Place {
    let workspace = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w";
    let place = Place::new("http://127.0.0.1:9", &[workspace.to_owned()], more);
    std::fs::create_dir_all(place.path("store")).unwrap_or_default();
    place
}

#[test]
fn a_token_is_shown_once_listed_without_itself_and_taken_back() {
    let place = place("[web.tokens]\nenabled = true\n");
    let minted =
        place.run(&["token", "mint", "ci", "--scope", "read,hold", "--owner", "ada@example.org", "--for", "30d"]);
    let token = minted.out.trim().to_owned();
    assert!(minted.code == 0 && token.starts_with("lot1_") && token.len() == 48, "{}{}", minted.out, minted.err);
    assert_eq!(minted.err, "");
    let path = place.path("store/tokens");
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept.contains("\"ci\"") && !kept.contains(&token) && !kept.contains(&token[5..]), "only a digest is kept");
    let mode = std::fs::metadata(&path).map(|about| about.permissions().mode() & 0o777);
    assert_eq!(mode.ok(), Some(0o600));
    let again = place.run(&["token", "mint", "ci"]);
    assert!(again.code == 1 && again.err.contains("there is a token `ci` already"), "{}", again.err);
    let other = place.run(&["token", "mint", "other", "--json"]);
    assert!(other.out.contains("\"scopes\": [\n    \"read\"\n  ]"), "{}", other.out);
    let listed = place.run(&["token", "list"]);
    assert!(
        listed.out.contains("ci good read,hold for ada@example.org until ") && !listed.out.contains(&token),
        "{}",
        listed.out
    );
    let revoked = place.run(&["token", "revoke", "ci"]);
    assert_eq!((revoked.code, revoked.out.trim()), (0, "the token ci is refused from now on"));
    assert_eq!(place.run(&["token", "revoke", "ci"]).code, 1, "it is already");
    assert!(place.run(&["token", "list"]).out.contains("ci revoked "));
    assert_eq!(place.run(&["token", "mint", "ci"]).code, 0, "the name is free again");
}

#[test]
fn what_makes_no_token_is_refused() {
    let place = place("");
    for args in [
        &["token", "mint", "a b"][..],
        &["token", "mint", "x", "--scope", "everything"],
        &["token", "mint", "x", "--for", "367d"],
        &["token", "mint", "x", "--for", "0s"],
        &["token", "mint"],
    ] {
        assert_eq!(place.run(args).code, 2, "{args:?}");
    }
    let minted = place.run(&["token", "mint", "x"]);
    assert!(minted.code == 0 && minted.err.contains("no token is taken yet"), "{}", minted.err);
}

#[test]
fn a_service_that_anybody_could_use_does_not_start() {
    for (listen, more) in [
        ("0.0.0.0:0", ""),
        ("[::]:0", "[web]\npublic_url = \"https://lightsout.example.org\"\nbehind_tls_proxy = true\n"),
        ("127.0.0.1:0", "[web]\npublic_url = \"https://lightsout.example.org\"\n"),
        (
            "127.0.0.1:0",
            "[web]\npublic_url = \"https://lightsout.example.org\"\n[web.proxy]\nuser_header = \"X-User\"\n[web.roles]\ndefault = \"admin\"\n",
        ),
    ] {
        let said = place(more).with("LIGHTSOUT_WEB_LISTEN", listen).run(&["run"]);
        let named = said.err.contains("web.") || said.err.contains("LIGHTSOUT_WEB_LISTEN");
        assert!(said.code == 2 && named, "{listen} {more}: {} {}", said.code, said.err);
    }
}
