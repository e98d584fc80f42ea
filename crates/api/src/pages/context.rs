//! What every page knows: its language, its place, and which figures it could not show.

use std::cell::RefCell;
use std::collections::BTreeSet;

use actix_web::HttpRequest;
use actix_web::web::Query;

use super::assets;
use super::figure::Reason;
use crate::locale::Lang;

/// The parts of the site, as the navigation lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Companies.
    Overview,
    /// Cooling units side by side.
    Compare,
    /// What storage changed for farmers.
    Impact,
    /// Uptime of stores.
    Fleet,
    /// Values of queries over several data stores.
    Kpis,
    /// Runs, rejects and flags.
    Status,
    /// Definitions and parameters.
    Methodology,
    /// Forms for the raw API.
    Query,
    /// None of them.
    Other,
}

impl Section {
    const ALL: [(Self, &'static str, &'static str); 8] = [
        (Self::Overview, "./", "nav.overview"),
        (Self::Compare, "compare", "nav.compare"),
        (Self::Impact, "impact", "nav.impact"),
        (Self::Fleet, "fleet", "nav.fleet"),
        (Self::Kpis, "kpis", "nav.kpis"),
        (Self::Status, "status", "nav.status"),
        (Self::Methodology, "methodology", "nav.methodology"),
        (Self::Query, "query", "nav.query"),
    ];
}

/// A link of the navigation.
#[derive(Debug)]
pub struct NavLink<'a> {
    /// Where it leads.
    pub href: String,
    /// What it is called.
    pub name: &'a str,
    /// True when it leads to this part of the site.
    pub is_current: bool,
}

/// A link to this page in another language.
#[derive(Debug)]
pub struct LanguageLink {
    /// The language.
    pub lang: Lang,
    /// Where it leads.
    pub href: String,
    /// True when the page is in this language.
    pub is_current: bool,
}

/// One page under way.
#[derive(Debug)]
pub struct Page {
    /// Its language.
    pub lang: Lang,
    /// True when the address names the language: then its links do too.
    names_lang: bool,
    /// From its address to where links begin, as a rule the start page: links stay right behind a path prefix.
    root: String,
    /// The parameters of its address without the language, as they were sent.
    parameters: String,
    /// Why figures are missing, as far as some are.
    reasons: RefCell<BTreeSet<Reason>>,
}

impl Page {
    /// The page that answers `request`.
    pub fn new(request: &HttpRequest) -> Self {
        Self::below(request, request.path().matches('/').count())
    }

    /// The page that answers `request`, whose links begin above the last `names` names of its address, an empty one
    /// behind a slash included.
    pub fn below(request: &HttpRequest, names: usize) -> Self {
        let query = request.query_string();
        let pairs = Query::<Vec<(String, String)>>::from_query(query).map(Query::into_inner).unwrap_or_default();
        let asked = pairs.iter().find(|(name, _)| name == "lang").and_then(|(_, code)| Lang::of_code(code));
        let parameters: Vec<_> =
            query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang=")).collect();
        Self {
            lang: asked.unwrap_or_else(|| Lang::accepted(request)),
            names_lang: asked.is_some(),
            root: "../".repeat(names.saturating_sub(1)),
            parameters: parameters.join("&"),
            reasons: RefCell::default(),
        }
    }

    /// The text called `key`.
    pub fn t<'a>(&'a self, key: &'a str) -> &'a str {
        self.lang.t(key)
    }

    /// The text called `key`, with a value in the place of `{name}`.
    pub fn say(&self, key: &str, name: &str, value: &str) -> String {
        self.lang.say(key, &[(name, value)])
    }

    /// The unit of counts of crates.
    pub fn crates(&self) -> &str {
        self.lang.t("unit.crates")
    }

    /// Address of a page, from this one, in its language.
    pub fn link(&self, path: &str) -> String {
        let address = self.raw(path);
        if !self.names_lang {
            return address;
        }
        let joint = if address.contains('?') { '&' } else { '?' };
        format!("{address}{joint}lang={}", self.lang.code())
    }

    /// Address of something that has no language.
    pub fn raw(&self, path: &str) -> String {
        match path.strip_prefix("./") {
            // At the root an empty address would be this page with its parameters.
            Some("") if self.root.is_empty() => "./".to_owned(),
            Some(rest) => format!("{}{rest}", self.root),
            None => format!("{}{path}", self.root),
        }
    }

    /// Address of a file of the pages.
    pub fn asset(&self, name: &str) -> String {
        format!("{}{}", self.root, assets::path(name))
    }

    /// The language, when a form has to carry it along.
    pub fn form_lang(&self) -> Option<&'static str> {
        self.names_lang.then(|| self.lang.code())
    }

    /// The navigation of a page in `current`.
    pub fn navigation(&self, current: Section) -> Vec<NavLink<'_>> {
        let links = Section::ALL.iter().map(|(section, path, key)| NavLink {
            href: self.link(path),
            name: self.t(key),
            is_current: *section == current,
        });
        links.collect()
    }

    /// This page in each language.
    pub fn languages(&self) -> Vec<LanguageLink> {
        let joint = if self.parameters.is_empty() { "" } else { "&" };
        let links = Lang::ALL.into_iter().map(|lang| LanguageLink {
            lang,
            href: format!("?{}{joint}lang={}", self.parameters, lang.code()),
            is_current: lang == self.lang,
        });
        links.collect()
    }

    /// Remembers that a figure is missing.
    pub(super) fn note(&self, reason: Reason) {
        self.reasons.borrow_mut().insert(reason);
    }

    /// Why figures are missing.
    pub fn reasons(&self) -> Vec<Reason> {
        self.reasons.borrow().iter().copied().collect()
    }

    /// What the client sees of its request, for entity tags.
    pub fn variant(&self) -> String {
        format!("{}{}", self.lang.code(), if self.names_lang { "!" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn page(uri: &str) -> Page {
        Page::new(&TestRequest::with_uri(uri).to_http_request())
    }

    #[test]
    fn links_are_relative_to_the_page() {
        let start = page("/");
        assert_eq!([start.link("./"), start.link("compare"), start.raw("docs/")], ["./", "compare", "docs/"]);
        let company = page("/companies/9?start_date=2026-11-01");
        assert_eq!([company.link("./"), company.link("compare?company_id=9")], ["../", "../compare?company_id=9"]);
    }

    #[test]
    fn a_language_in_the_address_is_kept() {
        let company = page("/companies/9?lang=fr&start_date=2026-11-01");
        assert_eq!(company.lang, Lang::Fr);
        assert_eq!(company.link("compare?company_id=9"), "../compare?company_id=9&lang=fr");
        assert_eq!(company.link("./"), "../?lang=fr");
        assert_eq!(company.languages()[2].href, "?start_date=2026-11-01&lang=hi");
        assert_eq!(page("/").languages()[0].href, "?lang=en");
    }
}
