//! Figures: a number as people read it, with the number as it is stored, or the reason why there is none.

use askama::Template;
use askama::filters::HtmlSafe;
use rust_decimal::Decimal;

use super::Page;
use crate::locale;

/// Digits after the point at most of a number that may have any.
const MOST_PLACES: u32 = 6;

/// Why a figure is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The operational database does not state it.
    NotStated,
    /// No day has a capacity in crates.
    NoCapacity,
    /// An exchange rate or a currency is missing.
    NoRate,
    /// The amounts are in several currencies.
    SeveralCurrencies,
    /// The surveys behind the figure are in several currencies.
    MixedCurrencies,
    /// No survey states it, or what it is compared with is 0.
    NotSurveyed,
    /// Electricity or its source is unknown.
    NoElectricity,
    /// Households differ between the cooling units.
    SeveralHouseholds,
    /// The number has more digits than can be kept.
    TooLarge,
    /// No day of the range is stored.
    NoDays,
    /// The run has not ended.
    Running,
    /// The store was closed all the time.
    NoBusiness,
    /// No uptime is stored.
    NoUptime,
    /// The run could not compute the KPI.
    KpiFailed,
    /// The query of the KPI gave null.
    KpiNull,
    /// No run has had a value of the KPI.
    KpiNever,
}

impl Reason {
    /// Name in addresses within the page, and of its texts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotStated => "not_stated",
            Self::NoCapacity => "no_capacity",
            Self::NoRate => "no_rate",
            Self::SeveralCurrencies => "several_currencies",
            Self::MixedCurrencies => "mixed_currencies",
            Self::NotSurveyed => "not_surveyed",
            Self::NoElectricity => "no_electricity",
            Self::SeveralHouseholds => "several_households",
            Self::TooLarge => "too_large",
            Self::NoDays => "no_days",
            Self::Running => "running",
            Self::NoBusiness => "no_business",
            Self::NoUptime => "no_uptime",
            Self::KpiFailed => "kpi_failed",
            Self::KpiNull => "kpi_null",
            Self::KpiNever => "kpi_never",
        }
    }

    /// Key of its text.
    pub fn key(self) -> String {
        format!("reason.{}", self.name())
    }
}

/// A number, or none with the reason.
#[derive(Debug, Template)]
#[template(
    ext = "html",
    source = r##"
{%- match content -%}
{%- when Content::Number with { stored, shown } -%}
<data value="{{ stored }}">{{ shown }}</data>{% if !unit.is_empty() %}&nbsp;<span class="unit">{{ unit }}</span>{% endif -%}
{%- when Content::Text with (text) -%}
{{ text }}
{%- when Content::Unknown with { anchor, why } -%}
<a class="unknown" href="#why-{{ anchor }}" title="{{ why }}">–<span class="sr">{{ why }}</span></a>
{%- endmatch -%}
{%- if let Some(partial) = partial %} <a class="partial" href="#partial" title="{{ partial.0 }}">{{ partial.1 }}</a>{% endif -%}
"##
)]
pub struct Figure {
    content: Content,
    unit: String,
    /// What it rests on, when not on all days: in words, and in short.
    partial: Option<(String, String)>,
}

impl HtmlSafe for Figure {}

#[derive(Debug)]
enum Content {
    Number { stored: String, shown: String },
    Text(String),
    Unknown { anchor: &'static str, why: String },
}

impl Figure {
    fn new(content: Content) -> Self {
        Self { content, unit: String::new(), partial: None }
    }

    fn number(stored: &impl ToString, shown: String) -> Self {
        Self::new(Content::Number { stored: stored.to_string(), shown })
    }

    /// With a unit, unless there is no number.
    pub fn unit(self, unit: &str) -> Self {
        let unit = if matches!(self.content, Content::Number { .. }) { unit.to_owned() } else { String::new() };
        Self { unit, ..self }
    }

    /// A number that rests on fewer than all `days`. One without any is unknown, which says it already.
    pub fn partial(self, page: &Page, missing: u32, days: u32) -> Self {
        if missing == 0 || missing >= days || !matches!(self.content, Content::Number { .. }) {
            return self;
        }
        let [known, days] = [days - missing, days].map(|days| locale::float(page.lang, days.into(), 0));
        let values = [("known", known.as_str()), ("days", days.as_str())];
        let partial = (page.lang.say("figure.partial", &values), page.lang.say("figure.partial_short", &values));
        Self { partial: Some(partial), ..self }
    }
}

impl Page {
    /// No number, and why.
    pub fn unknown(&self, reason: Reason) -> Figure {
        self.note(reason);
        Figure::new(Content::Unknown { anchor: reason.name(), why: self.t(&reason.key()).to_owned() })
    }

    /// How many.
    pub fn count(&self, number: impl TryInto<i64>) -> Figure {
        match number.try_into() {
            Ok(number) => Figure::number(&number, locale::decimal(self.lang, Decimal::from(number), 0)),
            Err(_) => self.unknown(Reason::TooLarge),
        }
    }

    /// How many, if that is known.
    pub fn maybe_count<N: TryInto<i64>>(&self, number: Option<N>, reason: Reason) -> Figure {
        number.map_or_else(|| self.unknown(reason), |number| self.count(number))
    }

    /// A measured number.
    pub fn float(&self, number: f64, places: usize) -> Figure {
        Figure::number(&number, locale::float(self.lang, number, places))
    }

    /// A measured number, if it is known.
    pub fn maybe_float(&self, number: Option<f64>, places: usize, reason: Reason) -> Figure {
        number.map_or_else(|| self.unknown(reason), |number| self.float(number, places))
    }

    /// A change, if it is known: a rise has a plus.
    pub fn maybe_change(&self, number: Option<f64>, places: usize, reason: Reason) -> Figure {
        match number {
            Some(rise) if rise > 0.0 => Figure::number(&rise, format!("+{}", locale::float(self.lang, rise, places))),
            other => self.maybe_float(other, places, reason),
        }
    }

    /// An exact number.
    pub fn decimal(&self, number: Decimal, places: usize) -> Figure {
        Figure::number(&number, locale::decimal(self.lang, number, places))
    }

    /// An exact number, if it is known.
    pub fn maybe_decimal(&self, number: Option<Decimal>, places: usize, reason: Reason) -> Figure {
        number.map_or_else(|| self.unknown(reason), |number| self.decimal(number, places))
    }

    /// A number as JSON has it, with all its digits; anything else as it is.
    pub fn json(&self, json: &str) -> Figure {
        if let Ok(number) = json.parse::<Decimal>().or_else(|_| Decimal::from_scientific(json)) {
            let places = number.normalize().scale().min(MOST_PLACES) as usize;
            return Figure::number(&json, locale::decimal(self.lang, number, places));
        }
        if json.parse::<f64>().is_ok() {
            return Figure::number(&json, json.to_owned());
        }
        let text = serde_json::from_str(json).unwrap_or_else(|_| json.to_owned());
        Figure::new(Content::Text(text))
    }

    /// A name, if it is known.
    pub fn maybe_text(&self, text: Option<&str>) -> Figure {
        text.map_or_else(|| self.unknown(Reason::NotStated), |text| Figure::new(Content::Text(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn page() -> Page {
        Page::new(&TestRequest::with_uri("/").to_http_request())
    }

    fn html(figure: &Figure) -> String {
        figure.render().expect("a figure")
    }

    #[test]
    fn a_number_is_there_twice_as_stored_and_as_read() {
        let figure = page().float(1234.5, 1).unit("kg");
        assert_eq!(html(&figure), r#"<data value="1234.5">1,234.5</data>&nbsp;<span class="unit">kg</span>"#);
    }

    #[test]
    fn a_missing_number_has_a_dash_a_reason_and_no_unit() {
        let page = page();
        let text = html(&page.maybe_float(None, 1, Reason::NoCapacity).unit("%"));
        assert!(text.contains('–') && text.contains("href=\"#why-no_capacity\""), "{text}");
        assert!(!text.contains('%') && !text.contains('0'), "{text}");
        assert_eq!(page.reasons(), [Reason::NoCapacity]);
    }

    #[test]
    fn a_number_over_some_of_the_days_says_so() {
        let page = page();
        assert!(html(&page.count(5).partial(&page, 2, 30)).contains("28"));
        assert!(!html(&page.count(5).partial(&page, 0, 30)).contains("partial"));
        assert!(!html(&page.unknown(Reason::NoRate).partial(&page, 30, 30)).contains("partial"));
    }

    #[test]
    fn a_change_shows_its_direction() {
        let change = |number| html(&page().maybe_change(Some(number), 1, Reason::NotSurveyed));
        assert_eq!(change(22.5), r#"<data value="22.5">+22.5</data>"#);
        assert_eq!(change(-3.0), "<data value=\"-3\">\u{2212}3.0</data>");
        assert_eq!(change(0.0), r#"<data value="0">0.0</data>"#);
    }

    #[test]
    fn a_number_of_json_keeps_its_digits() {
        let shown = |json: &str| html(&page().json(json));
        assert_eq!(shown("1234"), r#"<data value="1234">1,234</data>"#);
        assert_eq!(shown("0.50"), r#"<data value="0.50">0.5</data>"#);
        assert_eq!(shown("1.5e3"), r#"<data value="1.5e3">1,500</data>"#);
        let long = "123456789012345678901234567890123";
        assert_eq!(shown(long), format!("<data value=\"{long}\">{long}</data>"));
        assert_eq!(shown("1e300"), r#"<data value="1e300">1e300</data>"#);
        assert_eq!(shown(r#""a<b""#), "a&#60;b");
    }

    #[test]
    fn names_are_escaped() {
        assert_eq!(html(&page().maybe_text(Some("<script>"))), "&#60;script&#62;");
    }
}
