//! Who may do what, asked of every route of the table: role by ownership by scope.

use lightsout::access::{Role, Roles, Rule, Scope};
use lightsout::web::door::{ProxyTrust, Route};

use crate::site::{ADA, Answer, Site, routes};

/// What a route's rule lets a role do, written out once more: with an instance that is theirs, and with another's.
fn allowed(rule: Rule, role: Option<Role>) -> (bool, bool) {
    match (rule, role) {
        (Rule::Anyone, _) => (true, true),
        (_, None) => (false, false),
        (Rule::Read, Some(_)) => (true, true),
        (Rule::Own | Rule::Stop, Some(role)) => (role >= Role::Owner, role >= Role::Operator),
        (Rule::Operate, Some(role)) => (role >= Role::Operator, role >= Role::Operator),
        (Rule::Administer, Some(role)) => (role == Role::Admin, role == Role::Admin),
    }
}

fn ask(site: &Site, route: &Route, owner: &str, headers: &str) -> Answer {
    let path = route.path.replace("{owner}", owner);
    let own = format!("Host: {0}\r\nOrigin: http://{0}\r\nContent-Type: application/json\r\n", site.address);
    let body = if route.method.as_str() == "GET" { String::new() } else { format!("{{\"owner\":\"{owner}\"}}") };
    site.send(&format!("{} {path} HTTP/1.1\r\n{own}{headers}", route.method), &body)
}

/// Answers that a route gives when the rule is kept: what comes after is its own.
fn is_let_in(answer: &Answer) -> bool {
    !matches!(answer.status, 401 | 403)
}

/// The routes that are about the rule; the login's own are tried elsewhere, and turn away for reasons of their own.
fn table() -> Vec<Route> {
    let table: Vec<Route> = routes().table().into_iter().filter(|route| !route.path.starts_with("/login")).collect();
    for rule in Rule::ALL {
        assert!(table.iter().any(|route| route.rule == rule), "no route has the rule {rule:?}");
    }
    table
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_lets_in_whom_its_rule_allows_and_nobody_else() {
    let role_of = |role: Role| (role.label().to_owned(), role);
    let site = Site::with(|_, options| {
        options.roles = Roles::new([], Role::ALL.map(role_of), None);
        options.ways.proxy = Some(ProxyTrust {
            trusted: std::sync::Arc::new(|peer| peer.is_loopback()),
            user_header: Some("x-user".parse().unwrap()),
            email_header: Some("x-email".parse().unwrap()),
            roles_header: Some("x-groups".parse().unwrap()),
        });
    });
    for route in table() {
        for role in Role::ALL.map(Some).into_iter().chain([None]) {
            let headers = role
                .map_or(String::new(), |role| format!("X-User: u-{role}\r\nX-Email: {ADA}\r\nX-Groups: x, {role}\r\n"));
            let (theirs, others) = allowed(route.rule, role);
            for (owner, wanted) in [(ADA, theirs), ("bob@example.org", others)] {
                let answer = ask(&site, &route, owner, &headers);
                assert_eq!(is_let_in(&answer), wanted, "{route:?} as {role:?} of {owner}: {answer:?}");
                let denied = if role.is_none() { 401 } else { 403 };
                assert!(wanted || answer.status == denied, "{route:?} {answer:?}");
            }
        }
    }
    let denials = site.audited("denied");
    assert!(
        denials.iter().any(|line| line.who == "proxy:u-viewer" && line.target == "POST /api/v1/operate"),
        "{denials:?}"
    );
    assert!(denials.iter().all(|line| line.who != "nobody"), "who is not known is asked to sign in: no denial");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_opens_what_its_scopes_say() {
    let site = Site::with_tokens();
    let scope_of = |rule| match rule {
        Rule::Anyone => None,
        Rule::Read => Some(Scope::Read),
        Rule::Own => Some(Scope::Hold),
        Rule::Stop => Some(Scope::Operate),
        Rule::Operate => Some(Scope::Operate),
        Rule::Administer => Some(Scope::Admin),
    };
    for bits in 0_u8..16 {
        let scopes: Vec<Scope> = Scope::ALL
            .into_iter()
            .enumerate()
            .filter(|(at, _)| bits & (1 << at) != 0)
            .map(|(_, scope)| scope)
            .collect();
        for (name, owners) in [(format!("any-{bits}"), vec![]), (format!("ada-{bits}"), vec![ADA])] {
            let bearer = format!("Authorization: Bearer {}\r\n", site.token(&name, &scopes, &owners));
            for route in table() {
                // a token that is for somebody's own acts on these alone, unless it may operate on all
                let beyond =
                    scopes.iter().any(|scope| matches!(scope, Scope::Operate | Scope::Admin)) || owners.is_empty();
                let scoped = scope_of(route.rule).is_none_or(|scope| scopes.contains(&scope));
                for (owner, own) in
                    [(ADA, true), ("bob@example.org", !matches!(route.rule, Rule::Own | Rule::Stop) || beyond)]
                {
                    let answer = ask(&site, &route, owner, &bearer);
                    assert_eq!(
                        is_let_in(&answer),
                        scoped && own,
                        "{route:?} {scopes:?} {owners:?} of {owner}: {answer:?}"
                    );
                }
            }
        }
        // the door counts what one address asks
        site.seconds.fetch_add(600, std::sync::atomic::Ordering::Relaxed);
    }
}
