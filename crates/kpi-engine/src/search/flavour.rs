//! Which product and version answers, and how its results are paged.

use std::fmt;

use serde::Deserialize;

/// What `GET /` says, as far as it matters.
#[derive(Debug, Deserialize)]
pub(super) struct Greeting {
    version: GreetingVersion,
}

#[derive(Debug, Deserialize)]
struct GreetingVersion {
    number: String,
    #[serde(default)]
    distribution: Option<String>,
}

/// How all documents are read, page by page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paging {
    /// A point in time of Elasticsearch, in the order `_shard_doc`.
    ElasticsearchPit,
    /// The same of OpenSearch, whose requests have other names.
    OpenSearchPit,
    /// A scroll, where there is no point in time, or no order in it that tells all documents apart: with `_doc` alone,
    /// a document whose number equals that of the last one of a page, in another shard, would be passed over.
    Scroll,
}

/// Product and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flavour {
    product: Product,
    major: u32,
    minor: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Product {
    Elasticsearch,
    OpenSearch,
}

impl Flavour {
    /// What the greeting tells; `has_product_header` is whether it came with `X-Elastic-Product: Elasticsearch`.
    pub(super) fn of(greeting: &Greeting, has_product_header: bool) -> Result<Self, String> {
        let number = &greeting.version.number;
        let mut parts = number.split(['.', '-']).map(str::parse);
        let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) else {
            return Err(format!("its version is `{number}`"));
        };
        let product = match greeting.version.distribution.as_deref() {
            Some("opensearch") => Product::OpenSearch,
            _ => Product::Elasticsearch,
        };
        let flavour = Self { product, major, minor };
        match product {
            Product::Elasticsearch if (major, minor) >= (7, 14) && !has_product_header => {
                Err(format!("it calls itself version {number}, without the header of Elasticsearch"))
            }
            Product::Elasticsearch if major < 6 => Err(format!("{flavour} is older than 6")),
            _ => Ok(flavour),
        }
    }

    pub(super) fn paging(&self) -> Paging {
        match (self.product, self.major, self.minor) {
            // `_shard_doc` came one and two versions after points in time.
            (Product::Elasticsearch, 8.., _) | (Product::Elasticsearch, 7, 12..) => Paging::ElasticsearchPit,
            (Product::OpenSearch, 4.., _) | (Product::OpenSearch, 3, 3..) => Paging::OpenSearchPit,
            _ => Paging::Scroll,
        }
    }

    /// Whether mappings have the name of a type above their properties.
    pub(super) fn has_types(&self) -> bool {
        self.product == Product::Elasticsearch && self.major < 7
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let product = match self.product {
            Product::Elasticsearch => "Elasticsearch",
            Product::OpenSearch => "OpenSearch",
        };
        write!(f, "{product} {}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flavour(json: &str, has_header: bool) -> Result<Flavour, String> {
        Flavour::of(&serde_json::from_str(json).expect("JSON"), has_header)
    }

    #[test]
    fn paging_follows_product_and_version() {
        for (json, expected) in [
            (r#"{"version":{"number":"9.1.0"}}"#, Paging::ElasticsearchPit),
            (r#"{"version":{"number":"7.12.0"}}"#, Paging::ElasticsearchPit),
            (r#"{"version":{"number":"7.11.2"}}"#, Paging::Scroll),
            (r#"{"version":{"number":"6.8.23"}}"#, Paging::Scroll),
            (r#"{"version":{"number":"3.8.0","distribution":"opensearch"}}"#, Paging::OpenSearchPit),
            (r#"{"version":{"number":"3.2.0","distribution":"opensearch"}}"#, Paging::Scroll),
            (r#"{"version":{"number":"2.19.1","distribution":"opensearch"}}"#, Paging::Scroll),
            (r#"{"version":{"number":"8.0.0-SNAPSHOT"}}"#, Paging::ElasticsearchPit),
        ] {
            assert_eq!(flavour(json, true).expect("supported").paging(), expected, "{json}");
        }
        assert!(flavour(r#"{"version":{"number":"6.8.0"}}"#, false).expect("supported").has_types());
    }

    #[test]
    fn what_only_looks_like_elasticsearch_is_refused() {
        assert!(flavour(r#"{"version":{"number":"8.17.0"}}"#, false).is_err());
        assert!(flavour(r#"{"version":{"number":"7.10.2"}}"#, false).is_ok(), "the header is newer");
        assert!(flavour(r#"{"version":{"number":"5.6.0"}}"#, false).is_err());
        assert!(flavour(r#"{"version":{"number":"v1"}}"#, true).is_err());
    }
}
