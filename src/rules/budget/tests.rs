//! The budget rule as a table: what is known, whom the allowance is for, and when a run is over it.

use std::collections::BTreeMap;

use thin_vec::ThinVec;

use super::*;
use crate::facts::{Owner, PowerState, Reading, Tags, Unknown};
use crate::units::{Currency, InstanceId, Money, Region};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn facts(owner: Option<&str>, team: Option<&str>) -> InstanceFacts {
    let workspace = WorkspaceId::new("s", "g", "ws-a").unwrap();
    let tags = team.map(|team| ("Team".into(), team.into())).into_iter().collect();
    InstanceFacts {
        id: InstanceId::new(workspace, "ci-a").unwrap(),
        created: When::NONE,
        state: PowerState::Running,
        size: "STANDARD_DS3_V2".into(),
        region: Region::new("westeurope"),
        owner: Arc::new(Owner { user_name: owner.map(Into::into), ..Owner::default() }),
        tags: Reading::Known { value: Tags(tags), as_of: When::NONE },
        last_operation: Reading::Unknown(Unknown::Missing),
        native: Arc::default(),
        observed_at: at("2026-11-20T10:00:00Z"),
        oddities: ThinVec::new(),
    }
}

fn rule(per: Per, at_limit: AtLimit) -> BudgetRule {
    let monthly = Money::parse("2000", Currency::USD).unwrap();
    BudgetRule { monthly, per, zone: jiff::tz::TimeZone::UTC, warn_at: vec![100], at_limit }
}

fn spending(used_up_at: Option<&str>) -> Spending {
    let standing = Standing { used_up_at: used_up_at.map(at).into(), left: None, words: "it stands so".into() };
    Spending {
        month: "2026-11".into(),
        within: (at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z")),
        workspaces: BTreeMap::from([(WorkspaceId::new("S", "G", "WS-A").unwrap(), standing.clone())]),
        names: BTreeMap::from([("ml".into(), standing.clone()), ("ana@example.com".into(), standing)]),
        teams: Teams {
            tag: "team".into(),
            owners: Arc::default(),
            workspaces: BTreeMap::from([(WorkspaceId::new("s", "g", "ws-a").unwrap(), Tags::default())]),
        },
    }
}

const START: &str = "2026-11-18T07:00:00Z";
const USED_UP: Option<&str> = Some("2026-11-19T12:00:00Z");

/// What the rule finds: its ground and words, the due instant and the key of its stop.
fn found(
    rule: &BudgetRule,
    spending: Option<&Spending>,
    facts: &InstanceFacts,
    (start, now): (&str, &str),
) -> [String; 2] {
    let (start, now) = (RunStart::By(at(start)), at(now));
    let (finding, candidate) = budget(&BudgetQuestion { rule, spending, policy: "lab", facts, start, now });
    let due = candidate.map_or_else(String::new, |one| format!("{} {}", one.due_at, one.key().0));
    [format!("{}: {}", finding.ground.label(), finding.words), due]
}

#[test]
fn a_run_is_over_the_limit_since_the_mark_or_since_its_start() {
    let (stop, facts) = (rule(Per::Workspace, AtLimit::Stop), facts(None, None));
    let now = "2026-11-20T10:00:00Z";
    let over = found(&stop, Some(&spending(USED_UP)), &facts, (START, now));
    let key = "budget/lab/2026-11/2026-11-18T07:00:00Z";
    assert_eq!(over, ["over_budget: it stands so".to_owned(), format!("2026-11-19T12:00:00Z {key}")]);
    let again = "2026-11-20T09:50:00Z";
    let [_, due] = found(&stop, Some(&spending(USED_UP)), &facts, (again, now));
    assert_eq!(due, format!("{again} budget/lab/2026-11/{again}"), "a start after it is no way around it");
}

#[test]
fn what_is_not_known_or_not_used_up_stops_nothing() {
    let (inside, before, after) = ("2026-11-20T10:00:00Z", "2026-10-31T23:59:59Z", "2026-12-01T00:00:00Z");
    let known = Some(spending(USED_UP));
    let table = [
        (AtLimit::Stop, Some(spending(None)), inside, "it stands so"),
        (AtLimit::Warn, known.clone(), inside, "it stands so"),
        (AtLimit::Stop, None, inside, "nobody knows what was spent this month"),
        (AtLimit::Stop, known.clone(), before, "nobody has added up yet"),
        (AtLimit::Stop, known, after, "nobody has added up yet"),
    ];
    for (at_limit, spending, now, words) in table {
        let [finding, due] =
            found(&rule(Per::Workspace, at_limit), spending.as_ref(), &facts(None, None), (START, now));
        assert!(finding.starts_with(&format!("not_due: {words}")), "{now}: {finding}");
        assert_eq!(due, "", "{now}");
    }
}

#[test]
fn an_allowance_is_found_by_workspace_team_or_owner() {
    let now = "2026-11-20T10:00:00Z";
    let table = [
        (Per::Workspace, None, None, "over_budget"),
        (Per::Team, None, Some("ml"), "over_budget"),
        (Per::Team, None, Some("ML"), "not_due: nothing is spent"),
        (Per::Team, None, None, "not_due: nobody knows its team"),
        (Per::Owner, Some("Ana@Example.com"), None, "over_budget"),
        (Per::Owner, Some("ben@example.com"), None, "not_due: nothing is spent"),
        (Per::Owner, None, None, "not_due: nobody knows whose it is"),
    ];
    for (per, owner, team, wanted) in table {
        let facts = facts(owner, team);
        let [finding, _] = found(&rule(per, AtLimit::Stop), Some(&spending(USED_UP)), &facts, (START, now));
        assert!(finding.starts_with(wanted), "{per:?} {owner:?} {team:?}: {finding}");
    }
}

#[test]
fn a_run_without_a_known_start_is_left_alone() {
    let (rule, facts, spending) = (rule(Per::Workspace, AtLimit::Stop), facts(None, None), spending(USED_UP));
    let (policy, start, now) = ("lab", RunStart::Unknown, at("2026-11-20T10:00:00Z"));
    let question = BudgetQuestion { rule: &rule, spending: Some(&spending), policy, facts: &facts, start, now };
    let (finding, candidate) = budget(&question);
    assert_eq!((finding.ground, candidate), (Ground::NotDue, None));
}
