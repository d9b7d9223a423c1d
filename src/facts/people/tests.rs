//! Tests of whom a message goes to.

use super::*;
use crate::facts::{Created, NativeTimers, Owner, PowerState, Reading};
use crate::units::{InstanceId, Region, WorkspaceId};

const ID: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/ci-a";
const EVE: &str = "0f5c1d2e-0000-4000-8000-00000000000e";
const BOB: &str = "0f5c1d2e-0000-4000-8000-00000000000b";

fn tags(pairs: &[(&str, &str)]) -> Tags {
    Tags(pairs.iter().map(|(name, value)| (Arc::from(*name), Arc::from(*value))).collect())
}

fn facts(owner: Owner, pairs: &[(&str, &str)]) -> InstanceFacts {
    InstanceFacts {
        id: InstanceId::parse(ID).unwrap(),
        created: Created::NONE,
        state: PowerState::Running,
        size: "STANDARD_DS3_V2".into(),
        region: Region::new("westeurope"),
        owner: Arc::new(owner),
        tags: Reading::Known { value: tags(pairs), as_of: jiff::Timestamp::UNIX_EPOCH.into() },
        last_operation: Reading::Unknown(crate::facts::Unknown::Missing),
        native: Arc::new(NativeTimers::default()),
        observed_at: jiff::Timestamp::UNIX_EPOCH,
        oddities: thin_vec::ThinVec::new(),
    }
}

fn by(name: Option<&str>, id: Option<&str>, assigned: Option<&str>) -> Owner {
    Owner { user_name: name.map(Into::into), user_id: id.map(Into::into), assigned_id: assigned.map(Into::into) }
}

fn directory() -> Directory {
    let addresses = [(EVE, "eve@example.org"), ("ada.l", "ada@example.org")];
    Directory {
        addresses: addresses.map(|(name, address)| (name.to_owned(), address.to_owned())).into(),
        contacts: [("w".to_owned(), vec!["ops@example.org".to_owned()])].into(),
        ..Directory::default()
    }
}

fn address(owner: Owner, pairs: &[(&str, &str)]) -> Option<String> {
    Addressing::default().owner(&facts(owner, pairs), &directory()).map(str::to_owned)
}

#[test]
fn what_was_written_for_the_purpose_comes_first() {
    let carl = || by(Some("carl@example.org"), Some(BOB), None);
    assert_eq!(address(carl(), &[]).as_deref(), Some("carl@example.org"));
    assert_eq!(address(carl(), &[("Owner", " dan@example.org ")]).as_deref(), Some("dan@example.org"));
    assert_eq!(address(carl(), &[("owner", "Ada.L")]).as_deref(), Some("ada@example.org"), "a name in the file");
    assert_eq!(address(carl(), &[("owner", "the lab")]).as_deref(), Some("carl@example.org"), "no address, no name");
    assert_eq!(address(by(Some("Ada.L"), None, None), &[]).as_deref(), Some("ada@example.org"));
    assert_eq!(address(by(None, Some(&EVE.to_uppercase()), None), &[]).as_deref(), Some("eve@example.org"));
}

#[test]
fn nobody_is_told_in_anothers_place() {
    let for_eve = by(Some("carl@example.org"), Some(BOB), Some(EVE));
    assert_eq!(address(for_eve, &[]).as_deref(), Some("eve@example.org"));
    let for_nobody_known = by(Some("carl@example.org"), Some(EVE), Some(BOB));
    assert_eq!(address(for_nobody_known, &[]), None, "not the creator, by name or by id");
    let for_himself = by(Some("carl@example.org"), Some(BOB), Some(BOB));
    assert_eq!(address(for_himself, &[]).as_deref(), Some("carl@example.org"));
    assert_eq!(address(by(None, None, None), &[]), None);
    assert_eq!(address(by(Some("ada_example.org#EXT#@t.onmicrosoft.com"), None, None), &[]), None);
}

#[test]
fn the_order_is_the_operators() {
    let rule = Addressing { order: vec![AddressSource::Creator], ..Addressing::default() };
    let tagged = facts(by(Some("carl@example.org"), None, None), &[("owner", "dan@example.org")]);
    assert_eq!(rule.owner(&tagged, &directory()), Some("carl@example.org"));
    let other = Addressing { owner_tag: "contact-person".into(), ..Addressing::default() };
    assert_eq!(other.owner(&tagged, &directory()), Some("carl@example.org"));
}

#[test]
fn a_workspace_names_its_people_in_its_tag_or_the_file() {
    let workspace = |pairs: &[(&str, &str)]| WorkspaceFacts {
        id: WorkspaceId::new("s", "g", "W").unwrap(),
        region: Region::new("westeurope"),
        tags: tags(pairs),
    };
    let told = |pairs: &[(&str, &str)]| Addressing::default().contacts(&workspace(pairs), &directory());
    assert_eq!(told(&[]), ["ops@example.org"]);
    assert_eq!(told(&[("contact", "a@example.org; b@example.org,nobody")]), ["a@example.org", "b@example.org"]);
    assert_eq!(told(&[("contact", "the lab")]), ["ops@example.org"]);
}
