//! Saved dashboards and channels.

mod channels;
mod curve;
mod points;
mod stub;
mod upstream;
