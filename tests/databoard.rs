//! Saved dashboards and channels.

mod channels;
mod points;
