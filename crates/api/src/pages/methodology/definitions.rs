//! The definitions of `docs/indicators.md`, as HTML: one text for readers of the repository and of the page.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

const TEXT: &str = include_str!("../../../../../docs/indicators.md");

/// The definitions.
pub struct Definitions {
    /// HTML, made from a file of this repository.
    pub html: String,
    /// Address within the page and title of each part.
    pub parts: Vec<(String, String)>,
}

impl Definitions {
    /// Headings go one level down, wide tables scroll, and links to other files of the repository become text.
    pub fn new() -> Self {
        let mut parts = Vec::new();
        let events: Vec<_> = Parser::new_ext(TEXT, Options::ENABLE_TABLES).collect();
        let mut shown = Vec::with_capacity(events.len());
        let mut links = Vec::new();
        for (index, event) in events.iter().enumerate() {
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    let title = heading(&events[index + 1..]);
                    let id = format!("def-{}", slug(&title));
                    let level = below(*level);
                    shown.push(Event::Html(CowStr::from(format!("<{level} id=\"{id}\">"))));
                    if level == HeadingLevel::H3 {
                        parts.push((id, title));
                    }
                }
                Event::End(TagEnd::Heading(level)) => {
                    shown.push(Event::Html(CowStr::from(format!("</{}>\n", below(*level)))));
                }
                Event::Start(Tag::Table(_)) => {
                    shown.push(Event::Html(CowStr::from("<div class=\"scroll\" tabindex=\"0\">")));
                    shown.push(event.clone());
                }
                Event::End(TagEnd::Table) => {
                    shown.push(event.clone());
                    shown.push(Event::Html(CowStr::from("</div>\n")));
                }
                Event::Start(Tag::Link { dest_url, .. }) => {
                    let stays = dest_url.starts_with('#');
                    links.push(stays);
                    if stays {
                        shown.push(event.clone());
                    }
                }
                Event::End(TagEnd::Link) => {
                    if links.pop() == Some(true) {
                        shown.push(event.clone());
                    }
                }
                // Formulas are wider than a phone: they scroll, also by the keyboard.
                Event::Start(Tag::CodeBlock(_)) => {
                    shown.push(Event::Html(CowStr::from("<pre tabindex=\"0\"><code>")));
                }
                Event::End(TagEnd::CodeBlock) => shown.push(Event::Html(CowStr::from("</code></pre>\n"))),
                // A line of the file is no line of the page.
                Event::SoftBreak => shown.push(Event::Text(CowStr::from("\n"))),
                other => shown.push(other.clone()),
            }
        }
        let mut text = String::new();
        html::push_html(&mut text, shown.into_iter());
        Self { html: text, parts }
    }
}

/// Text of the heading that `events` begin with.
fn heading(events: &[Event<'_>]) -> String {
    let inside = events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    inside
        .filter_map(|event| match event {
            Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
            _ => None,
        })
        .collect()
}

fn below(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H2,
        HeadingLevel::H2 => HeadingLevel::H3,
        HeadingLevel::H3 => HeadingLevel::H4,
        _ => HeadingLevel::H5,
    }
}

fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_text_is_there_under_one_heading_less() {
        let definitions = Definitions::new();
        assert!(
            definitions.html.starts_with("<h2 id=\"def-indicators\">Indicators</h2>"),
            "{}",
            &definitions.html[..99]
        );
        assert!(!definitions.html.contains("<h1"));
        assert!(definitions.html.contains("<code>room_kg_out</code>"));
        assert!(definitions.parts.iter().any(|(id, title)| id == "def-exchange-rates" && title == "Exchange rates"));
    }

    #[test]
    fn no_link_leaves_the_page() {
        let definitions = Definitions::new();
        for link in definitions.html.split("href=\"").skip(1) {
            assert!(link.starts_with('#'), "{}", &link[..40.min(link.len())]);
        }
    }
}
