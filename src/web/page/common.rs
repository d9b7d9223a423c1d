//! What every page has: the site, who looks, the freeze, and what needs a person.

use serde::Serialize;

use super::shown::{Clocks, When};
use crate::access::{Ownership, Person, Role, Rule, Way, allows, ownership};
use crate::facts::{Freeze, InstanceFacts};
use crate::report::{FleetView, words};
use crate::web::door::LOGOUT;

/// The site.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct Site {
    /// The program's version.
    pub(in crate::web) version: &'static str,
    /// A digest of the assets, so that a browser keeps them until they change.
    pub(in crate::web) stamp: String,
    /// Where people reach it.
    pub(in crate::web) public_url: String,
    /// True in the demo.
    pub(in crate::web) demo: bool,
}

/// Which page.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct PageName {
    /// Its name, which templates and styles know.
    pub(in crate::web) name: &'static str,
    /// Its title.
    pub(in crate::web) title: String,
}

/// What whoever looks may do to everything.
#[derive(Debug, Clone, Copy, Serialize)]
pub(in crate::web) struct Can {
    /// Freeze, and lift.
    pub(in crate::web) freeze: bool,
    /// Ask for a sweep.
    pub(in crate::web) sweep: bool,
    /// Acknowledge a policy.
    pub(in crate::web) acknowledge: bool,
}

/// Whoever looks.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct Me {
    /// Their name.
    pub(in crate::web) name: String,
    /// Their role.
    pub(in crate::web) role: Role,
    /// Whether they signed in.
    pub(in crate::web) signed_in: bool,
    /// Where a POST ends the session.
    pub(in crate::web) sign_out: Option<&'static str>,
    /// What they may do.
    pub(in crate::web) can: Can,
}

impl Me {
    /// Of somebody.
    #[must_use]
    pub(in crate::web) fn of(person: &Person) -> Self {
        let may = |rule| allows(rule, Some(person), Ownership::NotKnownYet).is_ok();
        Self {
            name: words::clean(&person.name),
            role: person.role,
            signed_in: person.way != Way::Loopback,
            sign_out: (person.way == Way::Session).then_some(LOGOUT),
            can: Can { freeze: may(Rule::Administer), sweep: may(Rule::Operate), acknowledge: may(Rule::Administer) },
        }
    }
}

/// Everything frozen.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct Frozen {
    /// By whom, where the reason says so.
    pub(in crate::web) by: Option<String>,
    /// Since when.
    pub(in crate::web) since: Option<When>,
    /// Why.
    pub(in crate::web) reason: String,
}

/// Something that needs a person, or that people should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::web) struct Banner {
    /// `trouble`, `soon` or `news`.
    pub(in crate::web) tone: &'static str,
    /// What.
    pub(in crate::web) text: String,
    /// What to do.
    pub(in crate::web) remedy: Option<String>,
    /// Where to look.
    pub(in crate::web) href: Option<&'static str>,
}

/// What every page has.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct Common {
    /// The site.
    pub(in crate::web) site: Site,
    /// Which page.
    pub(in crate::web) page: PageName,
    /// When it was rendered.
    pub(in crate::web) now: When,
    /// Whoever looks; none on pages that ask nobody.
    pub(in crate::web) me: Option<Me>,
    /// Frozen?
    pub(in crate::web) freeze: Option<Frozen>,
    /// What needs a person.
    pub(in crate::web) banners: Vec<Banner>,
}

impl Common {
    /// Of a page that shows the fleet to somebody.
    #[must_use]
    pub(in crate::web) fn of(
        site: &Site,
        page: PageName,
        (view, person): (&FleetView, &Person),
        clocks: &Clocks,
    ) -> Self {
        let frozen = |reason: &str| Frozen { by: None, since: None, reason: words::clean(reason) };
        let freeze = match &view.freeze {
            Freeze::Off => None,
            Freeze::On(why) | Freeze::Unreadable(why) => Some(frozen(why)),
        };
        let (site, me) = (site.clone(), Some(Me::of(person)));
        Self { site, page, now: clocks.when(clocks.now), me, freeze, banners: banners(view) }
    }

    /// Of a page that shows nothing of the fleet.
    #[must_use]
    pub(in crate::web) fn plain(site: &Site, page: PageName, clocks: &Clocks) -> Self {
        let site = site.clone();
        Self { site, page, now: clocks.when(clocks.now), me: None, freeze: None, banners: Vec::new() }
    }
}

fn trouble(text: impl Into<String>, remedy: Option<String>) -> Banner {
    Banner { tone: "trouble", text: text.into(), remedy, href: Some("/operations") }
}

/// The worst first; at most a few, since the page of operations has all of them.
fn banners(view: &FleetView) -> Vec<Banner> {
    let mut all = Vec::new();
    if let Err(problem) = &view.reload {
        all.push(trouble(words::clean(problem), None));
    }
    if let Some(why) = &view.sight.clock_trouble {
        all.push(trouble(format!("nothing is stopped until clocks agree: {}", words::clean(why)), None));
    }
    if let Some(Err(broken)) = view.money.followed.as_ref().map(|followed| &followed.found) {
        all.push(trouble(
            format!("the ledger was changed by something else than this service: {}", words::clean(broken)),
            None,
        ));
    }
    let failing = view.telling.channels.iter().filter(|channel| channel.failures > 0);
    all.extend(failing.map(|channel| {
        let text = format!("channel {} failed {} times in a row", channel.name, channel.failures);
        trouble(text, Some(words::clean(&channel.why)))
    }));
    let unread: Vec<_> = view.workspaces.values().filter_map(|place| Some((place, place.fault.as_ref()?))).collect();
    match unread.as_slice() {
        [] => {}
        [(place, why)] => {
            all.push(trouble(format!("workspace {}: {}", words::clean(place.id.name()), words::clean(why)), None))
        }
        several => all.push(trouble(format!("{} workspaces could not be read", several.len()), None)),
    }
    let overdue =
        || view.workspaces.values().flat_map(|place| &place.instances).filter(|one| !one.overdue_since.is_none());
    match overdue().count() {
        0 => {}
        1 => all.push(late("1 instance should be off and is on")),
        several => all.push(late(&format!("{several} instances should be off and are on"))),
    }
    let canaries = view.policies.iter().filter(|policy| policy.canary_until.is_some());
    all.extend(canaries.map(|policy| Banner {
        tone: "soon",
        text: format!("policy {} changed lately and acts on a share of the fleet only", policy.id),
        remedy: Some("acknowledge it to let it act on all".to_owned()),
        href: Some("/operations"),
    }));
    all.truncate(6);
    all
}

fn late(text: &str) -> Banner {
    Banner { tone: "soon", text: text.to_owned(), remedy: None, href: Some("/?sort=next") }
}

/// What somebody may do to an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(in crate::web) struct RowCan {
    /// Hold it.
    pub(in crate::web) hold: bool,
    /// Stop it now.
    pub(in crate::web) stop: bool,
    /// Start it now.
    pub(in crate::web) start: bool,
    /// Keep it off when its hours begin.
    pub(in crate::web) keep_off: bool,
}

/// The names by which an instance's owner may be known.
pub(in crate::web) fn owners_of(facts: &InstanceFacts) -> impl Iterator<Item = &str> {
    // whoever it was made for owns it, and then its maker does not
    let owner = &*facts.owner;
    let maker = owner.assigned_id.is_none() || owner.assigned_id == owner.user_id;
    let own = [owner.user_name.as_deref(), owner.user_id.as_deref()].into_iter().filter(move |_| maker);
    own.chain([owner.assigned_id.as_deref()]).flatten()
}

/// Whether somebody may hold an instance, or stop it: as its owner, or for it.
#[must_use]
pub(in crate::web) fn may_act(person: &Person, facts: &InstanceFacts, rule: Rule) -> bool {
    allows(rule, Some(person), ownership(person, owners_of(facts))).is_ok()
}
