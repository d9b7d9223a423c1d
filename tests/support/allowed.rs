//! What may reach Azure at all, whatever was asked: reads, and the stop of a compute (I1, G3).

use std::collections::BTreeMap;

/// The kinds of requests that may not arrive, out of what was counted by method and kind: besides reads there is the stop
/// of a compute by POST, and beside Azure there are token endpoints and the people's inbox.
pub(crate) fn strays(counts: &BTreeMap<(String, &'static str), u64>) -> Vec<String> {
    let may =
        |method: &str, kind: &str| method == "GET" || (method == "POST" && ["stop", "token", "inbox"].contains(&kind));
    let others = counts.iter().filter(|((method, kind), _)| !may(method, kind));
    others.map(|((method, kind), count)| format!("{count} of {method} {kind}")).collect()
}
