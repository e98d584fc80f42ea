//! What a source of exchange rates has to offer, and what can go wrong with it.

use std::fmt;

use chrono::NaiveDate;
use metrics_core::money::{RateError, UsdRate};
use metrics_core::settings::{FxProvider, FxSettings};
use rust_decimal::Decimal;

use super::http::Client;
use super::{openexchangerates, yahoo};

/// Days of one currency that are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// ISO 4217 code, never USD.
    pub currency: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day, inclusive.
    pub to: NaiveDate,
}

impl Wanted {
    /// Is the rate of `currency` on `date` part of this?
    pub fn covers(&self, currency: &str, date: NaiveDate) -> bool {
        self.currency == currency && (self.from..=self.to).contains(&date)
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {} to {}", self.currency, self.from, self.to)
    }
}

/// A rate as a provider published it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedRate {
    /// ISO 4217 code.
    pub currency: String,
    /// Day that it was published for.
    pub date: NaiveDate,
    /// US dollars per unit.
    pub usd: UsdRate,
}

/// What came of asking a provider: rates, and what could not be had.
#[derive(Debug, Default)]
pub struct Fetched {
    /// In any order, one a currency and day.
    pub rates: Vec<FetchedRate>,
    /// What was asked for, and why it did not come.
    pub problems: Vec<Problem>,
}

impl Fetched {
    /// Adds the rate that `usd` gives, or the problem that it is none.
    pub fn add(&mut self, currency: &str, date: NaiveDate, usd: Result<UsdRate, RateError>) {
        match usd {
            Ok(usd) => self.rates.push(FetchedRate { currency: currency.to_owned(), date, usd }),
            Err(error) => self.fail(format_args!("{currency} of {date}"), FxError::Rate(error)),
        }
    }

    /// Notes that `subject` could not be had.
    pub fn fail(&mut self, subject: impl fmt::Display, error: FxError) {
        self.problems.push(Problem { subject: subject.to_string(), error });
    }

    /// Notes every currency of `wanted` for which there is neither a rate nor a problem.
    fn name_what_is_missing(&mut self, wanted: &[Wanted]) {
        let is_stopped = self.problems.iter().any(|problem| problem.error.stops_further_requests());
        let missing: Vec<_> = wanted
            .iter()
            .filter(|wanted| !self.rates.iter().any(|rate| rate.currency == wanted.currency))
            .filter(|wanted| !self.problems.iter().any(|problem| problem.subject.contains(&wanted.currency)))
            .collect();
        for wanted in missing {
            self.fail(wanted, if is_stopped { FxError::NotAsked } else { FxError::NoRates });
        }
    }
}

/// Something that was asked for and could not be had.
#[derive(Debug)]
pub struct Problem {
    subject: String,
    error: FxError,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.error)
    }
}

/// Why a provider did not give what it was asked for. No variant shows the key.
#[derive(Debug, thiserror::Error)]
pub enum FxError {
    /// No connection.
    #[error("{address} cannot be reached: {reason}")]
    Unreachable {
        /// Address of the provider.
        address: String,
        /// What the system says.
        reason: String,
    },
    /// No answer in time, after all attempts.
    #[error("no answer within {seconds} s (fx.timeout_s)")]
    Timeout {
        /// Time for one request.
        seconds: f64,
    },
    /// The time for all requests together is used up.
    #[error("not to be had within {seconds} s (fx.total_timeout_s); asked for again the next time")]
    OutOfTime {
        /// Time for all requests.
        seconds: f64,
    },
    /// An answer that says no.
    #[error("refused with status {status}{}", reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    Refused {
        /// HTTP status.
        status: u16,
        /// In the provider's words.
        reason: Option<String>,
    },
    /// An answer that does not have the provider's documented form.
    #[error("the answer is not what the provider documents: {0}")]
    Malformed(String),
    /// An earlier request met an obstacle that this one would have met too.
    #[error("not asked for after that")]
    NotAsked,
    /// A number that is no rate.
    #[error("the rate is refused: {0}")]
    Rate(#[source] RateError),
    /// An answer without any rate for what was asked.
    #[error("the provider has no rate")]
    NoRates,
}

impl FxError {
    /// Will further requests meet the same obstacle?
    pub fn stops_further_requests(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::OutOfTime { .. } => true,
            // Not the key, not the plan, or too often.
            Self::Refused { status, .. } => matches!(status, 401 | 403 | 429),
            Self::Timeout { .. } | Self::Malformed(_) | Self::NotAsked | Self::Rate(_) | Self::NoRates => false,
        }
    }
}

/// Settings of section `fx` that cannot be used together.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProviderError {
    /// The provider needs a key.
    #[error("fx.provider {0} needs fx.api_key: set METRICS_FX__API_KEY_FILE to a file that holds it")]
    NoKey(FxProvider),
    /// The key cannot be sent.
    #[error("fx.api_key holds characters that an HTTP header cannot carry")]
    Key,
    /// The address cannot be used.
    #[error(
        "fx.base_url `{0}` is no address: it is written https://HOST[:PORT][/PATH] (or http:// to send in the clear)"
    )]
    BaseUrl(String),
}

/// A source of exchange rates.
pub trait RateProvider: Send {
    /// Its name in `fx.provider`, and as `source` of its rates.
    fn name(&self) -> FxProvider;

    /// Asks for all of `wanted`, in as few requests as the provider allows. What cannot be had is among the
    /// problems; the rest is there.
    fn fetch(&self, wanted: &[Wanted], client: &Client) -> Fetched;
}

/// The provider of the settings and the client it is asked with; `None` for `none`.
pub fn configured(settings: &FxSettings) -> Result<Option<Source>, ProviderError> {
    let base_url = |default: &str| settings.base_url.clone().unwrap_or_else(|| default.to_owned());
    let (provider, base_url, key): (Box<dyn RateProvider>, String, _) = match settings.provider {
        FxProvider::None => return Ok(None),
        FxProvider::Yahoo => (Box::new(yahoo::Yahoo), base_url(yahoo::BASE_URL), None),
        FxProvider::OpenExchangeRates => {
            let key = settings.api_key.clone().ok_or(ProviderError::NoKey(settings.provider))?;
            (Box::new(openexchangerates::OpenExchangeRates), base_url(openexchangerates::BASE_URL), Some(key))
        }
    };
    let client = Client::new(&base_url, key, settings)?;
    Ok(Some(Source { provider, client }))
}

/// A provider together with the client it is asked with.
pub struct Source {
    provider: Box<dyn RateProvider>,
    client: Client,
}

impl Source {
    /// Name of the provider.
    pub fn name(&self) -> FxProvider {
        self.provider.name()
    }

    /// Asks the provider, on a thread of its own, for at most `fx.total_timeout_s`.
    pub async fn fetch(self, wanted: Vec<Wanted>) -> Fetched {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        // Not a blocking task of the runtime: one of those would keep an interrupted program alive until the
        // request times out.
        std::thread::spawn(move || {
            let Self { provider, mut client } = self;
            client.start();
            let mut fetched = provider.fetch(&wanted, &client);
            fetched.name_what_is_missing(&wanted);
            // Nobody waits any more when the program was interrupted.
            let _ = sender.send(fetched);
        });
        receiver.await.unwrap_or_else(|_| {
            let mut fetched = Fetched::default();
            fetched.fail("all rates", FxError::Malformed("reading it failed".to_owned()));
            fetched
        })
    }
}

/// The rate of a provider's float, or why it is none.
pub fn decimal(value: f64) -> Result<Decimal, RateError> {
    metrics_core::money::decimal(value).ok_or(RateError::NotADecimal(value.to_string()))
}
