//! `reporter-kpi`: what `reporter kpi …` and `reporter --view kpi` run.

fn main() {}
