//! The demo's estate: three workspaces in three time zones, about forty machines and the people who use them.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::world::{
    InstanceSpec, LIVED_IN, Limits, NativeAction, NativeSchedule, OtherCompute, Owner, ScheduleStyle, Scripts, State,
    WorkspaceSpec, WorldSpec, mix, stream,
};
use super::cast::Role;
use super::prices::list_prices;

/// The tenant of the demo.
pub const DEMO_TENANT: &str = "5a4d0000-0000-4000-8000-00000000d3e0";

/// The subscriptions of the demo: two workspaces in the first, one in the second.
pub const DEMO_SUBSCRIPTIONS: [&str; 2] =
    ["5a4d0000-0000-4000-8000-000000000001", "5a4d0000-0000-4000-8000-000000000002"];

/// A workspace of the demo before its machines are made.
struct Place {
    name: &'static str,
    subscription: &'static str,
    resource_group: &'static str,
    region: &'static str,
    location: &'static str,
    zone: &'static str,
    windows_zone: &'static str,
    team: &'static str,
    people: &'static [(&'static str, Role, &'static str)],
}

const DS3: &str = "Standard_DS3_v2";
const D13: &str = "Standard_D13_v2";
const E8: &str = "Standard_E8s_v3";
const V100: &str = "Standard_NC6s_v3";
const A100: &str = "Standard_NC24ads_A100_v4";
const T4: &str = "Standard_NC4as_T4_v3";

const MADRID: Place = Place {
    name: "vision-madrid",
    subscription: DEMO_SUBSCRIPTIONS[0],
    resource_group: "rg-vision",
    region: "spaincentral",
    location: "spaincentral",
    zone: "Europe/Madrid",
    windows_zone: "Romance Standard Time",
    team: "vision",
    people: &[
        ("lucia", Role::Analyst, DS3),
        ("mateo", Role::Trainer, V100),
        ("carmen", Role::Tidy, DS3),
        ("javier", Role::Careless, D13),
        ("elena", Role::Owl, T4),
        ("pablo", Role::Analyst, DS3),
        ("sofia", Role::Tinkerer, V100),
        ("diego", Role::Trainer, A100),
        ("marta", Role::Analyst, E8),
        ("hugo", Role::Careless, V100),
        ("irene", Role::Analyst, DS3),
        ("bruno", Role::Tidy, D13),
        ("nuria", Role::Analyst, T4),
        ("alvaro", Role::Careless, DS3),
    ],
};

const NEW_YORK: Place = Place {
    name: "nlp-newyork",
    subscription: DEMO_SUBSCRIPTIONS[0],
    resource_group: "RG-Language",
    region: "eastus2",
    location: "east us 2",
    zone: "America/New_York",
    windows_zone: "Eastern Standard Time",
    team: "language",
    people: &[
        ("olivia", Role::Analyst, DS3),
        ("ethan", Role::Trainer, A100),
        ("grace", Role::Owl, V100),
        ("noah", Role::Careless, D13),
        ("ruth", Role::Tidy, DS3),
        ("caleb", Role::Tinkerer, A100),
        ("hazel", Role::Analyst, E8),
        ("isaac", Role::Trainer, V100),
        ("nora", Role::Analyst, DS3),
        ("owen", Role::Careless, T4),
        ("stella", Role::Analyst, D13),
        ("jonah", Role::Tinkerer, V100),
        ("miles", Role::Analyst, DS3),
    ],
};

const TOKYO: Place = Place {
    name: "robotics-tokyo",
    subscription: DEMO_SUBSCRIPTIONS[1],
    resource_group: "rg-robotics",
    region: "japaneast",
    location: "japaneast",
    zone: "Asia/Tokyo",
    windows_zone: "Tokyo Standard Time",
    team: "robotics",
    people: &[
        ("haruto", Role::Trainer, V100),
        ("yui", Role::Analyst, DS3),
        ("sota", Role::Owl, D13),
        ("hina", Role::Tidy, DS3),
        ("ren", Role::Careless, A100),
        ("aoi", Role::Analyst, DS3),
        ("kaito", Role::Tinkerer, T4),
        ("mei", Role::Analyst, E8),
        ("riku", Role::Trainer, A100),
        ("sakura", Role::Careless, DS3),
        ("daiki", Role::Analyst, D13),
        ("emi", Role::Tinkerer, V100),
        ("jun", Role::Analyst, DS3),
    ],
};

/// The demo's world, beginning at `start`.
pub fn demo(seed: u64, start: Timestamp) -> WorldSpec {
    let mut workspaces: Vec<_> =
        [&MADRID, &NEW_YORK, &TOKYO].into_iter().map(|place| workspace(place, seed, start)).collect();
    if let Some(first) = workspaces.first_mut() {
        first.others.push(OtherCompute { name: "cpu-cluster".into(), compute_type: "AmlCompute".into() });
        fill_a_disk(first, start);
    }
    if let Some(last) = workspaces.last_mut() {
        last.others.push(OtherCompute { name: "k8s-shared".into(), compute_type: "Kubernetes".into() });
    }
    let (tenant, prices, limits) = (DEMO_TENANT.into(), list_prices(), Limits::usual());
    WorldSpec { seed, start, warm_up: LIVED_IN, tenant, prices, limits, workspaces }
}

fn workspace(place: &Place, seed: u64, start: Timestamp) -> WorkspaceSpec {
    let mut instances: Vec<_> = place.people.iter().map(|person| machine(place, person, seed, start)).collect();
    dress(place, &mut instances);
    WorkspaceSpec {
        subscription: place.subscription.into(),
        resource_group: place.resource_group.into(),
        name: place.name.into(),
        region: place.region.into(),
        location: place.location.into(),
        tags: vec![("team".into(), place.team.into()), ("env".into(), "research".into())],
        instances,
        others: Vec::new(),
    }
}

fn machine(place: &Place, (person, role, size): &(&str, Role, &str), seed: u64, start: Timestamp) -> InstanceSpec {
    let name = format!("ci-{person}");
    let mut rng = stream(seed, &["machine", place.name, &name]);
    let age = SignedDuration::from_mins(rng.i64(40_000..600_000))
        .saturating_add(SignedDuration::new(rng.i64(0..60), rng.i32(0..9_999_999).saturating_mul(100)));
    let object_id = object_id(mix(0, &["person", place.name, person]));
    InstanceSpec {
        habits: Some(role.habits(seed, &name, place.zone)),
        name,
        vm_size: (*size).to_owned(),
        tags: vec![("team".into(), place.team.into())],
        owner: Some(Owner { user_name: Some(format!("{person}@contoso.example")), object_id, assigned_to: None }),
        idle_minutes: None,
        identity: false,
        custom_services: Vec::new(),
        schedules: Vec::new(),
        disk_fills_at: None,
        state: State::Stopped,
        created_on: start.checked_sub(age).unwrap_or(start),
        scripts: Scripts::default(),
        asked: None,
    }
}

/// What makes single machines special: no owner name, made for someone else, an opt-out tag, Azure's own timer and schedules,
/// and what keeps such a timer from working.
fn dress(place: &Place, instances: &mut [InstanceSpec]) {
    for (position, instance) in instances.iter_mut().enumerate() {
        match position {
            2 => instance.schedules.push(schedule(place, NativeAction::Stop, ScheduleStyle::Cron, 19)),
            // these have no timer: what they do hangs on neither
            4 => instance.custom_services.push("label-studio".into()),
            5 => instance.idle_minutes = Some(120),
            6 => instance.identity = true,
            8 => {
                if let Some(owner) = &mut instance.owner {
                    owner.assigned_to = Some(std::mem::replace(&mut owner.object_id, object_id(7)));
                    owner.user_name = Some("platform-admin@contoso.example".into());
                }
            }
            9 => instance.tags.push(("lightsout-keep".into(), "true".into())),
            10 => {
                if let Some(owner) = &mut instance.owner {
                    owner.user_name = None;
                }
            }
            11 => {
                instance.schedules.push(schedule(place, NativeAction::Start, ScheduleStyle::Recurrence, 8));
                instance.schedules.push(schedule(place, NativeAction::Stop, ScheduleStyle::Recurrence, 21));
            }
            12 => instance.idle_minutes = Some(60),
            _ => {}
        }
    }
}

fn schedule(place: &Place, action: NativeAction, style: ScheduleStyle, hour: i8) -> NativeSchedule {
    NativeSchedule {
        action,
        style,
        hour,
        minute: 30,
        weekdays: vec![1, 2, 3, 4, 5],
        windows_zone: place.windows_zone.into(),
        zone: place.zone.into(),
        enabled: true,
    }
}

/// The machine of a person who never stops it fills its disk in the afternoon of the second workday, so that the evening's
/// stop is refused until the owner has made room.
fn fill_a_disk(workspace: &mut WorkspaceSpec, start: Timestamp) {
    let Some(instance) = workspace.instances.iter_mut().find(|instance| instance.name == "ci-javier") else {
        return;
    };
    let Ok(zone) = TimeZone::get(MADRID.zone) else {
        return;
    };
    let mut date = start.to_zoned(zone.clone()).date();
    let mut workdays = 0;
    for _ in 0..7 {
        workdays += i32::from(!matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday));
        if workdays == 2 {
            break;
        }
        date = date.tomorrow().unwrap_or(date);
    }
    instance.disk_fills_at = date.at(19, 10, 0, 0).to_zoned(zone).ok().map(|at| at.timestamp());
}

fn object_id(number: u64) -> String {
    let digits = format!("{number:016x}");
    format!("0b1ec700-0000-4000-{}-{}", digits.get(0..4).unwrap_or("8000"), digits.get(4..16).unwrap_or("000000000000"))
}
