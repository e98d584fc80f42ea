//! Languages of the web pages: their texts, numbers and dates.

mod messages;
mod numbers;

use actix_web::HttpRequest;
use actix_web::http::header::{AcceptLanguage, Header, Preference};
use chrono::{DateTime, Datelike, NaiveDate, Utc};

pub use numbers::{decimal, float};

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// English, the language in which every text exists.
    En,
    /// French.
    Fr,
    /// Hindi.
    Hi,
}

impl Lang {
    /// All languages.
    pub const ALL: [Self; 3] = [Self::En, Self::Fr, Self::Hi];

    /// Code of ISO 639.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
            Self::Hi => "hi",
        }
    }

    /// Name in the language itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Fr => "Français",
            Self::Hi => "हिन्दी",
        }
    }

    /// The language of a code, if the pages have it.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.code() == code)
    }

    /// The language that the client likes best among those of the pages; English when it likes none.
    pub fn accepted(request: &HttpRequest) -> Self {
        let accepted = AcceptLanguage::parse(request).map(|header| header.ranked()).unwrap_or_default();
        let mut known = accepted.iter().filter_map(|preference| match preference {
            Preference::Any => Some(Self::En),
            Preference::Specific(tag) => Self::of_code(tag.primary_language()),
        });
        known.next().unwrap_or(Self::En)
    }

    /// The text called `key`: in this language, else in English, else the key itself.
    pub fn t(self, key: &str) -> &str {
        messages::find(self, key).or_else(|| messages::find(Self::En, key)).unwrap_or(key)
    }

    /// True when some language has a text called `key`.
    pub fn knows(key: &str) -> bool {
        messages::find(Self::En, key).is_some()
    }

    /// The text called `key`, with values in the place of `{name}`.
    pub fn say(self, key: &str, values: &[(&str, &str)]) -> String {
        values.iter().fold(self.t(key).to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }

    /// A day: `21 Nov 2026`.
    pub fn date(self, date: NaiveDate) -> String {
        let month = self.t(MONTHS[date.month0() as usize]);
        format!("{} {month} {}", date.day(), date.year())
    }

    /// An instant, in UTC: `21 Nov 2026, 03:05 UTC`.
    pub fn instant(self, instant: DateTime<Utc>) -> String {
        format!("{}, {} UTC", self.date(instant.date_naive()), instant.format("%H:%M"))
    }
}

const MONTHS: [&str; 12] = [
    "month.1", "month.2", "month.3", "month.4", "month.5", "month.6", "month.7", "month.8", "month.9", "month.10",
    "month.11", "month.12",
];

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn accepted(header: &str) -> Lang {
        Lang::accepted(&TestRequest::default().insert_header(("accept-language", header)).to_http_request())
    }

    #[test]
    fn the_client_s_first_known_language_is_taken() {
        assert_eq!(accepted("fr-CH, fr;q=0.9, en;q=0.8"), Lang::Fr);
        assert_eq!(accepted("sw, hi;q=0.5, en;q=0.1"), Lang::Hi);
        assert_eq!(accepted("en;q=0.1, hi;q=0.5"), Lang::Hi);
        for header in ["", "sw", "*", "nonsense;;", "en-GB"] {
            assert_eq!(accepted(header), Lang::En, "{header}");
        }
        assert_eq!(Lang::accepted(&TestRequest::default().to_http_request()), Lang::En);
    }

    #[test]
    fn dates_are_written_out() {
        let date = NaiveDate::from_ymd_opt(2026, 11, 1).expect("a date");
        assert_eq!(Lang::En.date(date), "1 Nov 2026");
        assert_eq!(Lang::Fr.date(date), "1 nov. 2026");
        assert_eq!(Lang::Hi.date(date), "1 नव॰ 2026");
    }

    #[test]
    fn a_text_that_is_missing_is_its_key() {
        assert_eq!(Lang::Hi.t("no.such.text"), "no.such.text");
        assert!(!Lang::knows("no.such.text"));
    }
}
