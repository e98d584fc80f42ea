//! What a report was asked for, in words.

use metrics_core::instant;
use metrics_core::uptime::{Policy, Status, Step, Stores};

use crate::About;
use crate::numbers::grouped;

/// `2023-01-25 18:13:22.479220 UTC`, to the microsecond.
pub fn instant(instant_us: i64) -> String {
    instant::format_us(instant_us).replace('T', " ").replace('Z', " UTC")
}

/// The instant of the report, or why there is none.
pub fn as_of(about: &About) -> String {
    about.as_of_us.map_or_else(|| "No instant: there is no poll, and none was asked for".to_owned(), instant)
}

/// Which stores the report has.
pub fn stores(about: &About) -> String {
    match (&about.store_id, about.stores) {
        (Some(id), _) => format!("Only {id}"),
        (None, Stores::All) => "Every store that has polls, opening hours or a zone".to_owned(),
        (None, Stores::Polled) => "Those with a poll up to the instant of the report".to_owned(),
    }
}

/// What the policy means.
pub fn policy(policy: Policy) -> String {
    match policy {
        Policy::Step(options) => step(options),
        Policy::CappedSixtyMinutes => "Each poll in opening hours counts from its instant to the store\u{2019}s next poll, \
            or to closing after the last one, but at most 60 minutes: as up if it says active, as down if it says \
            inactive. All of that time counts in every window that has the poll, also where it runs past closing or past \
            the end of the window, so up and down do not add up to business time."
            .to_owned(),
        Policy::CountHours => "Each active poll in opening hours counts as one hour up, together at most the length of \
            the window. The rest of the window counts as down, whether the store was open or not, so up and down add up \
            to the window and not to business time."
            .to_owned(),
        Policy::CountHoursEdges => "Each active poll in opening hours counts as one hour up. Besides, the time from \
            opening to the first poll counts if that is active, and the time from the last poll to closing if that is; \
            together at most the length of the window. The rest of the window counts as down, whether the store was \
            open or not, so up and down add up to the window and not to business time."
            .to_owned(),
    }
}

fn step(options: Step) -> String {
    let assumed = match options.assume {
        Status::Active => "up",
        Status::Inactive => "down",
    };
    let rule = "A store is up or down as its latest poll said, until the next poll or until it closes; the first poll \
        after opening also speaks for the time since opening. Opening hours without a poll go on as the latest poll \
        before them said, or else as the first poll after them says.";
    let limit = match options.max_carry {
        None => format!("A store without any poll in opening hours counts as {assumed} (assume)."),
        Some(max_carry) => format!(
            "A poll is believed for {} minutes before and after it (max_carry); business time farther from its poll, \
             and all of it where there is none, counts as {assumed} (assume).",
            grouped(max_carry.minutes().into()),
        ),
    };
    format!("{rule} {limit} Up and down add up to business time.")
}

#[cfg(test)]
mod tests {
    use metrics_core::uptime::MaxCarry;

    use super::*;

    #[test]
    fn an_instant_is_shown_to_the_microsecond() {
        assert_eq!(instant(1_674_670_402_479_220), "2023-01-25 18:13:22.479220 UTC");
    }

    #[test]
    fn options_of_step_are_told() {
        let words = |max_carry, assume| policy(Policy::new("step", max_carry, assume).unwrap());
        assert!(words(None, None).contains("without any poll in opening hours counts as down (assume)"));
        assert!(words(None, Some(Status::Active)).contains("counts as up (assume)"));
        let carried = words(MaxCarry::new(1_440), None);
        assert!(carried.contains("believed for 1,440 minutes before and after it (max_carry)"), "{carried}");
        assert!(carried.contains("counts as down (assume)"));
    }

    #[test]
    fn policies_say_what_up_and_down_add_up_to() {
        for (name, sum) in [
            ("step", "Up and down add up to business time."),
            ("capped-60m", "do not add up to business time."),
            ("count-hours", "add up to the window and not to business time."),
            ("count-hours-edges", "add up to the window and not to business time."),
        ] {
            let words = policy(Policy::new(name, None, None).unwrap());
            assert!(words.ends_with(sum), "{words}");
        }
    }
}
