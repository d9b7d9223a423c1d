//! The way to the public price list: one page as policy wants it, without a token, counted, tried again where that helps.

use std::error::Error as _;
use std::sync::{Mutex, PoisonError};

use jiff::SignedDuration;
use reqwest::Client;

use super::options::PriceOptions;
use super::place::{Place, PriceUrl};
use crate::azure::error::AzureError;
use crate::azure::options::{AzureOptions, OptionsError};
use crate::azure::retry::{default_wait, pause, retry_after};
use crate::azure::sending::{Answer, Names, fetch, price_client};
use crate::azure::transport::{accept, draw, label};
use crate::azure::usage::{Outcome, Usage, operation};
use crate::ports::{Clock, with_causes};

/// The price list's own client, with what its host asked for.
pub(super) struct OpenLine {
    pub(super) place: Place,
    /// Or why there is none: without prices instances are governed all the same.
    client: Result<Client, String>,
    tries_max: u32,
    patience: SignedDuration,
    /// Until when the host asked to be left alone, by the steady clock.
    resting: Mutex<SignedDuration>,
}

impl OpenLine {
    pub(super) fn new(prices: &PriceOptions, options: &AzureOptions, names: &Names) -> Result<Self, OptionsError> {
        let place = Place::new(&prices.retail_endpoint)?;
        Ok(Self {
            client: price_client(options, place.origin(), names)
                .map_err(|error| with_causes(error.to_string(), error.source())),
            place,
            tries_max: options.tries_max.max(1),
            patience: options.patience,
            resting: Mutex::new(SignedDuration::ZERO),
        })
    }

    /// Reads one page, trying again where the failure looks like passing; no sooner than the host asked for.
    pub(super) async fn get<C: Clock>(&self, url: &PriceUrl, clock: &C, usage: &Usage) -> Result<Answer, AzureError> {
        let mut attempt = 0;
        loop {
            self.rested(clock).await?;
            attempt += 1;
            let failed = match self.once(url, clock, usage).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if attempt >= self.tries_max || !failed.is_passing() {
                return Err(failed);
            }
            if !matches!(failed, AzureError::Throttled(_)) {
                clock.sleep(pause(attempt, draw)).await;
            }
        }
    }

    /// Waits out what the host asked for; a wait beyond patience becomes an error, and nothing is asked.
    async fn rested<C: Clock>(&self, clock: &C) -> Result<(), AzureError> {
        let until = *self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = until.saturating_sub(clock.steady());
        if wait > self.patience {
            return Err(AzureError::Throttled(wait));
        }
        if wait > SignedDuration::ZERO {
            clock.sleep(wait).await;
        }
        Ok(())
    }

    async fn once<C: Clock>(&self, url: &PriceUrl, clock: &C, usage: &Usage) -> Result<Answer, AzureError> {
        let client = self.client.as_ref().map_err(|why| AzureError::NoConnection(why.clone()))?;
        let answer = fetch(client, url).await;
        match &answer {
            Ok(answer) => usage.count(operation::RETAIL_PRICES, Outcome::Status(answer.status)),
            Err(error) => usage.count(operation::RETAIL_PRICES, Outcome::None(label(error))),
        }
        let answer = answer?;
        tracing::debug!(operation = operation::RETAIL_PRICES, status = answer.status, "Azure answered");
        let is_throttled = answer.status == 429;
        if is_throttled || answer.status >= 500 {
            let asked = retry_after(answer.header("retry-after"), clock.now());
            let wait = asked.or_else(|| is_throttled.then(|| default_wait(1, draw)));
            self.rest(wait.unwrap_or(SignedDuration::ZERO), clock);
            if is_throttled {
                return Err(AzureError::Throttled(wait.unwrap_or(SignedDuration::ZERO)));
            }
        }
        accept(answer)
    }

    fn rest<C: Clock>(&self, wait: SignedDuration, clock: &C) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        *resting = (*resting).max(clock.steady().saturating_add(wait));
    }
}
