//! Holds that people ask for: what one may be, what it costs, and the caps of the policy.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::control::declined;
use super::log;
use super::state::{Engine, State};
use crate::facts::{Hold, InstanceFacts, MadeHold};
use crate::policy::HoldTerms;
use crate::ports::{AuditLine, Declined, FaultKind, HoldRequest, World};
use crate::report::{HoldOffer, HoldSpent, offer};
use crate::rules::terms_of;
use crate::units::{Cost, InstanceId, Rate, Span};

/// What holds of an instance go by.
struct Holdable {
    facts: std::sync::Arc<InstanceFacts>,
    terms: HoldTerms,
    /// What an hour costs; none where nobody knows.
    rate: Option<Rate>,
    /// When it is due to stop, and why.
    due: Option<(Timestamp, &'static str)>,
    /// Until when it is held already.
    held_until: Option<Timestamp>,
}

impl Holdable {
    fn id(&self) -> &InstanceId {
        &self.facts.id
    }

    /// Whose allowance it counts for.
    fn payer(&self) -> String {
        let owner = self.facts.owner.name().map(str::to_owned);
        owner.unwrap_or_else(|| self.id().to_string()).to_lowercase()
    }

    /// What was made of holds so far: of the instance in seven days, and at the same cost in this month.
    fn spent(&self, made: &[MadeHold], now: Timestamp) -> HoldSpent {
        let (week, month, payer) = (week_before(now), month_of(now), self.payer());
        let counts = |one: &&MadeHold| {
            let hold = &one.hold;
            !hold.off && hold.made_at >= week && hold.instance == *self.id() && hold.created.may_be(self.facts.created)
        };
        let paid = made.iter().filter(|one| *one.hold.payer == *payer && one.hold.made_at >= month);
        HoldSpent {
            made: u32::try_from(made.iter().filter(counts).count()).unwrap_or(u32::MAX),
            this_month: paid.filter_map(MadeHold::cost).map(Cost::rounded).collect(),
            currency: self.rate.map(Rate::currency),
        }
    }

    fn offer(&self, made: &[MadeHold], now: Timestamp) -> HoldOffer {
        let spent = self.spent(made, now);
        HoldOffer {
            instance: self.id().clone(),
            owner: self.facts.owner.name().map(str::to_owned),
            stops_at: self.due.map(|(at, _)| at),
            ground: self.due.map(|(_, ground)| ground.to_owned()),
            held_until: self.held_until,
            choices: offer::choices(&self.terms, &spent, self.rate, (now, self.held_until)),
            per_week: self.terms.per_week,
            made_this_week: spent.made,
            left: spent.left(&self.terms),
            refused: offer::refused(&self.terms, &spent),
        }
    }
}

impl<W: World> Engine<W> {
    /// What a hold of an instance may be now, and what each length of it costs.
    pub(super) async fn offered(&self, instance: &str) -> Result<HoldOffer, Declined> {
        let now = self.world.now();
        let found = self.lock().holdable(instance, now)?;
        Ok(found.offer(&self.made(now).await?, now))
    }

    /// The same of several, none for those that no policy governs.
    pub(super) async fn offered_all(&self, instances: &[InstanceId]) -> Result<Vec<Option<HoldOffer>>, Declined> {
        let now = self.world.now();
        let made = self.made(now).await?;
        let state = self.lock();
        let offer = |id: &InstanceId| state.holdable_by_id(id, now).ok().map(|found| found.offer(&made, now));
        Ok(instances.iter().map(offer).collect())
    }

    /// Makes a hold, within the policy's caps.
    pub(super) async fn held(&self, request: HoldRequest) -> Result<Hold, Declined> {
        // one after the other, so that two of them never pass by the same room in a cap
        let _one = self.holding.lock().await;
        if request.off {
            return self.held_off(request).await;
        }
        let now = self.world.now();
        let found = self.lock().holdable(&request.instance, now)?;
        let (id, created, terms) = (found.id().clone(), found.facts.created, &found.terms);
        let length = Span::seconds(request.seconds);
        if request.seconds == 0 || length > terms.max {
            return Err(Declined(format!("a hold of {} lasts at most {}; asked for {length}", id.name(), terms.max)));
        }
        if request.life.is_some_and(|life| !life.may_be(created)) {
            return Err(Declined(format!("{} was deleted and made anew since; this is another one", id.name())));
        }
        let spent = found.spent(&self.made(now).await?, now);
        if let Some(why) = offer::refused(terms, &spent) {
            return Err(Declined(format!("{}: {why}", id.name())));
        }
        let added = offer::added(request.seconds, now, found.held_until);
        if let (true, Some(until)) = (added == 0, found.held_until) {
            return Err(Declined(format!("{} is held until {until} already; ask for longer", id.name())));
        }
        let price = found.rate.map(|rate| rate.over(added).rounded());
        if let Some(why) = offer::too_dear(terms, &spent, price) {
            return Err(Declined(format!("{}: {why}", id.name())));
        }
        let until = now
            .checked_add(length.duration())
            .map_err(|_| Declined("a hold that long cannot be reckoned with".to_owned()))?;
        let until = Timestamp::from_second(until.as_second()).unwrap_or(until); // people read it
        let hold = Hold {
            id: hold_id(now),
            instance: id.clone(),
            created,
            until,
            by: request.by,
            reason: request.reason,
            made_at: now,
            price,
            payer: found.payer().into(),
            link: request.link,
            off: false,
        };
        let costs = price.map_or_else(|| "at a price that nobody knows".to_owned(), |price| format!("for {price}"));
        self.put(hold, &costs).await
    }

    /// Writes it down and puts it in force.
    pub(super) async fn put(&self, hold: Hold, costs: &str) -> Result<Hold, Declined> {
        let (id, now, until) = (hold.instance.clone(), hold.made_at, hold.until);
        self.world.hold(&hold).await.map_err(|fault| match (fault.kind, &hold.link) {
            (FaultKind::Conflict, Some(_)) => Declined("this link was used already".to_owned()),
            _ => declined(fault),
        })?;
        // in force from the moment it is written: whatever comes after must not keep it from being heeded
        {
            let mut state = self.lock();
            match state.history_mut(&id) {
                Some(history) => history.holds.push(hold.clone()),
                // gone meanwhile: it waits for its return
                None => state.waiting.push(hold.clone()),
            }
        }
        self.changed(&id);
        let by_link = if hold.link.is_some() { ", by the link of a warning" } else { "" };
        let line = AuditLine {
            at: now,
            who: hold.by.clone(),
            what: if hold.off { "hold_off" } else { "hold" }.to_owned(),
            target: id.to_string(),
            why: format!("until {until}{by_link}, {costs}: {}", hold.reason),
        };
        if let Err(fault) = self.world.audit(&line).await {
            // it holds, and its own row says who and why: whoever asked must not be told that it does not
            log::fault(&fault);
        }
        Ok(hold)
    }

    /// Ends a hold by its id, or every hold on an instance by its name.
    pub(super) async fn lifted(&self, hold: &str, by: &str) -> Result<(), Declined> {
        let _one = self.holding.lock().await;
        let now = self.world.now();
        let holds = self.lock().holds_named(hold, now)?;
        for found in &holds {
            // one that ended meanwhile needs no lifting
            if !self.world.lift(&found.id, by, now).await.map_err(declined)? {
                continue;
            }
            let (who, why) = (by.to_owned(), format!("hold {} until {}", found.id, found.until));
            self.note(AuditLine { at: now, who, what: "lift".to_owned(), target: found.instance.to_string(), why })
                .await?;
            if let Some(history) = self.lock().history_mut(&found.instance) {
                history.holds.iter_mut().filter(|one| one.id == found.id).for_each(|one| one.until = now);
            }
        }
        holds.iter().for_each(|found| self.changed(&found.instance));
        Ok(())
    }

    /// Holds of this week and this month.
    async fn made(&self, now: Timestamp) -> Result<Vec<MadeHold>, Declined> {
        self.world.made_holds(week_before(now).min(month_of(now))).await.map_err(declined)
    }
}

fn week_before(now: Timestamp) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(24 * 7)).unwrap_or(Timestamp::MIN)
}

/// When this month began, in UTC.
fn month_of(now: Timestamp) -> Timestamp {
    let first = now.to_zoned(TimeZone::UTC).date().first_of_month().to_datetime(Time::midnight());
    first.to_zoned(TimeZone::UTC).map_or(Timestamp::MIN, |at| at.timestamp())
}

pub(super) fn hold_id(at: Timestamp) -> String {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    ulid::Ulid::from_parts(millis, fastrand::u128(..)).to_string().to_ascii_lowercase()
}

impl State {
    fn holdable(&self, wanted: &str, now: Timestamp) -> Result<Holdable, Declined> {
        self.holdable_by_id(&self.find(wanted)?, now)
    }

    fn holdable_by_id(&self, id: &InstanceId, now: Timestamp) -> Result<Holdable, Declined> {
        let entry = self.places.get(id.workspace()).and_then(|place| place.entries.get(id));
        let entry = entry.ok_or_else(|| Declined(format!("{} is not known", id.name())))?;
        let policy = self
            .policy_of(id.workspace())
            .ok_or_else(|| Declined(format!("no policy governs {}, so nothing stops it", id.name())))?;
        let due = entry.verdict.as_ref().and_then(|verdict| verdict.due.as_ref());
        Ok(Holdable {
            terms: terms_of(&policy, &entry.facts).hold,
            rate: self.prices.rate(&entry.facts.size, &entry.facts.region),
            due: due.map(|due| (due.stop_at, due.ground.label())),
            held_until: entry.history.hold_at(now).map(|hold| hold.until),
            facts: entry.facts.clone(),
        })
    }

    /// The hold of that id, or every hold in force on the instance of that name.
    fn holds_named(&self, wanted: &str, now: Timestamp) -> Result<Vec<Hold>, Declined> {
        let entries = || self.places.values().flat_map(|place| place.entries.values());
        if let Some(hold) =
            entries().flat_map(|entry| &entry.history.holds).find(|hold| hold.id == wanted && now < hold.until)
        {
            return Ok(vec![hold.clone()]);
        }
        let id = self.find(wanted)?;
        let entry = entries().find(|entry| entry.facts.id == id);
        let holds: Vec<Hold> =
            entry.into_iter().flat_map(|entry| &entry.history.holds).filter(|hold| now < hold.until).cloned().collect();
        if holds.is_empty() { Err(Declined(format!("{} is not held", id.name()))) } else { Ok(holds) }
    }
}
