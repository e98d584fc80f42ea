//! Queries of the shapes that KPIs have, over the fixtures, with values checked by hand.
