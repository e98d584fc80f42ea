//! Names of KPIs as parts of addresses.

use std::collections::BTreeSet;

/// Characters at most of what a name gives; a number may follow.
const LONGEST: usize = 80;

/// The short form of `name`: letters and digits of ASCII in lower case, with one hyphen for whatever is between them.
/// A name without any gives `kpi`.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() == LONGEST {
            break;
        }
    }
    let end = slug.trim_end_matches('-').len();
    slug.truncate(end);
    if slug.is_empty() { "kpi".to_owned() } else { slug }
}

/// The short form of `name` that is not among `taken`: with `-2`, `-3`, … when it is. It is taken from then on.
pub fn free_slug(name: &str, taken: &mut BTreeSet<String>) -> String {
    let base = slug(name);
    let mut free = base.clone();
    let mut number = 1;
    while !taken.insert(free.clone()) {
        number += 1;
        free = format!("{base}-{number}");
    }
    free
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_slug_has_lower_case_letters_digits_and_single_hyphens() {
        assert_eq!(slug("A7: Number of coproduction processes"), "a7-number-of-coproduction-processes");
        assert_eq!(slug("  --Users (30 days)…  "), "users-30-days");
        assert_eq!(slug("सक्रिय उपयोगकर्ता"), "kpi");
        assert_eq!(slug(""), "kpi");
        assert_eq!(slug(&"ab ".repeat(100)).len(), 80);
    }

    #[test]
    fn a_slug_that_is_taken_gets_a_number() {
        let mut taken = BTreeSet::new();
        let slugs = ["Users", "users!", "USERS", "Users 2"].map(|name| free_slug(name, &mut taken));
        assert_eq!(slugs, ["users", "users-2", "users-3", "users-2-2"]);
        assert_eq!(taken.len(), 4);
    }

    proptest! {
        #[test]
        fn any_name_has_a_slug_that_needs_no_escaping(name in ".*") {
            let slug = slug(&name);
            prop_assert!((1..=LONGEST).contains(&slug.len()));
            let is_fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            prop_assert!(slug.chars().all(is_fine), "{slug}");
            prop_assert!(!slug.starts_with('-') && !slug.ends_with('-') && !slug.contains("--"), "{slug}");
        }
    }
}
