//! What dashboards are held against: the schema that is built in, or one of the operator's.

use ring::digest::{SHA256, digest};

use super::{Document, is_dashboard};

/// The schema that is built in, as a document; [`is_dashboard`] is what runs, and a test holds one against the other.
const BUILT_IN: &str = include_str!("dashboarddto.schema.json");

/// A schema of dashboards.
pub struct Schema {
    rules: Rules,
    source: String,
    text: String,
}

enum Rules {
    BuiltIn,
    Given(Box<jsonschema::Validator>),
}

impl Schema {
    /// Name of its file in a folder or at an address.
    pub const FILE: &str = "dashboarddto.schema.json";

    /// The one that is built in.
    pub fn built_in() -> Self {
        Self { rules: Rules::BuiltIn, source: "built in".to_owned(), text: BUILT_IN.to_owned() }
    }

    /// One of an operator, a JSON Schema of draft 7, from the place `source`. The error says what is wrong with it.
    pub fn parse(text: String, source: String) -> Result<Self, String> {
        let schema = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let validator = jsonschema::draft7::new(&schema).map_err(|error| error.to_string())?;
        Ok(Self { rules: Rules::Given(Box::new(validator)), source, text })
    }

    /// Where it is from, for people.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether a document follows it.
    pub fn accepts(&self, document: &Document) -> bool {
        match &self.rules {
            Rules::BuiltIn => is_dashboard(document.root()),
            // Numbers beyond its tree have been refused before.
            Rules::Given(validator) => {
                serde_json::from_str(&document.to_json()).is_ok_and(|value| validator.is_valid(&value))
            }
        }
    }

    /// SHA-256 of its text, in hexadecimal digits.
    pub fn sha256(&self) -> String {
        let digest = digest(&SHA256, self.text.as_bytes());
        digest.as_ref().iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
    }
}
