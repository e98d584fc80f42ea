//! The id of a KPI in addresses, made of its name.

/// Characters of the longest slug.
const LONGEST: usize = 80;

/// Letters and digits of `name` in lower case, with one hyphen for whatever is between them; `kpi` when there are none.
///
/// Letters of all scripts stay, so that a name that is not Latin has an id of its own. Different names may have the
/// same slug.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    let mut characters = 0;
    for word in name.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !slug.is_empty() {
            slug.push('-');
            characters += 1;
        }
        for char in word.chars().flat_map(char::to_lowercase) {
            slug.push(char);
            characters += 1;
            if characters >= LONGEST {
                return slug;
            }
        }
        if characters >= LONGEST {
            return slug;
        }
    }
    if slug.is_empty() { "kpi".to_owned() } else { slug }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_joined_by_one_hyphen() {
        for (name, expected) in [
            ("A7: Number of coproduction processes", "a7-number-of-coproduction-processes"),
            ("  A1.2 — used (%)  ", "a1-2-used"),
            ("Αριθμός διαδικασιών", "αριθμός-διαδικασιών"),
            ("=1+1", "1-1"),
            ("—", "kpi"),
            ("", "kpi"),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
        assert_eq!(slug(&"ab ".repeat(100)).chars().count(), 80);
    }
}
