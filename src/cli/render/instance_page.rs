//! `lightsout instance show`: one instance in full.

use super::Look;
use crate::facts::{InstanceDetails, InstanceFacts, NativeSchedule, Reading, ScriptDetails};
use crate::report::{InstanceView, words};

/// Everything that is shown.
#[derive(Debug, Clone, Copy)]
pub struct InstancePage<'a> {
    /// As read just now.
    pub facts: &'a InstanceFacts,
    /// What Azure tells besides.
    pub details: &'a InstanceDetails,
    /// As the view has it.
    pub known: Option<&'a InstanceView>,
    /// Which policy governs it.
    pub policy: Option<&'a str>,
    /// What it costs, in words.
    pub price: &'a str,
    /// What a month of its OS disk costs, running or off; none where nobody knows.
    pub disk_month: Option<&'a str>,
}

/// The command line that reaches it by SSH; none where it cannot be reached so, or nobody knows where.
#[must_use]
pub fn ssh_command(details: &InstanceDetails) -> Option<String> {
    let ssh = &details.ssh;
    let is_plain = |text: &&String| {
        !text.starts_with('-')
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'-' | b'_'))
    };
    let host = details.public_address.as_ref().or(details.private_address.as_ref()).filter(is_plain)?;
    let user = ssh.user.as_ref().filter(is_plain)?;
    (ssh.enabled == Some(true)).then(|| format!("ssh {user}@{host} -p {}", ssh.port.unwrap_or(22)))
}

/// The page as text.
#[must_use]
pub fn instance_page(page: &InstancePage<'_>, look: &Look) -> String {
    let (facts, details) = (page.facts, page.details);
    let name = format!("{}/{}", facts.id.workspace().name(), facts.id.name());
    let mut text = format!("{}\n", look.paint.strong(&format!("{}: {}", words::clean(&name), facts.state)));
    let mut sections = vec![("", about(page, look)), ("Reached", reached(details))];
    sections.push(("Applications", applications(details)));
    sections.push(("Disks", disks(page)));
    sections.push(("Azure's own timers", timers(facts)));
    sections.push(("Setup scripts", scripts(details)));
    sections.push(("Tags", tags(facts)));
    sections.push(("Wrong, in Azure's words", errors(details)));
    for (heading, pairs) in sections.iter().filter(|(_, pairs)| !pairs.is_empty()) {
        if !heading.is_empty() {
            text.push_str(&format!("\n{}\n", look.paint.strong(heading)));
        }
        for (name, value) in pairs {
            text.push_str(&format!("  {:<17} {}\n", words::clean(name), words::clean(value)));
        }
    }
    text.push_str(&script_texts(details));
    text
}

type Pairs = Vec<(String, String)>;

fn pair(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

fn some(name: &str, value: Option<&String>) -> Option<(String, String)> {
    value.map(|value| pair(name, value))
}

fn about(page: &InstancePage<'_>, look: &Look) -> Pairs {
    let (facts, details) = (page.facts, page.details);
    let mut pairs = vec![pair("id", facts.id.to_string()), pair("owner", words::owner(facts))];
    let assigned = facts.owner.assigned_id.as_ref().map(|id| {
        let tenant = details.assigned_tenant.as_ref().map(|tenant| format!(" of tenant {tenant}"));
        format!("{id}{}; only they reach its applications", tenant.unwrap_or_default())
    });
    pairs.extend(assigned.map(|words| pair("assigned to", words)));
    pairs.extend(some("about", details.description.as_ref()));
    pairs.push(pair("size", format!("{} in {}: {}", facts.size, facts.region, page.price)));
    pairs.push(pair("policy", page.policy.unwrap_or("none governs it")));
    if let Some(known) = page.known {
        pairs.extend(known.holds.iter().map(|hold| {
            pair("held", format!("until {} by {}: {}", look.when(hold.until, None), hold.by, hold.reason))
        }));
        let evidence = known.evidence.as_deref();
        let lines = evidence.map(|evidence| words::activity(facts, evidence, look.now)).unwrap_or_default();
        pairs.extend(lines.into_iter().map(|line| pair("use", line)));
    }
    pairs.push(pair("last operation", words::last_operation(facts, look.now)));
    pairs.extend(facts.created.known().map(|at| pair("created", look.when(at, None))));
    pairs.extend(some("provisioning", details.provisioning.as_ref()));
    pairs.extend(some("sharing", details.sharing.as_ref()));
    pairs.push(pair("identity", identity(details)));
    pairs.extend(image(details).map(|words| pair("image", words)));
    pairs
}

fn identity(details: &InstanceDetails) -> String {
    let identity = &details.identity;
    let kind = identity.kind.clone().unwrap_or_else(|| "none".to_owned());
    let principal = identity.principal_id.as_ref().map(|id| format!(", principal {id}")).unwrap_or_default();
    let assigned =
        if identity.assigned.is_empty() { String::new() } else { format!(", {}", identity.assigned.join(", ")) };
    format!("{kind}{principal}{assigned}")
}

fn image(details: &InstanceDetails) -> Option<String> {
    let current = details.image.current.as_ref()?;
    let newer = details.image.latest.as_ref().filter(|_| details.image.is_latest == Some(false));
    Some(newer.map_or_else(|| current.clone(), |latest| format!("{current}; the newest is {latest}")))
}

fn reached(details: &InstanceDetails) -> Pairs {
    let mut pairs: Pairs = some("public address", details.public_address.as_ref()).into_iter().collect();
    if details.has_public_address == Some(false) {
        pairs.push(pair("public address", "none, as it was made"));
    }
    pairs.extend(some("private address", details.private_address.as_ref()));
    pairs.extend(some("subnet", details.subnet.as_ref()));
    let ssh = match (details.ssh.enabled, ssh_command(details)) {
        (Some(true), Some(command)) => command,
        (Some(true), None) => {
            let user = details.ssh.user.as_deref().unwrap_or("nobody knows whom");
            let port = details.ssh.port.map_or_else(|| "?".to_owned(), |port| port.to_string());
            format!("on, as {user} at port {port}; no address is told")
        }
        (Some(false), _) => "off".to_owned(),
        (None, _) => "not told".to_owned(),
    };
    pairs.push(pair("SSH", ssh));
    pairs
}

fn applications(details: &InstanceDetails) -> Pairs {
    let line =
        |one: &crate::facts::Application| pair(&one.name, one.url.clone().unwrap_or_else(|| "no address".to_owned()));
    details.applications.iter().map(line).collect()
}

fn disks(page: &InstancePage<'_>) -> Pairs {
    let costs = page.disk_month.map_or_else(
        || "what it costs while it is off is not known".to_owned(),
        |month| format!("{month} a month also while it is off, until it is deleted"),
    );
    let mut pairs = vec![pair("OS disk", format!("Azure does not say its size; {costs}"))];
    let line = |one: &crate::facts::DataDisk| {
        let size = one.gigabytes.map_or_else(|| "of unknown size".to_owned(), |size| format!("{size} GB"));
        pair("data disk", format!("{size} {}", one.kind.as_deref().unwrap_or_default()))
    };
    pairs.extend(page.details.disks.iter().map(line));
    pairs
}

fn timers(facts: &InstanceFacts) -> Pairs {
    let native = &facts.native;
    let idle = native.idle_shutdown.map_or_else(|| "none".to_owned(), |after| format!("after {after}"));
    let mut pairs = vec![pair("idle shutdown", idle)];
    let line = |one: &NativeSchedule| {
        let what = if one.starts { "start" } else { "stop" };
        let off = if one.enabled { "" } else { " (disabled)" };
        let failed = if one.failed { " (Azure could not set it up)" } else { "" };
        pair("schedule", format!("{what} {} {}{off}{failed}", one.when, one.zone.as_deref().unwrap_or("UTC")))
    };
    pairs.extend(native.schedules.iter().map(line));
    pairs
}

fn scripts(details: &InstanceDetails) -> Pairs {
    let both = [("creation", &details.creation), ("startup", &details.startup)];
    let words = |one: &ScriptDetails| {
        let source = one.source.as_deref().unwrap_or("from an unknown place");
        let is_inline = source.eq_ignore_ascii_case("inline");
        let path = one.text.as_ref().filter(|_| !is_inline).map(|path| format!(" {path}")).unwrap_or_default();
        let arguments = one.arguments.as_ref().map(|words| format!(", arguments `{words}`")).unwrap_or_default();
        let timeout = one.timeout.as_ref().map(|length| format!(", at most {length}")).unwrap_or_default();
        format!("{source}{path}{arguments}{timeout}")
    };
    both.into_iter().filter_map(|(name, one)| Some(pair(name, words(one.as_ref()?)))).collect()
}

/// The texts of inline scripts, where they were asked for: base64 as it came.
fn script_texts(details: &InstanceDetails) -> String {
    let both = [("creation", &details.creation), ("startup", &details.startup)];
    let text = |(name, one): (&str, &Option<ScriptDetails>)| {
        let one = one.as_ref()?;
        one.source.as_deref().filter(|source| source.eq_ignore_ascii_case("inline"))?;
        Some(format!("\n{name} script, in base64:\n{}\n", words::clean(one.text.as_ref()?)))
    };
    both.into_iter().filter_map(text).collect()
}

fn tags(facts: &InstanceFacts) -> Pairs {
    match &facts.tags {
        Reading::Known { value, .. } => value.0.iter().map(|(name, value)| pair(name, &**value)).collect(),
        Reading::Unknown(why) => vec![pair("unknown", words::unknown(why))],
    }
}

fn errors(details: &InstanceDetails) -> Pairs {
    details.errors.iter().map(|one| (one.code.clone(), one.message.clone())).collect()
}
