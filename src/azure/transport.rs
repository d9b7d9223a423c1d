//! One request as policy wants it: paced, authorised, counted, tried again only where that is safe.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use reqwest::Client;
use tokio::sync::Semaphore;

use super::allow::{CostLeave, MetricsLeave, NameLeave, OperationLeave, TimerLeave, Verb};
use super::credential::Identity;
use super::error::{AzureError, answered};
use super::options::{AzureOptions, OptionsError};
use super::origin::{Origin, PinnedUrl};
use super::retry::{default_wait, http_date, longest_wait, pause, retry_after};
use super::sending::{Answer, Names, arm_client, exchange, token_client};
use super::throttle::{Kind, Throttle, Urgency};
use super::tokens::{Bearer, Tokens};
use super::usage::{Outcome, Usage};
use super::words::clean;
use crate::ports::{ApiUse, AzureTime, Clock, LastWord};
use crate::units::{Region, SubscriptionId};

/// A permit's second look may be this old when the stop leaves (G10).
pub(super) const LOOK_AGE_MAX: SignedDuration = SignedDuration::from_secs(10);

/// Second looks and stops under way at once.
const URGENT_SLOTS: usize = 32;

/// Whose token bucket a request draws on.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    pub(super) subscription: SubscriptionId,
    pub(super) region: Region,
}

/// What must still hold when a stop leaves, after every wait.
#[derive(Clone, Copy)]
pub(super) struct Gate<'a> {
    /// When its second look was taken (G10).
    pub(super) looked_at: Timestamp,
    /// Whether it may still leave (G12).
    pub(super) last_word: LastWord<'a>,
}

/// One request to be made.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) operation: &'static str,
    pub(super) url: &'a PinnedUrl,
    pub(super) lane: &'a Lane,
    pub(super) urgency: Urgency,
    /// What is asked, where the URL does not say it.
    body: Option<&'a str>,
    /// What a stop must pass last; set on the way.
    gate: Option<Gate<'a>>,
}

impl<'a> Ask<'a> {
    pub(super) const fn new(operation: &'static str, url: &'a PinnedUrl, lane: &'a Lane, urgency: Urgency) -> Self {
        Self { operation, url, lane, urgency, body: None, gate: None }
    }

    pub(super) const fn with_body(self, body: &'a str) -> Self {
        Self { body: Some(body), ..self }
    }
}

/// The way to Azure.
pub(super) struct Line<C> {
    pub(super) origin: Origin,
    pub(super) clock: Arc<C>,
    pub(super) tokens: Arc<Tokens<C>>,
    pub(super) usage: Arc<Usage>,
    client: Client,
    throttle: Mutex<Throttle>,
    slots: Semaphore,
    /// Second looks and stops do not queue behind lists.
    urgent_slots: Semaphore,
    tries_max: u32,
    patience: SignedDuration,
}

impl<C: Clock> Line<C> {
    pub(super) fn new(options: &AzureOptions, clock: Arc<C>, names: &Names) -> Result<Self, OptionsError> {
        let origin = options.origin()?;
        let identity = Identity::new(options, token_client(options, &origin, names)?);
        let tokens = Arc::new(Tokens::new(identity, Arc::clone(&clock), options.timeouts.token));
        let client = arm_client(options, &origin, names)?;
        Ok(Self {
            client,
            tokens,
            origin,
            clock,
            usage: Arc::default(),
            throttle: Mutex::new(Throttle::new(options.throttle)),
            slots: Semaphore::new(options.concurrency.max(1)),
            urgent_slots: Semaphore::new(URGENT_SLOTS),
            tries_max: options.tries_max.max(1),
            patience: options.patience,
        })
    }

    /// A way to another of Azure's services: an origin and tokens of its own, and buckets; what is sent is counted together.
    pub(super) fn beside(
        &self,
        origin: Origin,
        tokens: Arc<Tokens<C>>,
        client: Client,
        options: &AzureOptions,
    ) -> Self {
        Self {
            client,
            tokens,
            origin,
            clock: Arc::clone(&self.clock),
            usage: Arc::clone(&self.usage),
            throttle: Mutex::new(Throttle::new(options.throttle)),
            slots: Semaphore::new(options.concurrency.max(1)),
            urgent_slots: Semaphore::new(URGENT_SLOTS),
            tries_max: self.tries_max,
            patience: self.patience,
        }
    }

    pub(super) fn share_limits(&self, sharers: u32) {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner).share(sharers, self.clock.steady());
    }

    pub(super) fn api_use(&self) -> ApiUse {
        self.usage.snapshot(&mut self.throttle.lock().unwrap_or_else(PoisonError::into_inner), self.clock.steady())
    }

    /// Reads, trying again where Azure's failure looks like passing (fault 4).
    pub(super) async fn get(&self, ask: Ask<'_>) -> Result<Answer, AzureError> {
        self.read(ask, Verb::Get).await
    }

    /// Asks Cost Management. It is a POST that changes nothing, and is tried again as a read is.
    pub(super) async fn query(&self, ask: Ask<'_>, leave: CostLeave) -> Result<Answer, AzureError> {
        self.read(ask, Verb::Query(leave)).await
    }

    /// Asks Azure Monitor. It is a POST that changes nothing, and is tried again as a read is.
    pub(super) async fn metrics(&self, ask: Ask<'_>, leave: MetricsLeave) -> Result<Answer, AzureError> {
        self.read(ask, Verb::Metrics(leave)).await
    }

    /// Asks whether a name is free. It is a POST that changes nothing, and is tried again as a read is.
    pub(super) async fn name(&self, ask: Ask<'_>, leave: NameLeave) -> Result<Answer, AzureError> {
        self.read(ask, Verb::Name(leave)).await
    }

    async fn read(&self, ask: Ask<'_>, verb: Verb) -> Result<Answer, AzureError> {
        let mut attempt = 0;
        loop {
            self.admit(ask.lane, Kind::Read, ask.urgency).await?;
            let answer = self.authorised(ask, verb).await;
            let asked =
                answer.as_ref().ok().and_then(|answer| retry_after(answer.header("retry-after"), self.clock.now()));
            let failed = match answer.and_then(accept) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            attempt += 1;
            let wait = asked.unwrap_or(SignedDuration::ZERO);
            if attempt >= self.tries_max || !failed.is_passing() || wait > self.patience {
                return Err(failed);
            }
            // A 429 rests its bucket, and `admit` waits for that.
            if !matches!(failed, AzureError::Throttled(_)) {
                self.clock.sleep(pause(attempt, draw).max(wait)).await;
            }
        }
    }

    /// Sends a stop once. Nothing but a refused token sends it again: that one was not read beyond its header.
    pub(super) async fn post<'a>(&self, ask: Ask<'a>, gate: Gate<'a>) -> Result<Answer, AzureError> {
        self.act(ask, gate, Verb::Post).await
    }

    /// Sets an idle timer once, as a stop is sent.
    pub(super) async fn set_timer<'a>(
        &self,
        ask: Ask<'a>,
        gate: Gate<'a>,
        leave: TimerLeave,
    ) -> Result<Answer, AzureError> {
        self.act(ask, gate, Verb::Timer(leave)).await
    }

    /// Starts, restarts, creates or deletes once, as a stop is sent.
    pub(super) async fn operate<'a>(
        &self,
        ask: Ask<'a>,
        gate: Gate<'a>,
        leave: OperationLeave,
    ) -> Result<Answer, AzureError> {
        self.act(ask, gate, Verb::Operate(leave)).await
    }

    async fn act<'a>(&self, ask: Ask<'a>, gate: Gate<'a>, verb: Verb) -> Result<Answer, AzureError> {
        // Had first: a bucket's token is not spent on a request that has no bearer.
        self.tokens.bearer().await?;
        self.admit_stop(ask.lane, gate.looked_at).await?;
        self.authorised(Ask { gate: Some(gate), ..ask }, verb).await.and_then(accept)
    }

    fn is_fresh(&self, looked_at: Timestamp, more: SignedDuration) -> Result<(), AzureError> {
        let age = self.clock.now().duration_since(looked_at);
        // A look in the future is a clock that stepped: as bad as an old one.
        if age.saturating_add(more) > LOOK_AGE_MAX || age < -LOOK_AGE_MAX {
            Err(AzureError::StalePermit(age))
        } else {
            Ok(())
        }
    }

    /// A stop waits for its token no longer than its permit lasts; then it is said when to come again.
    async fn admit_stop(&self, lane: &Lane, looked_at: Timestamp) -> Result<(), AzureError> {
        loop {
            let Err(wait) = self.take(lane, Kind::Write, Urgency::Urgent) else { return Ok(()) };
            if wait.asked_by_azure || self.is_fresh(looked_at, wait.length).is_err() {
                return Err(AzureError::Throttled(wait.length));
            }
            self.clock.sleep(wait.length).await;
        }
    }

    async fn admit(&self, lane: &Lane, kind: Kind, urgency: Urgency) -> Result<(), AzureError> {
        loop {
            let Err(wait) = self.take(lane, kind, urgency) else { return Ok(()) };
            if wait.asked_by_azure && wait.length > self.patience {
                return Err(AzureError::Throttled(wait.length));
            }
            self.clock.sleep(wait.length).await;
        }
    }

    fn take(&self, lane: &Lane, kind: Kind, urgency: Urgency) -> Result<(), super::throttle::Wait> {
        let key = (lane.subscription.clone(), lane.region.clone(), kind);
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner).take(key, urgency, self.clock.steady())
    }

    /// With a token; after a 401 once more with another one (fault 13).
    async fn authorised(&self, ask: Ask<'_>, verb: Verb) -> Result<Answer, AzureError> {
        let bearer = self.tokens.bearer().await?;
        let answer = self.once(ask, verb, &bearer).await?;
        if answer.status != 401 {
            self.tokens.accepted(&bearer);
            return Ok(answer);
        }
        let second = self.tokens.replace(&bearer).await?;
        let answer = self.once(ask, verb, &second).await?;
        if answer.status != 401 {
            self.tokens.accepted(&second);
            return Ok(answer);
        }
        let why = refusal(&answer);
        self.tokens.give_up(&second, &why);
        Err(AzureError::NotAccepted(why))
    }

    async fn once(&self, ask: Ask<'_>, verb: Verb, bearer: &Bearer) -> Result<Answer, AzureError> {
        // A URL that was pinned to another of Azure's origins is not for this one's bearer (I10).
        if !self.origin.holds(ask.url) {
            return Err(AzureError::NotAllowed("a request to another origin"));
        }
        let slots = match ask.urgency {
            Urgency::Normal => &self.slots,
            Urgency::Urgent => &self.urgent_slots,
        };
        let result = match slots.acquire().await {
            Ok(_slot) => {
                // The last checks before the wire, after every wait (G10, G12).
                if let Some(gate) = ask.gate {
                    self.is_fresh(gate.looked_at, SignedDuration::ZERO)?;
                    (gate.last_word)().map_err(|(refusal, words)| AzureError::Withheld(refusal, words))?;
                }
                exchange(&self.client, verb, (ask.url, ask.body), bearer).await
            }
            Err(_) => Err(AzureError::Broken("shutting down".to_owned())),
        };
        let kind = match verb {
            Verb::Get | Verb::Query(_) | Verb::Metrics(_) | Verb::Name(_) => Kind::Read,
            Verb::Post | Verb::Timer(_) | Verb::Operate(_) => Kind::Write,
        };
        match &result {
            Ok(answer) => self.learn(ask, kind, answer),
            Err(error) => self.usage.count(ask.operation, Outcome::None(label(error))),
        }
        let answer = result?;
        if answer.status == 429 {
            let wait = longest_wait(&answer.headers, self.clock.now()).unwrap_or_else(|| default_wait(1, draw));
            self.usage.throttled(&ask.lane.subscription);
            let key = (ask.lane.subscription.clone(), ask.lane.region.clone(), kind);
            self.throttle.lock().unwrap_or_else(PoisonError::into_inner).rest(key, wait, self.clock.steady());
            return Err(AzureError::Throttled(wait));
        }
        Ok(answer)
    }

    fn learn(&self, ask: Ask<'_>, kind: Kind, answer: &Answer) {
        self.usage.count(ask.operation, Outcome::Status(answer.status));
        tracing::debug!(operation = ask.operation, status = answer.status, "Azure answered");
        if let Some(azure) = answer.header("date").and_then(http_date) {
            self.usage.heard(AzureTime { azure, here: self.clock.now() });
        }
        let names: [&str; 2] = match kind {
            Kind::Read => {
                ["x-ms-ratelimit-remaining-subscription-reads", "x-ms-ratelimit-remaining-subscription-global-reads"]
            }
            Kind::Write => {
                ["x-ms-ratelimit-remaining-subscription-writes", "x-ms-ratelimit-remaining-subscription-global-writes"]
            }
        };
        let Some(remaining) = names.iter().filter_map(|name| answer.header(name)?.trim().parse().ok()).min() else {
            return;
        };
        let key = (ask.lane.subscription.clone(), ask.lane.region.clone(), kind);
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner).learn(key, remaining, self.clock.steady());
    }
}

pub(super) fn draw(n: u64) -> u64 {
    fastrand::u64(..n.max(1))
}

/// The metric's label of a request without an answer.
pub(super) const fn label(error: &AzureError) -> &'static str {
    if matches!(error, AzureError::NoConnection(_)) {
        "no_connection"
    } else if matches!(error, AzureError::TooBig(_)) {
        "too_big"
    } else if matches!(error, AzureError::NotAllowed(_)) {
        "not_allowed"
    } else {
        "broken"
    }
}

/// Sorts an answer: success, or which error.
pub(super) fn accept(answer: Answer) -> Result<Answer, AzureError> {
    match answer.status {
        200..=299 => Ok(answer),
        300..=399 => Err(AzureError::Redirected(answer.status)),
        407 => Err(AzureError::Proxy),
        status => Err(answered(status, &answer.body)),
    }
}

/// What a 401 says, and whether it is a continuous-access challenge.
fn refusal(answer: &Answer) -> String {
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    let claims = if challenge.contains("claims=") {
        "; Entra wants the identity to prove more (a conditional access claims challenge), which no renewal can"
    } else {
        ""
    };
    let AzureError::Answered { code, message, .. } = answered(401, &answer.body) else { return claims.to_owned() };
    clean(&format!("{code}: {message}{claims}"))
}
