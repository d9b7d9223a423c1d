//! The body of a new instance, equal member by member to what Microsoft's azure-ai-ml was recorded sending for the same wish.

use serde_json::Value;

use super::*;
use crate::facts::NewOwner;
use crate::units::{InstanceId, Region, WorkspaceId};

macro_rules! recorded {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../tests/fixtures/microsoft/create_", $name, ".json")))
            .unwrap()
    };
}

const SUBNET: &str = "/subscriptions/5a4d0000-0000-4000-8000-000000000001/resourceGroups/rg-vision/providers/Microsoft.Network/virtualNetworks/vnet-ml/subnets/notebooks";
const IDENTITY: &str = "/subscriptions/5a4d0000-0000-4000-8000-000000000001/resourceGroups/rg-vision/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-notebooks";
const KEY: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDsandbox ana@contoso.example";

/// What the two may differ in: words in another case; a schedule's first day and a second minute, which are not offered here;
/// custom applications, neither; and a timeout of `Nonem`, which azure-ai-ml writes where none was asked for.
fn evened(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("startTime");
            map.remove("customServices");
            map.retain(|name, inner| !(name == "timeout" && *inner == "Nonem"));
            for (name, inner) in map.iter_mut() {
                if ["frequency", "weekDays", "vmSize"].contains(&name.as_str()) {
                    *inner = serde_json::from_str(&inner.to_string().to_lowercase()).unwrap();
                }
                if name == "minutes" && *inner == serde_json::json!([0, 30]) {
                    *inner = serde_json::json!([30]);
                }
                evened(inner);
            }
        }
        Value::Array(all) => all.iter_mut().for_each(evened),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn plain() -> NewInstance {
    let id = InstanceId::new(WorkspaceId::new("s", "g", "w").unwrap(), "ci-a").unwrap();
    NewInstance::plain(id, Region::new("spaincentral"), "Standard_DS3_v2")
}

fn with(change: impl FnOnce(&mut NewInstance)) -> NewInstance {
    let mut new = plain();
    change(&mut new);
    new
}

fn owner() -> Option<NewOwner> {
    let (object_id, tenant_id) = ("0b1ec700-0000-4000-8000-00000000f00d", "5a4d0000-0000-4000-8000-00000000d3e0");
    Some(NewOwner { object_id: object_id.to_owned(), tenant_id: tenant_id.to_owned() })
}

fn cron() -> NewSchedule {
    let zone = "Romance Standard Time".to_owned();
    NewSchedule { starts: false, times: NewTimes::Cron("0 19 * * 1-5".to_owned()), zone }
}

fn weekly() -> NewSchedule {
    let times = NewTimes::Weekly { days: vec!["Monday".to_owned(), "Friday".to_owned()], hour: 8, minute: 30 };
    NewSchedule { starts: true, times, zone: "Romance Standard Time".to_owned() }
}

fn shared(new: &mut NewInstance) {
    let at = |path: &str| ScriptPlace::Share(path.to_owned());
    let (arguments, timeout) = (Some("one two".to_owned()), Some(Span::minutes(20)));
    new.creation = Some(NewScript { place: at("Users/ana/creation.sh"), arguments, timeout });
    new.startup = Some(NewScript { place: at("Users/ana/startup.sh"), arguments: None, timeout: None });
}

#[test]
fn each_wish_is_sent_as_microsofts_client_sends_it() {
    let full = with(|new| {
        shared(new);
        new.description = Some("everything that an administrator can choose".to_owned());
        new.owner = owner();
        new.public_ip = false;
        new.subnet = Some(SUBNET.to_owned());
        new.idle_shutdown = Some(Span::minutes(120));
        new.schedules = vec![cron(), weekly()];
        new.ssh = NewSsh::On(KEY.to_owned());
        new.identity = NewIdentity::Assigned(vec![IDENTITY.to_owned()]);
        new.tags = [("cost-center", "4711"), ("team", "vision")].map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec();
    });
    let apart = with(|new| {
        new.public_ip = false;
        new.subnet = Some(SUBNET.to_owned());
    });
    let cases = [
        (recorded!("minimal"), plain()),
        (recorded!("idle"), with(|new| new.idle_shutdown = Some(Span::minutes(45)))),
        (recorded!("no_public_ip"), apart),
        (recorded!("on_behalf_of"), with(|new| new.owner = owner())),
        (recorded!("schedules_cron"), with(|new| new.schedules = vec![cron()])),
        (recorded!("schedules_recurrence"), with(|new| new.schedules = vec![weekly()])),
        (recorded!("setup_scripts_share"), with(shared)),
        (recorded!("ssh"), with(|new| new.ssh = NewSsh::On(KEY.to_owned()))),
        (recorded!("identity_system"), with(|new| new.identity = NewIdentity::System)),
        (recorded!("identity_user"), with(|new| new.identity = NewIdentity::Assigned(vec![IDENTITY.to_owned()]))),
        (recorded!("full"), full),
    ];
    for (mut theirs, new) in cases {
        let mut ours = body(&new);
        evened(&mut theirs);
        evened(&mut ours);
        assert_eq!(ours, theirs);
    }
}

#[test]
fn an_inline_script_is_sent_as_it_was_recorded() {
    let theirs = recorded!("setup_scripts_inline");
    let inline = |text: &str| ScriptPlace::Inline(text.to_owned());
    let ours = body(&with(|new| {
        let (arguments, timeout) = (Some("world".to_owned()), Some(Span::minutes(20)));
        new.creation = Some(NewScript { place: inline("IyEvYmluL2Jhc2gKZWNobyBoZWxsbyAkMQo="), arguments, timeout });
        new.startup = Some(NewScript { place: inline("ZWNobyB1cAo="), arguments: None, timeout: None });
    }));
    let scripts = "/properties/properties/setupScripts";
    assert_eq!(ours.pointer(scripts), theirs.pointer(scripts));
    assert!(ours.pointer(scripts).is_some());
}
