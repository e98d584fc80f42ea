//! The texts of the pages, from the files of `messages/`.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Lang;

type Texts = HashMap<String, String>;

static EN: LazyLock<Texts> = LazyLock::new(|| parse(include_str!("../../messages/en.toml")));
static FR: LazyLock<Texts> = LazyLock::new(|| parse(include_str!("../../messages/fr.toml")));
static HI: LazyLock<Texts> = LazyLock::new(|| parse(include_str!("../../messages/hi.toml")));

/// The text called `key` in a language.
pub fn find(lang: Lang, key: &str) -> Option<&'static str> {
    let texts: &'static Texts = match lang {
        Lang::En => &EN,
        Lang::Fr => &FR,
        Lang::Hi => &HI,
    };
    texts.get(key).map(String::as_str)
}

/// Texts of a file by `section.name`. The tests read every file, so one that cannot be read does not ship.
fn parse(file: &str) -> Texts {
    let sections: HashMap<String, HashMap<String, String>> = toml::from_str(file).unwrap_or_default();
    let texts = sections
        .into_iter()
        .flat_map(|(section, texts)| texts.into_iter().map(move |(name, text)| (format!("{section}.{name}"), text)));
    texts.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use metrics_core::quality::QualityFlag;

    use super::*;

    /// The names in braces.
    fn places(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn every_language_has_every_text_with_the_same_places() {
        assert!(EN.len() > 100, "the file cannot be read");
        for (name, texts) in [("fr", &*FR), ("hi", &*HI)] {
            let missing: Vec<_> = EN.keys().filter(|key| !texts.contains_key(*key)).collect();
            assert!(missing.is_empty(), "{name} lacks {missing:?}");
            let strange: Vec<_> = texts.keys().filter(|key| !EN.contains_key(*key)).collect();
            assert!(strange.is_empty(), "only {name} has {strange:?}");
            for (key, text) in texts {
                assert_eq!(places(text), places(&EN[key]), "{name}: {key}");
            }
        }
    }

    #[test]
    fn every_flag_has_its_texts() {
        for flag in QualityFlag::ALL {
            for part in ["name", "limits", "remedy"] {
                assert!(Lang::knows(&format!("flag.{flag}_{part}")), "{flag} {part}");
            }
        }
    }

    /// Every `t("…")` and `say("…"` of the templates and of the code names a text.
    #[test]
    fn every_text_that_is_asked_for_exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders = vec![root.join("templates"), root.join("src/pages"), root.join("src/databoard")];
        let mut asked = BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).expect("a file");
                for call in ["t(\"", "say(\"", "Say(\""] {
                    let found = text.split(call).skip(1).filter_map(|rest| rest.split('"').next());
                    asked.extend(
                        found
                            .filter(|key| {
                                key.contains('.')
                                    && !key.contains('%')
                                    && ![".css", ".js", ".svg"].iter().any(|end| key.ends_with(end))
                            })
                            .map(str::to_owned),
                    );
                }
            }
        }
        assert!(asked.len() > 100);
        let unknown: Vec<_> = asked.iter().filter(|key| !EN.contains_key(*key)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
