//! Types of single values, and how they are read.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{DeserializeOwned, IntoDeserializer, value::StringDeserializer};
use serde::{Deserialize, Deserializer, de};

/// An enum whose values are words; anything else is refused with the list of them.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $word,)+ })
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("must be one of {}", [$($word),+].join(", "))),
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )+};
}

words! {
    /// When the embedded PostgreSQL server is used.
    EmbeddedUse {
        /// When no URL is given.
        Auto = "auto",
        /// Never: a missing URL is an error.
        Never = "never",
        /// Always, even when a URL is given.
        Always = "always",
    }
    /// Where exchange rates are fetched from.
    FxProvider {
        /// Nowhere; rates are imported.
        None = "none",
        /// Yahoo Finance.
        Yahoo = "yahoo",
        /// Open Exchange Rates.
        OpenExchangeRates = "openexchangerates",
    }
    /// Form of a log line.
    LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
    /// Severity of a log line.
    LogLevel {
        /// Only what failed.
        Error = "error",
        /// And what needs attention.
        Warn = "warn",
        /// And what was done.
        Info = "info",
        /// And how.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
}

/// `None` for the empty text, which is how `base.toml` writes "not set".
pub(super) fn optional<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let inner: StringDeserializer<D::Error> = text.into_deserializer();
    T::deserialize(inner).map(Some)
}

/// Whole seconds, 1 or more.
pub(super) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    match seconds_or_zero(deserializer)? {
        Duration::ZERO => Err(de::Error::custom("must be at least 1 second")),
        duration => Ok(duration),
    }
}

/// Whole seconds.
pub(super) fn seconds_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = u64::deserialize(deserializer)?;
    // PostgreSQL takes timeouts as 32-bit milliseconds.
    if seconds > u64::from(i32::MAX.unsigned_abs()) / 1000 {
        return Err(de::Error::custom("must be at most 2147483 seconds"));
    }
    Ok(Duration::from_secs(seconds))
}

/// A count, 1 or more.
pub(super) fn at_least_one<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + PartialOrd + From<u8>,
{
    let count = T::deserialize(deserializer)?;
    if count < T::from(1) { Err(de::Error::custom("must be at least 1")) } else { Ok(count) }
}

/// A number above 0.
pub(super) fn positive_ratio<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let ratio = f64::deserialize(deserializer)?;
    if ratio.is_finite() && ratio > 0.0 { Ok(ratio) } else { Err(de::Error::custom("must be a number above 0")) }
}
