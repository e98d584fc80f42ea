//! Few texts that repeat in many rows, each kept once.

use std::sync::Arc;

/// The texts seen so far; meant for a handful of currencies.
#[derive(Debug, Default)]
pub struct Interner(Vec<Arc<str>>);

impl Interner {
    /// The shared text that equals `text`.
    pub fn get(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.iter().find(|known| &***known == text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.0.push(Arc::clone(&new));
        new
    }
}
