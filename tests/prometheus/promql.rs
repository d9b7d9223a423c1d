//! Expressions taken apart: what of them has to return data whether or not anything is wrong.

/// The parts of an expression that stand for series: sides of `or`, `and`, `unless` and of comparisons, without numbers.
/// An alert that is silent returns nothing; the series that it watches have to be there all the same.
pub(crate) fn watched(expr: &str) -> Vec<String> {
    let expr = expr.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut parts = vec![expr];
    for word in [" or ", " and ", " unless ", " >= ", " <= ", " == ", " != ", " > ", " < "] {
        parts = parts.iter().flat_map(|part| split(part, word)).collect();
    }
    parts.iter().map(|part| bare(part)).filter(|part| !part.is_empty()).collect()
}

/// Splits where a word stands outside of brackets and quotes.
fn split(expr: &str, word: &str) -> Vec<String> {
    let (mut parts, mut depth, mut quoted, mut from) = (Vec::new(), 0_i32, false, 0);
    for (at, c) in expr.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' | '{' | '[' if !quoted => depth += 1,
            ')' | '}' | ']' if !quoted => depth -= 1,
            _ if depth == 0 && !quoted && at >= from && expr[at..].starts_with(word) => {
                parts.push(expr[from..at].to_owned());
                from = at + word.len();
            }
            _ => {}
        }
    }
    parts.push(expr[from..].to_owned());
    parts
}

/// Without a matching clause before it and `absent` around it; nothing when it is a number.
fn bare(part: &str) -> String {
    let mut part = part.trim();
    if let Some(rest) = part.strip_prefix("on (") {
        part = rest.split_once(')').map_or("", |(_, rest)| rest.trim());
    }
    if let Some(rest) = part.strip_prefix("absent(") {
        part = rest.strip_suffix(')').unwrap_or(rest);
    }
    let inner = part.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    if let Some(inner) = inner.filter(|inner| split(part, " ").len() == 1 && !inner.contains(") ")) {
        part = inner;
    }
    if part.parse::<f64>().is_ok() || part.starts_with("vector(") { String::new() } else { part.to_owned() }
}

#[test]
fn expressions_come_apart_at_their_joints() {
    assert_eq!(watched("sum(a{x=\"1 or 2\"}) > 0"), ["sum(a{x=\"1 or 2\"})"]);
    assert_eq!(watched("sum(a) or vector(0)"), ["sum(a)"]);
    assert_eq!(watched("absent(a)"), ["a"]);
    assert_eq!(
        watched("changes(a[1h]) == 0\n and on (job, instance) sum by (job, instance) (b) > 0"),
        ["changes(a[1h])", "sum by (job, instance) (b)"]
    );
    assert_eq!(watched("a < max_over_time(a[1d])"), ["a", "max_over_time(a[1d])"]);
    assert_eq!(watched("(a - b) / (c + d)"), ["(a - b) / (c + d)"]);
}
