//! What a policy wants of Azure's own idle timer: from the table to the rule, and what is wrong with it on the way.

use super::compile::Layered;
use super::document::{Native, Tables};
use super::layers::on;
use super::model::{ApplyTimer, NativeRule};
use crate::document::{Findings, Trouble};
use crate::units::Span;

/// The shortest and the longest timer that Azure takes.
const AZURE_TAKES: (Span, Span) = (Span::minutes(15), Span::hours(72));

/// The rule of a table that says after how long; what it lacks is reported elsewhere.
pub(super) fn native(table: &Native) -> Option<NativeRule> {
    let idle_shutdown = table.idle_shutdown.as_ref()?.value;
    Some(NativeRule { idle_shutdown, apply: table.apply.as_ref().map_or(ApplyTimer::Never, |apply| apply.value) })
}

/// What is wrong with single values of one layer.
pub(super) fn ranges(written: &Tables, findings: &mut Findings<'_>) {
    let Some(after) = on(&written.native).and_then(|native| native.idle_shutdown.as_ref()) else { return };
    let (least, most) = AZURE_TAKES;
    if after.value < least || after.value > most {
        let problem = format!("Azure's idle timer takes {least} to {most}, and not {}", after.value);
        findings.error(&after.at, Trouble::new(problem, "write a length such as \"60m\""));
    } else if after.value.as_secs() % 60 != 0 {
        findings
            .error(&after.at, Trouble::new("Azure's idle timer counts in minutes", "write a length such as \"60m\""));
    }
}

/// A table that does not say after how long.
pub(super) fn unfinished(layered: Layered<'_>, findings: &mut Findings<'_>) {
    let lacks = on(&layered.effective.native).is_some_and(|native| native.idle_shutdown.is_none());
    let own = on(&layered.written.native).and(layered.written.native.as_ref());
    if let Some(own) = own.filter(|_| lacks && !findings.is_broken("native")) {
        let help = "write idle_shutdown = \"60m\", or leave the table out";
        findings.error(&own.at, Trouble::new("this does not say after how long Azure is to stop an instance", help));
    }
}
