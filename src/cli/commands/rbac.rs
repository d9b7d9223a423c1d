//! `lightsout rbac`: the least custom role for what is configured, or for what is asked; changes nothing.

use serde::Serialize;

use super::context::{CommandError, Context, complain, say};
use crate::cli::args::{Rbac, RoleFormat};
use crate::cli::exit::Exit;
use crate::cli::needs::{self, Need};
use crate::policy::Severity;
use crate::rights::{Part, Reach, Right, Role, rights_for};
use crate::settings::{Loaded, Settings};

/// The role with its reasons.
#[derive(Debug, Serialize)]
struct Explained {
    role: Role,
    for_parts: Vec<Need>,
    rights: Vec<&'static Right>,
}

/// Prints it.
///
/// # Errors
/// When it is to be made of settings that are wrong.
pub fn rbac(asked: &Rbac, context: &Context) -> Result<Exit, CommandError> {
    // settings are needed for whatever was not said
    let is_whole = !asked.levels.is_empty() && !asked.scopes.is_empty();
    let configured = if is_whole { None } else { Some(context.usable()?) };
    let Some(for_parts) = wanted(asked, configured.as_ref()) else { return Ok(Exit::BadConfiguration) };
    let scopes = match &configured {
        Some((settings, _)) if asked.scopes.is_empty() => needs::scopes(&settings.fleet),
        Some(_) | None => asked.scopes.clone(),
    };
    let parts = needs::parts(&for_parts);
    let mut role = Role::of(&parts, scopes);
    if let Some(name) = &asked.name {
        role.name.clone_from(name);
    }
    let rights: Vec<&Right> = rights_for(&parts).collect();
    for line in elsewhere(&role, &rights) {
        complain(&line);
    }
    if asked.explain {
        let explained = Explained { role, for_parts, rights };
        context.print(&explained, || text(&explained))?;
        return Ok(Exit::Well);
    }
    let written = match asked.format {
        RoleFormat::Definition => serde_json::to_string_pretty(&role)?,
        RoleFormat::Arm => serde_json::to_string_pretty(&role.as_resource())?,
    };
    say(&written);
    Ok(Exit::Well)
}

/// What the role is for; none, after the reasons were printed, where a broken policy leaves that open.
fn wanted(asked: &Rbac, configured: Option<&(Settings, Loaded)>) -> Option<Vec<Need>> {
    let levels = asked.levels.iter().flat_map(|level| level.level().parts());
    let of_levels = levels.map(|part| Need { part: *part, because: "--for asks for it".to_owned() });
    match configured {
        Some((settings, loaded)) if asked.levels.is_empty() => {
            let errors: Vec<_> = loaded.findings().filter(|found| found.severity == Severity::Error).collect();
            errors.iter().for_each(|found| complain(&found.to_string()));
            if errors.is_empty() {
                return Some(needs::of_configuration(settings, &loaded.policies.set));
            }
            complain("a role made now would lack what these policies use: mend them, or say what it is --for");
            None
        }
        Some(_) | None => {
            let mut parts: Vec<Need> = Vec::new();
            of_levels.for_each(|need| parts.extend((!parts.contains(&need)).then_some(need)));
            Some(parts)
        }
    }
}

/// What has no effect where this role may be assigned.
fn elsewhere(role: &Role, rights: &[&Right]) -> Vec<String> {
    let is_group = |scope: &String| scope.to_ascii_lowercase().contains("/resourcegroups/");
    if !role.assignable_scopes.iter().any(is_group) {
        return Vec::new();
    }
    let lost = rights.iter().filter(|right| right.reach == Reach::Subscription);
    let words = |right: &&Right| {
        let without = right.without.unwrap_or("it is refused");
        format!("note: {} counts only when assigned on the subscription; else {without}", right.action)
    };
    lost.map(words).collect()
}

fn text(explained: &Explained) -> String {
    let role = &explained.role;
    let mut lines = vec![format!("{}: {}", role.name, role.description), String::new(), "used because".to_owned()];
    let width = Part::ALL.iter().map(|part| part.label().len()).max().unwrap_or(0);
    lines.extend(explained.for_parts.iter().map(|need| format!("  {:width$}  {}", need.part.label(), need.because)));
    lines.extend([String::new(), "rights".to_owned()]);
    for right in &explained.rights {
        lines.push(format!("  {}", right.action));
        lines.push(format!("      for {}", right.why));
        if right.reach == Reach::Subscription {
            lines.push("      counts only when assigned on the subscription".to_owned());
        }
        lines.extend(right.without.map(|without| format!("      without it: {without}")));
    }
    lines.extend([String::new(), "assignable at".to_owned()]);
    lines.extend(role.assignable_scopes.iter().map(|scope| format!("  {scope}")));
    lines.join("\n")
}
