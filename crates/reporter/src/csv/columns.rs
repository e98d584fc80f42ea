//! Where the wanted columns are.

use std::path::Path;

use super::error::ReadError;

/// Bytes of a header that an error shows.
const SHOWN: usize = 200;

/// Places of `N` columns in the records of a file.
#[derive(Debug, Clone, Copy)]
pub struct Columns<const N: usize> {
    /// Fields of a record.
    count: usize,
    /// Places of the columns, in the order in which they were asked for.
    places: [usize; N],
}

impl<const N: usize> Columns<N> {
    /// Finds columns by their names, of which each may have several, in the fields of a header.
    pub fn find(file: &Path, header: &[&[u8]], wanted: [&[&str]; N]) -> Result<Self, ReadError> {
        let mut places = [0; N];
        for (place, names) in places.iter_mut().zip(wanted) {
            let is_wanted =
                |field: &[u8]| names.iter().any(|name| field.trim_ascii().eq_ignore_ascii_case(name.as_bytes()));
            let mut found = header.iter().enumerate().filter(|(_, field)| is_wanted(field));
            let error = |is_missing| {
                let (file, column) = (file.to_owned(), names.join(" or "));
                let joined = header.join(&b',');
                let header = String::from_utf8_lossy(&joined[..joined.len().min(SHOWN)]).into_owned();
                if is_missing {
                    ReadError::MissingColumn { file, column, header }
                } else {
                    ReadError::RepeatedColumn { file, column, header }
                }
            };
            let (first, second) = (found.next(), found.next());
            *place = first.map(|(place, _)| place).ok_or_else(|| error(true))?;
            if second.is_some() {
                return Err(error(false));
            }
        }
        Ok(Self { count: header.len(), places })
    }

    /// Fields of a record.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Which of the wanted columns, if any, is in this place.
    pub fn wanted(&self, place: usize) -> Option<usize> {
        self.places.iter().position(|wanted| *wanted == place)
    }
}
