//! PDFs as another program reads them: pdftotext of poppler, where it is installed.

#![expect(clippy::expect_used, reason = "a test fails where it cannot go on")]

#[path = "../../../tests/support/absent.rs"]
mod absent;

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::process::{Command, Stdio};

use absent::passes_over;
use metrics_core::instant::{HOUR_US, MINUTE_US, SECOND_US};
use metrics_core::uptime::{
    Bounds, Figures, Fleet, Intake, MaxCarry, OpeningHours, Options, Policy, Poll, Report, Status, StoreFigures,
    StoreIds, Stores, coverage, push_classic,
};
use report_pdf::{About, UptimePdf, write_report};

/// 2023-01-25 18:13:22.479220 UTC.
const AS_OF_US: i64 = 1_674_670_402_479_220;

/// The text of a PDF; `None` after saying that pdftotext is not there.
fn text(pdf: &[u8], options: &[&str]) -> Option<String> {
    let mut command = Command::new("pdftotext");
    command.args(options).args(["-", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = match command.spawn() {
        Ok(program) => program,
        Err(error) => {
            passes_over(&format!("pdftotext is not there ({error}); apt-get install poppler-utils"));
            return None;
        }
    };
    let mut input = program.stdin.take().expect("its input");
    let output = std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(pdf).expect("it reads everything"));
        program.wait_with_output().expect("its output")
    });
    // It complains here when an object is not where the table of the file says.
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

/// Lines as they stand on the pages, with single blanks.
fn lines(pdf: &[u8]) -> Option<Vec<String>> {
    let text = text(pdf, &["-layout"])?;
    Some(text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect())
}

/// Polls of so many stores: some closed, some always open, some never polled.
fn report(stores: u32, options: Options) -> Report {
    let (mut ids, mut fleet, mut intake) = (StoreIds::default(), Fleet::default(), Intake::new(options.bounds));
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((state >> 33) % below).expect("31 bits")
    };
    for store in 0..stores {
        ids.push(&format!("{}{store:05}", 10_000_000_000_000 + random(9_000_000)));
        for weekday in 0..7 {
            if store % 3 > 0 && random(5) > 0 {
                let (open, close) = (random(12) * HOUR_US, (12 + random(13)) * HOUR_US);
                fleet.add_hours(store, OpeningHours::new(weekday, open, close).expect("hours"));
            }
        }
        if store % 11 == 5 {
            continue;
        }
        let inactive = match random(5) {
            0 | 1 => 0,
            2 => 3,
            3 => 50,
            _ => 100,
        };
        for hour in 0..192 {
            let status = if random(100) < inactive { Status::Inactive } else { Status::Active };
            let at_us = AS_OF_US - i64::from(hour) * HOUR_US - random(40 * 60) * SECOND_US;
            intake.take(Poll::new(at_us, status), Some(store));
        }
    }
    Report::compute(ids, &fleet, intake, options, NonZeroUsize::MIN)
}

fn options(policy: Policy) -> Options {
    Options { bounds: Bounds { as_of_us: Some(AS_OF_US), not_after_us: None }, policy, stores: Stores::All }
}

fn about() -> About {
    About { as_of_us: Some(AS_OF_US), policy: Policy::default(), stores: Stores::All, store_id: None }
}

fn pdf(about: About, rows: &[(&str, StoreFigures)]) -> Vec<u8> {
    let mut pdf = UptimePdf::new(about, Vec::new()).expect("memory");
    for (id, figures) in rows {
        pdf.add(id, figures).expect("memory");
    }
    pdf.finish().expect("memory")
}

fn open(up_h: i64) -> StoreFigures {
    let (business_us, up_us) = (24 * HOUR_US, up_h * HOUR_US);
    let down_us = business_us - up_us;
    [Figures { business_us, up_us, down_us, observed_us: HOUR_US, lo_us: 0, hi_us: business_us, polls: 1 }; 3]
}

#[test]
fn every_store_and_figure_of_the_classic_form_is_in_it_with_its_coverage() {
    for name in ["step", "capped-60m", "count-hours", "count-hours-edges"] {
        let report = report(300, options(Policy::new(name, None, None).expect("a policy")));
        let Some(lines) = lines(&write_report(&report, Vec::new()).expect("memory")) else { return };
        let mut classic = Vec::new();
        for (id, figures) in report.rows() {
            push_classic(&mut classic, id, figures);
        }
        let classic = String::from_utf8(classic).expect("UTF-8");
        let start = lines.iter().position(|line| line == "All stores").expect("the table");
        let mut rows = lines[start..].iter();
        for (line, (id, figures)) in classic.lines().zip(report.rows()) {
            let cells: Vec<&str> = line.split(',').collect();
            let coverage = figures.map(|figures| Some(coverage(&figures)).filter(|coverage| !coverage.is_empty()));
            let [hour, day, week] = coverage.map(|coverage| coverage.unwrap_or_else(|| "–".to_owned()));
            let expected = format!(
                "{id} {} {} {hour} {} {} {day} {} {} {week}",
                cells[1], cells[4], cells[2], cells[5], cells[3], cells[6]
            );
            assert!(rows.any(|line| *line == expected), "{name}: not there, or not in order: {expected}");
        }
    }
}

#[test]
fn pages_are_numbered_and_repeat_the_header_of_the_table() {
    let report = report(300, options(Policy::default()));
    let Some(lines) = lines(&write_report(&report, Vec::new()).expect("memory")) else { return };
    let numbers: Vec<&str> =
        lines.iter().filter_map(|line| line.split_once("Page ").map(|(_, number)| number)).collect();
    let expected: Vec<String> = (1..=numbers.len()).map(|page| format!("{page} of {}", numbers.len())).collect();
    assert_eq!(numbers, expected);
    let headers =
        lines.iter().filter(|line| *line == "Store Up Down Coverage Up Down Coverage Up Down Coverage").count();
    assert!(headers == numbers.len() - 2 && headers > 3, "{headers} of {}", numbers.len());
    let footer = "Uptime of stores, as of 2023-01-25 18:13:22.479220 UTC, policy step Page 1 of";
    assert!(lines.iter().any(|line| line.starts_with(footer)));
}

#[test]
fn the_first_pages_say_what_it_is_and_name_the_lowest() {
    let policy = Policy::new("step", MaxCarry::new(90), Some(Status::Active)).expect("a policy");
    let closed = [Figures::default(); 3];
    let mut unpolled = open(0);
    for figures in &mut unpolled {
        figures.polls = 0;
    }
    let about = About { policy, stores: Stores::Polled, ..about() };
    let rows =
        [("closed", closed), ("half", open(12)), ("most", open(23)), ("unpolled", unpolled), ("whole", open(24))];
    let Some(lines) = lines(&pdf(about, &rows)) else { return };
    // Sentences go over several lines.
    let whole = lines.join(" ");
    let has = |text: &str| assert!(whole.contains(text), "{text} is not in {lines:#?}");
    has("As of 2023-01-25 18:13:22.479220 UTC");
    has("Policy step;max_carry=90;assume=active");
    has("believed for 90 minutes before and after it (max_carry)");
    has("Stores Those with a poll up to the instant of the report");
    // 12 + 23 + 0 + 24 of 96 hours are up; 4 of them are observed, and nothing is sure.
    has("Last week 4 1 96.00 59.00 37.00 0.6146 0.0417 0.00 96.00");
    has("61.46 %");
    has("Stores by their uptime share in the last week: 4; left out, as they have none (see – below): 1.");
    has("the stores that were polled in opening hours in the last week (3 in all), at most 20");
    // No real hour has 24 hours; it shows that the unit is the minute.
    has("1 half Hour, min 1,440.00 720.00 720.00 0.5000 0.0417 0.00 1,440.00 1");
    has("Week, h 24.00 12.00 12.00 0.5000 0.0417 0.00 24.00 1");
    has("2 most");
    has("3 whole");
    has("closed 0.00 0.00 – 0.00 0.00 – 0.00 0.00 –");
    assert!(!lines.iter().any(|line| line.contains("4 unpolled") || line.contains("4 closed")));
}

#[test]
fn an_id_is_whole_however_long_and_in_whatever_script() {
    let long = (0..3_000).map(|number| number.to_string()).collect::<String>();
    let ids = ["\t", "8f14e45f-ceea-467f-a0e6-3d2b5c1f9a77", "Ωмега№5", "दुकान", &long, "店舗-東京-0001"];
    let rows = ids.map(|id| (id, open(24)));
    let pdf = pdf(About { store_id: Some(long.clone()), ..about() }, &rows);
    // Of the pages no more than the column of the ids, without header and footer.
    let Some(column) = text(&pdf, &["-x", "50", "-y", "45", "-W", "160", "-H", "735", "-raw"]) else { return };
    let column: String = column.split_whitespace().collect();
    for id in [
        "U+0009",
        "8f14e45f-ceea-467f-a0e6-3d2b5c1f9a77",
        "Ωмега№5",
        "U+0926U+0941U+0915U+093EU+0928",
        "U+5E97U+8217-U+6771U+4EAC-0001",
    ] {
        assert!(column.contains(id), "{id} is not in {column}");
    }
    let start = column.find("AllstoresStore").expect("the table");
    // The header of the table stands between its pages.
    assert!(column[start..].replace("Store", "").contains(&long));
    // It is broken in the title too, where it does not stand alone in a column.
    let title = text(&pdf, &["-l", "3", "-raw"]).expect("its text");
    let title: String = title.lines().filter(|line| !line.contains("Page")).flat_map(str::split_whitespace).collect();
    assert!(title.contains(&format!("Only{long}")));
}

#[test]
fn a_report_without_stores_says_why() {
    let none = Options { bounds: Bounds::default(), ..options(Policy::default()) };
    let report = Report::compute(StoreIds::default(), &Fleet::default(), Intake::default(), none, NonZeroUsize::MIN);
    let Some(lines) = lines(&write_report(&report, Vec::new()).expect("memory")) else { return };
    let has = |text: &str| lines.iter().any(|line| line.contains(text));
    assert!(has("As of No instant: there is no poll, and none was asked for"), "{lines:#?}");
    assert!(has("There is no poll from which the instant of the report could be taken"));
    assert!(has("Uptime of stores, no instant, policy step Page 1 of 1"));
    let Some(lines) = self::lines(&pdf(about(), &[])) else { return };
    assert!(lines.iter().any(|line| line.contains("Nothing that was asked for has a store")), "{lines:#?}");
}

#[test]
fn equal_input_gives_equal_bytes_and_the_date_is_that_of_the_report() {
    let bytes = |policy| write_report(&report(70, options(policy)), Vec::new()).expect("memory");
    let pdf = bytes(Policy::default());
    assert!(pdf == bytes(Policy::default()));
    assert!(pdf != bytes(Policy::CountHours));
    let date: &[u8] = b"/CreationDate (D:20230125181322Z)";
    assert!(
        pdf.windows(date.len()).any(|bytes| bytes == date),
        "{}",
        String::from_utf8_lossy(&pdf[pdf.len() - 9_000..])
    );
}

/// What was written is the sink's: of 20,000 stores only a fraction is in memory, and a sink that fails ends it.
#[test]
fn pages_are_written_while_stores_come_in_and_errors_come_back() {
    struct Full(usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or_else(|| std::io::Error::other("full"))?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut pdf = UptimePdf::new(about(), Full(100_000)).expect("room");
    let store = |pdf: &mut UptimePdf<Full>, number: i64| {
        let up_us = number * MINUTE_US % (24 * HOUR_US);
        pdf.add(&format!("store {number}"), &open(0).map(|figures| Figures { up_us, ..figures }))
    };
    let error = (0..20_000).find_map(|number| store(&mut pdf, number).err()).expect("it is full before the end");
    assert_eq!(error.to_string(), "full");
}
