//! What every page has: the site, who looks, the freeze, and what needs a person.

use serde::Serialize;

use super::shown::{Clocks, When};
use crate::access::{Ownership, Person, Role, Rule, Way, allows, ownership};
use crate::facts::{Freeze, InstanceFacts};
use crate::report::{FleetView, words};
use crate::web::door::LOGOUT;

/// The site.
#[derive(Debug, Clone, Serialize)]
pub struct Site {
    /// The program's version.
    pub version: &'static str,
    /// A digest of the assets, so that a browser keeps them until they change.
    pub stamp: String,
    /// Where people reach it.
    pub public_url: String,
    /// True in the demo.
    pub demo: bool,
}

/// Which page.
#[derive(Debug, Clone, Serialize)]
pub struct PageName {
    /// Its name, which templates and styles know.
    pub name: &'static str,
    /// Its title.
    pub title: String,
}

/// What whoever looks may do to everything.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Can {
    /// Freeze, and lift.
    pub freeze: bool,
    /// Ask for a sweep.
    pub sweep: bool,
    /// Acknowledge a policy.
    pub acknowledge: bool,
}

/// Whoever looks.
#[derive(Debug, Clone, Serialize)]
pub struct Me {
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Whether they signed in.
    pub signed_in: bool,
    /// Where a POST ends the session.
    pub sign_out: Option<&'static str>,
    /// What they may do.
    pub can: Can,
}

impl Me {
    /// Of somebody.
    #[must_use]
    pub fn of(person: &Person) -> Self {
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
pub struct Frozen {
    /// By whom, where the reason says so.
    pub by: Option<String>,
    /// Since when.
    pub since: Option<When>,
    /// Why.
    pub reason: String,
}

/// Something that needs a person, or that people should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Banner {
    /// `trouble`, `soon` or `news`.
    pub tone: &'static str,
    /// What.
    pub text: String,
    /// What to do.
    pub remedy: Option<String>,
    /// Where to look.
    pub href: Option<&'static str>,
}

/// What every page has.
#[derive(Debug, Clone, Serialize)]
pub struct Common {
    /// The site.
    pub site: Site,
    /// Which page.
    pub page: PageName,
    /// When it was rendered.
    pub now: When,
    /// Whoever looks; none on pages that ask nobody.
    pub me: Option<Me>,
    /// Frozen?
    pub freeze: Option<Frozen>,
    /// What needs a person.
    pub banners: Vec<Banner>,
}

impl Common {
    /// Of a page that shows the fleet to somebody.
    #[must_use]
    pub fn of(site: &Site, page: PageName, (view, person): (&FleetView, &Person), clocks: &Clocks) -> Self {
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
    pub fn plain(site: &Site, page: PageName, clocks: &Clocks) -> Self {
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
pub struct RowCan {
    /// Hold it.
    pub hold: bool,
    /// Stop it now.
    pub stop: bool,
    /// Start it.
    pub start: bool,
}

/// The names by which an instance's owner may be known.
pub fn owners_of(facts: &InstanceFacts) -> impl Iterator<Item = &str> {
    // whoever it was made for owns it, and then its maker does not
    let owner = &*facts.owner;
    let maker = owner.assigned_id.is_none() || owner.assigned_id == owner.user_id;
    let own = [owner.user_name.as_deref(), owner.user_id.as_deref()].into_iter().filter(move |_| maker);
    own.chain([owner.assigned_id.as_deref()]).flatten()
}

/// Whether somebody may act on an instance as its owner, or for it.
#[must_use]
pub fn may_act(person: &Person, facts: &InstanceFacts) -> bool {
    allows(Rule::Own, Some(person), ownership(person, owners_of(facts))).is_ok()
}
