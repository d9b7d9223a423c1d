//! What a size costs and whether there is quota for it: asked of Azure, and said where nobody knows.

use jiff::{SignedDuration, Timestamp};

use super::desk::Desk;
use crate::facts::{QuotaLine, SizeOffer, WorkspaceFacts};
use crate::ledger::PriceKey;
use crate::ports::Prices as _;
use crate::schedule::Hours;
use crate::units::{Cost, Rate};

/// Hours of a month, as Azure counts them.
pub(super) const MONTH_HOURS: i64 = 730;
const HOUR: i64 = 3_600;
/// Allowed hours are sampled this often, over four weeks.
const SAMPLE: SignedDuration = SignedDuration::from_mins(15);
const SAMPLES: i64 = 4 * 7 * 24 * 4;

/// What is known of a size in a region.
#[derive(Debug)]
pub(super) struct Terms {
    /// How the region lists it; the error says why nobody knows, none that the region has no such size.
    pub(super) size: Result<Option<SizeOffer>, String>,
    /// Quotas of the region.
    pub(super) quota: Result<Vec<QuotaLine>, String>,
    /// The price of an hour.
    pub(super) rate: Result<Rate, String>,
}

impl Terms {
    /// Asks for them.
    pub(super) async fn of(desk: &Desk, workspace: &WorkspaceFacts, size: &str) -> Self {
        let sizes = desk.azure.sizes_of_region(workspace).await;
        let size_offer = sizes
            .map_err(|fault| fault.words())
            .map(|sizes| sizes.into_iter().find(|one| one.facts.name.eq_ignore_ascii_case(size)));
        let quota = desk.azure.usages(workspace).await.map_err(|fault| fault.words());
        Self { size: size_offer, quota, rate: rate(desk, workspace, size).await }
    }

    /// The vCPUs of the size: what an instance holds of the quota, running or stopped.
    pub(super) fn cores(&self) -> Option<u32> {
        self.size.as_ref().ok().and_then(|offer| offer.as_ref()?.facts.vcpus)
    }

    /// In one line, for a start: its quota is its own already.
    pub(super) fn of_start(&self) -> String {
        let cores = self.cores().map_or_else(|| "its vCPUs".to_owned(), |cores| format!("{cores} vCPUs"));
        format!("{}; {cores} of quota are its own, running or stopped{}", self.price(None), self.left_in_words())
    }

    fn left_in_words(&self) -> String {
        let lines = self.lines();
        let said: Vec<String> = lines.iter().map(|line| left(line)).collect();
        match (&self.quota, said.is_empty()) {
            (Err(why), _) => format!("; how much quota is left is not known ({why})"),
            (Ok(_), true) => "; how much quota is left is not known".to_owned(),
            (Ok(_), false) => format!("; left: {}", said.join(", ")),
        }
    }

    /// The quotas that count it: its family's, and that of all cores.
    pub(super) fn lines(&self) -> Vec<&QuotaLine> {
        let family = self.size.as_ref().ok().and_then(|offer| Some(&*offer.as_ref()?.facts.family));
        let all = self.quota.as_ref().map(Vec::as_slice).unwrap_or_default();
        let is_ours = |line: &&QuotaLine| line.is_of_all() || family.is_some_and(|family| line.is_of_family(family));
        all.iter().filter(is_ours).collect()
    }

    /// What an hour and a month cost; of the month also by the hours of a policy.
    pub(super) fn price(&self, allowed_hours: Option<i64>) -> String {
        let rate = match &self.rate {
            Ok(rate) => *rate,
            Err(why) => return format!("its price is not known ({why})"),
        };
        let whole = money(rate.over(MONTH_HOURS.saturating_mul(HOUR)));
        let by_hours = allowed_hours.map(|hours| {
            format!(", {} in the {hours} hours that its policy allows", money(rate.over(hours.saturating_mul(HOUR))))
        });
        format!("{rate}, {whole} a month day and night{}", by_hours.unwrap_or_default())
    }

    /// How much quota is left.
    pub(super) fn quota_in_words(&self) -> String {
        self.left_in_words().trim_start_matches("; ").to_owned()
    }
}

fn left(line: &QuotaLine) -> String {
    format!("{} of {} {}", line.left(), line.limit, line.words)
}

/// Amounts for people.
pub(super) fn money(cost: Cost) -> String {
    format!("{} {}", cost.text(2), cost.currency())
}

async fn rate(desk: &Desk, workspace: &WorkspaceFacts, size: &str) -> Result<Rate, String> {
    let key = PriceKey::new(size, &workspace.region);
    if let Some(rate) = desk.view.money.prices.rate(size, &workspace.region) {
        return Ok(rate);
    }
    let quoted = desk.azure.quotes(std::slice::from_ref(&key)).await;
    let faults: Vec<String> = quoted.iter().flat_map(|one| one.faults.iter().map(crate::ports::Fault::words)).collect();
    let mut answers = quoted.into_iter().flat_map(|one| one.answers).map(|(_, answer)| answer);
    let mut reason = None;
    let found = answers.find_map(|answer| match answer {
        Ok(quote) => Some(quote.rate),
        Err(why) => {
            reason.get_or_insert(why.words());
            None
        }
    });
    found.ok_or_else(|| reason.or_else(|| faults.into_iter().next()).unwrap_or_else(|| "no source has it".to_owned()))
}

/// Hours of a month in which a policy's hours allow it to be on; none where it has no hours.
pub(super) fn allowed_hours(hours: Option<&Hours>, now: Timestamp) -> Option<i64> {
    let hours = hours?;
    let at = |n: i64| {
        let after = SAMPLE.checked_mul(i32::try_from(n).ok()?)?;
        now.checked_add(after).ok()
    };
    let on = (0..SAMPLES).filter_map(at).filter(|at| hours.contains(*at)).count();
    let on = i64::try_from(on).ok()?;
    on.saturating_mul(MONTH_HOURS).checked_div(SAMPLES)
}
