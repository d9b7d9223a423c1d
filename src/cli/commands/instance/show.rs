//! `instance show`: one instance, read fresh, with everything that Azure tells of it.

use serde::Serialize;

use super::desk::{Desk, Purpose};
use super::follow::until_settled;
use super::target::{Target, find};
use super::terms::{MONTH_HOURS, Terms, money};
use crate::azure::Scripts;
use crate::cli::args::InstanceShow;
use crate::cli::commands::context::{CommandError, Context};
use crate::cli::exit::Exit;
use crate::cli::render::{self, InstancePage};
use crate::facts::{InstanceDetails, InstanceFacts};
use crate::ports::Declined;

#[derive(Serialize)]
struct Shown<'a> {
    id: String,
    facts: &'a InstanceFacts,
    details: &'a InstanceDetails,
    policy: Option<&'a str>,
    price: String,
    os_disk_month: Option<String>,
    ssh_command: Option<String>,
    in_use: Option<String>,
}

/// Shows it.
pub(super) async fn show(asked: &InstanceShow, context: &Context) -> Result<Exit, CommandError> {
    let desk = Desk::open(context, Purpose::Look, asked.rights).await?;
    let target = find(&desk.view, &asked.instance).map_err(Declined)?;
    let settled = !asked.wait || until_settled(&desk, &target, asked.timeout.duration()).await;
    let scripts = if asked.scripts { Scripts::Whole } else { Scripts::Named };
    let (facts, details) = desk.azure.describe(&target.workspace, &target.id, scripts).await?;
    let terms = Terms::of(&desk, &target.workspace, &facts.size).await;
    print(context, &desk, &target, (&facts, &details), &terms)?;
    Ok(if settled { Exit::Well } else { Exit::Unreadable })
}

fn print(
    context: &Context,
    desk: &Desk,
    target: &Target,
    (facts, details): (&InstanceFacts, &InstanceDetails),
    terms: &Terms,
) -> Result<(), CommandError> {
    let policy = target.policy.as_ref().map(|policy| policy.as_str());
    let price = terms.price(None);
    let disk = desk.view.money.residual.as_ref().map(|parts| parts.disk);
    let disk_month = disk.map(|rate| money(rate.over(MONTH_HOURS.saturating_mul(3_600))));
    let shown = Shown {
        id: facts.id.to_string(),
        facts,
        details,
        policy,
        price: price.clone(),
        os_disk_month: disk_month.clone(),
        ssh_command: render::ssh_command(details),
        in_use: target.use_of(),
    };
    context.print(&shown, || {
        let page = InstancePage {
            facts,
            details,
            known: target.known.as_ref(),
            policy,
            price: &price,
            disk_month: disk_month.as_deref(),
        };
        render::instance_page(&page, &context.look(Some(&desk.view)))
    })
}
