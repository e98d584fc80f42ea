//! Pages that were made and compressed before, for the next who asks for the same.

use std::cell::RefCell;
use std::collections::VecDeque;

use actix_web::http::header::EntityTag;
use actix_web::web::Bytes;

/// Bytes that are kept at most.
const MOST_BYTES: usize = 2 << 20;

/// Pages of one worker by their entity tags, which change with the data: what is found is what would be made.
#[derive(Debug, Default)]
pub struct KeptPages(RefCell<VecDeque<(EntityTag, Bytes)>>);

impl KeptPages {
    /// The page with this tag, if it is kept.
    pub fn get(&self, tag: &EntityTag) -> Option<Bytes> {
        self.0.borrow().iter().find(|(kept, _)| kept == tag).map(|(_, page)| page.clone())
    }

    /// Keeps a page. The oldest go.
    pub fn put(&self, tag: EntityTag, page: Bytes) {
        let mut pages = self.0.borrow_mut();
        pages.retain(|(kept, _)| *kept != tag);
        pages.push_front((tag, page));
        let mut bytes = 0;
        pages.retain(|(_, page)| {
            bytes += page.len();
            bytes <= MOST_BYTES
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_pages_go() {
        let (pages, tag) = (KeptPages::default(), |name: &str| EntityTag::new_strong(name.to_owned()));
        let page = |byte| Bytes::from(vec![byte; MOST_BYTES / 3]);
        for (byte, name) in (0..).zip(["a", "b", "b", "c", "d"]) {
            pages.put(tag(name), page(byte));
        }
        assert_eq!(pages.get(&tag("a")), None);
        assert_eq!(["b", "c", "d"].map(|name| pages.get(&tag(name)).map(|page| page[0])), [Some(2), Some(3), Some(4)]);
        pages.put(tag("e"), Bytes::from(vec![0; MOST_BYTES + 1]));
        assert_eq!(pages.get(&tag("e")), None, "too large to keep");
    }
}
