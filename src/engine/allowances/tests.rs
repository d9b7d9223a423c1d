//! Allowances reckoned by hand: who is who, which levels are news, and what a clock that is not trusted keeps back.

use jiff::tz::TimeZone;

use super::*;
use crate::facts::SourceSet;
use crate::policy::{SourceText, Sources, parse};
use crate::units::{Currency, Money, Rate};

fn policy(budget: &str) -> Arc<Policy> {
    let text =
        format!("name = \"Lab\"\nmode = \"enforce\"\nscope.workspaces = [\"*\"]\n[budget]\nzone = \"UTC\"\n{budget}\n");
    let policies = [SourceText { file: "lab.toml".into(), text }];
    let calendars = BTreeMap::new();
    let sources =
        Sources { defaults: None, policies: &policies, calendars: &calendars, channels: 1, sources: SourceSet::NONE };
    parse(&sources).set.policies.first().unwrap().clone()
}

fn workspace(group: &str, name: &str) -> WorkspaceId {
    WorkspaceId::new("S", group, name).unwrap()
}

fn now() -> Timestamp {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

/// An hour at that price.
fn spent(workspace: &WorkspaceId, amount: &str) -> Spent {
    let rate = Some(Rate::parse(amount, Currency::USD).unwrap());
    Spent { workspace: workspace.clone(), team: None, owner: None, day: 20_777, rate, seconds: 3_600 }
}

fn figures(spent: Vec<Spent>, marks: Vec<BudgetMark>) -> Figures {
    let month = Month::at(now(), &TimeZone::UTC).unwrap();
    Figures { now: now(), trusted: true, spent: [(month.seconds(), spent)].into(), marks, ..Figures::default() }
}

fn reckoned(policy: &Policy, figures: &Figures) -> Reckoned {
    let rule = policy.terms.budget.clone().unwrap();
    let month = Month::at(figures.now, &rule.zone).unwrap();
    reckon((policy, &rule, &month), figures, &[], |_| true)
}

/// Levels that are reached for the first time, and those of them that people are told of.
fn levels(reckoned: &Reckoned) -> (Vec<u32>, Vec<u32>) {
    let all = reckoned.reached.iter().map(|(mark, _)| mark.level).collect();
    let told = reckoned.reached.iter().filter(|(_, message)| message.is_some()).map(|(mark, _)| mark.level).collect();
    (all, told)
}

fn mark(level: u32, at: &str) -> BudgetMark {
    BudgetMark {
        policy: crate::units::PolicyId::new("lab"),
        scope: workspace("g", "ws-a").to_string().to_ascii_lowercase().into(),
        month: "2026-11".into(),
        level,
        at: at.parse().unwrap(),
        limit: Money::parse("100", Currency::USD).unwrap(),
        enforced: true,
        spent: Money::micros(0, Currency::USD),
    }
}

#[test]
fn workspaces_of_one_name_are_told_apart() {
    let (one, other, third) = (workspace("g", "ws-a"), workspace("h", "WS-A"), workspace("g", "ws-b"));
    let spending = vec![spent(&one, "10"), spent(&other, "20"), spent(&third, "30"), spent(&one, "1")];
    let reckoned = reckoned(&policy("monthly = \"100\""), &figures(spending, Vec::new()));
    let shown: Vec<String> = reckoned.shown.iter().map(|view| format!("{} {}", view.scope, view.spent)).collect();
    let (one, other) = (one.to_string().to_ascii_lowercase(), other.to_string().to_ascii_lowercase());
    assert_eq!(shown, [format!("{one} 11.00 USD"), "ws-b 30.00 USD".to_owned(), format!("{other} 20.00 USD")]);
}

#[test]
fn all_of_it_is_marked_always_and_told_where_the_policy_says() {
    let spending = vec![spent(&workspace("g", "ws-a"), "120")];
    for (budget, wanted) in [
        ("monthly = \"100\"", (vec![50, 80, 100], vec![100])),
        ("monthly = \"100\"\nwarn_at = [50]", (vec![50, 100], vec![50])),
        ("monthly = \"100\"\nwarn_at = [110, 200]", (vec![100, 110], vec![110])),
        ("monthly = \"100\"\nwarn_at = []", (vec![100], vec![])),
    ] {
        let reckoned = reckoned(&policy(budget), &figures(spending.clone(), Vec::new()));
        assert_eq!(levels(&reckoned), wanted, "{budget}");
    }
}

#[test]
fn a_mark_stands_and_less_than_was_told_is_no_news() {
    let policy = policy("monthly = \"100\"\nwarn_at = [30, 50, 100]");
    let first = "2026-11-10T00:00:00Z";
    let marks = vec![mark(50, first), mark(100, first)];
    let figures_of = |amount: &str, marks| figures(vec![spent(&workspace("g", "ws-a"), amount)], marks);
    let again = reckoned(&policy, &figures_of("100", marks.clone()));
    assert_eq!(levels(&again), (vec![30], vec![]));
    assert_eq!(again.shown[0].used_up_at.known().map(|at| at.to_string()).as_deref(), Some(first));
    // a late correction
    let less = reckoned(&policy, &figures_of("99", marks));
    assert!(less.shown[0].used_up_at.is_none());
    assert_eq!(less.shown[0].levels, [30, 50, 100], "what was told stays told");
}

#[test]
fn a_raised_allowance_and_a_policy_that_comes_to_enforce_begin_anew() {
    let marks =
        vec![mark(50, "2026-11-10T00:00:00Z"), mark(80, "2026-11-11T00:00:00Z"), mark(100, "2026-11-12T00:00:00Z")];
    let figures_of = |amount: &str, marks| figures(vec![spent(&workspace("g", "ws-a"), amount)], marks);
    let raised = policy("monthly = \"300\"");
    assert_eq!(levels(&reckoned(&raised, &figures_of("160", marks.clone()))), (vec![50], vec![50]));
    let used_up = reckoned(&raised, &figures_of("300", marks.clone()));
    assert_eq!(levels(&used_up), (vec![50, 80, 100], vec![100]));
    assert_eq!(used_up.shown[0].used_up_at.known(), Some(now()), "not when less was used up");
    let observed: Vec<BudgetMark> = marks.into_iter().map(|mark| BudgetMark { enforced: false, ..mark }).collect();
    let enforcing = reckoned(&policy("monthly = \"100\""), &figures_of("120", observed));
    assert_eq!(levels(&enforcing), (vec![50, 80, 100], vec![100]), "nobody was told while it only observed");
}

#[test]
fn days_before_a_scope_existed_are_no_days_without_cost() {
    let (old, new) = (workspace("g", "ws-a"), workspace("g", "ws-b"));
    let on = |id: &WorkspaceId, day: i64| Spent { day, ..spent(id, "10") };
    let today = now().as_second().div_euclid(86_400);
    let past: Vec<Spent> =
        (today - 28..today).map(|day| on(&old, day)).chain((today - 9..today).map(|day| on(&new, day))).collect();
    let month = vec![spent(&old, "10"), spent(&new, "10")];
    let figures = Figures { past, known: today - 28..today, ..figures(month, Vec::new()) };
    let reckoned = reckoned(&policy("monthly = \"1000\""), &figures);
    let mids: Vec<String> = reckoned
        .shown
        .iter()
        .map(|view| view.forecast.map(|ahead| ahead.mid.to_string()).unwrap_or_default())
        .collect();
    assert_eq!(mids[0], mids[1], "both cost ten a day");
    let begun_today =
        self::reckoned(&policy("monthly = \"1000\""), &Figures { past: vec![on(&new, today - 3)], ..figures });
    assert!(
        begun_today.shown.iter().all(|view| view.forecast.is_none() || &*view.scope == "ws-a"),
        "too few days to tell"
    );
}

#[test]
fn a_clock_that_is_not_trusted_marks_nothing() {
    let spending = vec![spent(&workspace("g", "ws-a"), "120")];
    let figures = Figures { trusted: false, ..figures(spending, Vec::new()) };
    let reckoned = reckoned(&policy("monthly = \"100\""), &figures);
    assert!(reckoned.reached.is_empty());
    assert_eq!(reckoned.shown[0].share, 120);
}
