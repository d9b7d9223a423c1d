//! The whole matrix of role, rule, ownership and scope; and what no input may change.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

fn person(role: Role, way: Way) -> Person {
    Person { key: "k".to_owned(), name: "Ada".to_owned(), addresses: vec!["ada@example.org".to_owned()], role, way }
}

/// What a person may do, written out: a row a role, a column a rule, for instances of theirs and for others'.
const TABLE: [(Role, [bool; 6], [bool; 6]); 4] = [
    // anyone, read, own, stop, operate, administer
    (Role::Viewer, [true, true, false, false, false, false], [true, true, false, false, false, false]),
    (Role::Owner, [true, true, true, true, false, false], [true, true, false, false, false, false]),
    (Role::Operator, [true, true, true, true, true, false], [true, true, true, true, true, false]),
    (Role::Admin, [true, true, true, true, true, true], [true, true, true, true, true, true]),
];

const SCOPE_OF: [Option<Scope>; 6] =
    [None, Some(Scope::Read), Some(Scope::Hold), Some(Scope::Operate), Some(Scope::Operate), Some(Scope::Admin)];

#[test]
fn every_role_may_do_what_the_table_says_and_nothing_else() {
    for (role, theirs, others) in TABLE {
        for (rule, (own, other)) in Rule::ALL.into_iter().zip(theirs.into_iter().zip(others)) {
            for way in [Way::Loopback, Way::Session, Way::Proxy] {
                let person = person(role, way);
                assert_eq!(allows(rule, Some(&person), Ownership::Theirs).is_ok(), own, "{role} {rule:?} theirs");
                assert_eq!(allows(rule, Some(&person), Ownership::NotTheirs).is_ok(), other, "{role} {rule:?} others");
            }
        }
    }
}

#[test]
fn a_token_may_do_only_what_its_scopes_say_too() {
    for bits in 0_u8..16 {
        let scopes: Scopes = Scope::ALL
            .into_iter()
            .enumerate()
            .filter(|(at, _)| bits & (1 << at) != 0)
            .map(|(_, scope)| scope)
            .collect();
        for (role, theirs, others) in TABLE {
            for (at, rule) in Rule::ALL.into_iter().enumerate() {
                let scoped = SCOPE_OF[at].is_none_or(|scope| scopes.has(scope));
                let person = person(role, Way::Token(scopes));
                for (owned, table) in [(Ownership::Theirs, theirs), (Ownership::NotTheirs, others)] {
                    let allowed = allows(rule, Some(&person), owned).is_ok();
                    assert_eq!(allowed, table[at] && scoped, "{role} {rule:?} {owned:?} {scopes:?}");
                }
            }
        }
    }
}

#[test]
fn nobody_may_do_nothing_but_what_is_open_to_anyone() {
    for rule in Rule::ALL {
        for owned in [Ownership::Theirs, Ownership::NotTheirs, Ownership::NotKnownYet] {
            let said = allows(rule, None, owned);
            assert_eq!(said.is_ok(), rule == Rule::Anyone);
            assert!(said.is_ok() || said.is_err_and(|denied| denied.is_for_want_of_a_login()));
        }
    }
}

#[test]
fn an_instance_is_of_those_whom_it_names() {
    let ada = person(Role::Owner, Way::Session);
    for (owners, wanted) in [
        (vec!["ADA@example.org"], Ownership::Theirs),
        (vec!["bob@example.org", "ada@example.org"], Ownership::Theirs),
        (vec!["bob@example.org"], Ownership::NotTheirs),
        (vec!["ada@example.org.evil.example"], Ownership::NotTheirs),
        (vec!["", "  "], Ownership::NotTheirs),
        (vec![], Ownership::NotTheirs),
    ] {
        assert_eq!(ownership(&ada, owners.clone()), wanted, "{owners:?}");
    }
    let nobody = Person { addresses: vec![String::new()], ..ada };
    assert_eq!(ownership(&nobody, [""]), Ownership::NotTheirs, "an empty name is nobody's");
}

fn identity(key: &str, addresses: &[&str], groups: &[&str]) -> Identity {
    let all = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    Identity { key: key.to_owned(), name: "n".to_owned(), addresses: all(addresses), groups: all(groups) }
}

#[test]
fn the_strongest_role_holds_and_a_group_is_no_address() {
    let named = |name: &str, role| (name.to_owned(), role);
    let roles = Roles::new(
        [named("Ada@example.org", Role::Operator), named("https://issuer|7", Role::Admin)],
        [named("ml-admins", Role::Admin), named("bob@example.org", Role::Admin)],
        Some(Role::Viewer),
    );
    assert_eq!(roles.of(&identity("x", &["ada@EXAMPLE.org"], &[])), Some(Role::Operator));
    assert_eq!(roles.of(&identity("x", &["ada@example.org"], &["ML-Admins"])), Some(Role::Admin));
    assert_eq!(roles.of(&identity("https://issuer|7", &[], &[])), Some(Role::Admin));
    assert_eq!(roles.of(&identity("x", &["bob@example.org"], &["ada@example.org"])), Some(Role::Viewer));
    let strict = Roles::new([], [named("g", Role::Owner)], None);
    assert_eq!(strict.of(&identity("x", &["g"], &[])), None);
    assert!(strict.person(&identity("x", &[], &[]), Way::Proxy).is_none());
    assert!(Roles::default().is_empty() && !strict.is_empty());
}

fn record(scopes: &[Scope], token: &str) -> TokenRecord {
    TokenRecord {
        name: "ci".to_owned(),
        sha256: digest(token),
        scopes: scopes.iter().copied().collect(),
        addresses: Vec::new(),
        made_at: Timestamp::UNIX_EPOCH,
        made_by: "ada".to_owned(),
        expires_at: Timestamp::from_second(1_000).unwrap(),
        revoked_at: None,
    }
}

#[test]
fn a_token_is_believed_until_it_expires_or_is_taken_back() {
    let token = spell(&[7; TOKEN_BYTES]);
    let at = |second| Timestamp::from_second(second).unwrap();
    let records = [record(&[Scope::Read], &spell(&[8; TOKEN_BYTES])), record(&[Scope::Hold], &token)];
    let person = judge(&token, &records, at(999)).unwrap();
    assert_eq!((person.key.as_str(), person.role), ("token:ci", Role::Operator));
    assert_eq!(judge(&token, &records, at(1_000)), Err(TokenRefused::Expired));
    let revoked = [TokenRecord { revoked_at: Some(at(5)), ..record(&[Scope::Hold], &token) }];
    assert_eq!(judge(&token, &revoked, at(6)), Err(TokenRefused::Revoked));
    assert_eq!(judge(&token, &[], at(6)), Err(TokenRefused::Unknown));
    assert_eq!(judge(&digest(&token), &records, at(6)), Err(TokenRefused::Unknown), "what is kept opens nothing");
}

#[test]
fn a_token_of_somebody_acts_on_what_is_theirs() {
    let mut own = record(&[Scope::Read, Scope::Hold], "t");
    assert_eq!(own.role(), Role::Operator);
    own.addresses = vec!["ada@example.org".to_owned()];
    assert_eq!(own.role(), Role::Owner);
    assert_eq!(record(&[], "t").role(), Role::Viewer);
    assert_eq!(record(&[Scope::Admin], "t").role(), Role::Admin);
}

#[test]
fn the_file_is_read_as_it_was_written_and_one_bad_line_spoils_it() {
    let records = vec![record(&[Scope::Read, Scope::Admin], "a"), record(&[], "b")];
    let text = write_tokens(&records);
    assert_eq!(read_tokens(&text).unwrap(), records);
    assert!(!text.contains(PREFIX_OF_TOKENS));
    let broken = format!("{text}{{\"name\":\"x\"}}\n");
    assert!(read_tokens(&broken).unwrap_err().to_string().starts_with("line 3 is no token"));
    let short = text.replacen(&digest("a"), "abc", 1);
    assert!(read_tokens(&short).unwrap_err().to_string().contains("64"));
}

const PREFIX_OF_TOKENS: &str = "lot1_";

fn any_role() -> impl Strategy<Value = Role> {
    prop::sample::select(Role::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A stronger role never loses what a weaker one may do, and a token never gains over a person of its role.
    #[test]
    fn more_role_is_never_less_and_a_token_is_never_more(
        weak in any_role(), strong in any_role(), rule in prop::sample::select(Rule::ALL.to_vec()),
        owned in prop::sample::select(vec![Ownership::Theirs, Ownership::NotTheirs, Ownership::NotKnownYet]),
        scopes in prop::collection::vec(prop::sample::select(Scope::ALL.to_vec()), 0..4),
    ) {
        prop_assume!(weak <= strong);
        let may = |role, way| allows(rule, Some(&person(role, way)), owned).is_ok();
        prop_assert!(!may(weak, Way::Session) || may(strong, Way::Session));
        let narrowed = Way::Token(scopes.into_iter().collect());
        prop_assert!(!may(strong, narrowed) || may(strong, Way::Session));
        // what is left open is denied no later than with the instance known
        let known = allows(rule, Some(&person(weak, Way::Session)), Ownership::Theirs).is_ok();
        prop_assert!(known == allows(rule, Some(&person(weak, Way::Session)), Ownership::NotKnownYet).is_ok());
    }

    /// No text but the token itself is believed.
    #[test]
    fn nothing_else_is_believed(bytes in prop::array::uniform32(any::<u8>()), at in 0_usize..48, letter in "[A-Za-z0-9_-]", text in ".{0,140}") {
        let token = spell(&bytes);
        let records = [record(&[Scope::Admin], &token)];
        let now = Timestamp::UNIX_EPOCH;
        prop_assert!(judge(&token, &records, now).is_ok());
        let mut changed = token.clone();
        changed.replace_range(at..=at, &letter);
        prop_assert!(changed == token || judge(&changed, &records, now).is_err());
        prop_assert!(judge(&text, &records, now).is_err());
    }
}
