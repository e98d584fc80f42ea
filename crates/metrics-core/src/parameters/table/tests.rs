use super::*;

const SCALARS: &[Component] = &[Component { name: SCALAR, unit: "kg_co2e_per_kwh", range: Some((0.0, 3.0)) }];

const GOOD: &str = r#"
parameter = "grid"
unit = "kg_co2e_per_kwh"

[[value]]
country = "NG"
valid_from = "2024-01-01"
value = 0.5
source = "book"
locator = "p. 17"

[[value]]
country = "*"
valid_from = "2024-01-01"
value = 1
source = "book"
locator = "p. 18"

[source.book]
title = "Author, Title (2024)"
"#;

fn load(text: &str) -> Result<TableWithFallback<f64>, ParameterError> {
    // Leaked because the text of a definition is embedded and lives as long as the program.
    let text: &'static str = Box::leak(text.to_owned().into_boxed_str());
    let definition =
        Definition { file: "grid.toml", text, parameter: "grid", key: Some("country"), components: SCALARS };
    TableWithFallback::load(&definition)
}

fn refusal(from: &str, to: &str) -> ParameterError {
    assert!(GOOD.contains(from), "{from}");
    load(&GOOD.replacen(from, to, 1)).unwrap_err()
}

#[test]
fn a_good_file_is_read() {
    let table = load(GOOD).unwrap();
    assert_eq!(table.get(Some("NG")).value, 0.5);
    assert_eq!(table.get(Some("NG")).origin.locator, "p. 17");
    assert_eq!(table.get(None).value, 1.0);
    assert!(table.get(Some("KE")).is_fallback);
}

#[test]
fn the_newest_of_several_rows_counts_whatever_their_order() {
    for (first, second) in [("2024-01-01", "2025-06-01"), ("2025-06-01", "2024-01-01")] {
        let row = |date: &str| {
            let value = if date == "2025-06-01" { 0.4 } else { 0.5 };
            format!(
                "[[value]]\ncountry = \"NG\"\nvalid_from = \"{date}\"\nvalue = {value}\nsource = \"book\"\nlocator = \"p. 1\"\n"
            )
        };
        let (start, rest) = GOOD.split_once("[[value]]").unwrap();
        let (_, fallback) = rest.split_once("[[value]]").unwrap();
        let text = format!("{start}{}{}[[value]]{fallback}", row(first), row(second));
        assert_eq!(load(&text).unwrap().get(Some("NG")).value, 0.4);
    }
}

#[test]
fn unknown_and_missing_fields_are_refused() {
    assert!(matches!(refusal("parameter = ", "comment = \"x\"\nparameter = "), ParameterError::Form { .. }));
    assert!(matches!(refusal("title = ", "author = \"x\"\ntitle = "), ParameterError::Form { .. }));
    assert!(matches!(refusal("unit = \"kg_co2e_per_kwh\"\n", ""), ParameterError::Form { .. }));
    assert!(matches!(refusal("value = 0.5", "value = 0.5\ncolour = \"red\""), ParameterError::Row { .. }));
    assert!(matches!(refusal("locator = \"p. 17\"\n", ""), ParameterError::Row { .. }));
    assert!(matches!(refusal("source = \"book\"\n", ""), ParameterError::Row { .. }));
    assert!(matches!(refusal("valid_from = \"2024-01-01\"\n", ""), ParameterError::Row { .. }));
    assert!(matches!(refusal("valid_from = \"2024-01-01\"", "valid_from = \"soon\""), ParameterError::Row { .. }));
}

#[test]
fn another_parameter_or_unit_is_refused() {
    assert!(matches!(refusal("\"grid\"", "\"grit\""), ParameterError::WrongParameter { .. }));
    assert!(matches!(refusal("kg_co2e_per_kwh", "g_co2e_per_kwh"), ParameterError::WrongUnit { .. }));
}

#[test]
fn a_row_needs_the_key_of_its_parameter() {
    assert!(matches!(refusal("country = \"NG\"", "crop = \"NG\""), ParameterError::WrongKey { .. }));
    assert!(matches!(refusal("country = \"NG\"", "country = \"\""), ParameterError::WrongKey { .. }));
    assert!(matches!(refusal("country = \"NG\"", "country = 7"), ParameterError::WrongKey { .. }));
}

#[test]
fn sources_must_be_listed_and_told() {
    assert!(matches!(refusal("\"book\"", "\"hearsay\""), ParameterError::UnlistedSource { .. }));
    assert!(matches!(refusal("p. 17", " "), ParameterError::Blank { .. }));
    assert!(matches!(refusal("Author, Title (2024)", ""), ParameterError::Blank { .. }));
}

#[test]
fn two_rows_for_one_key_and_date_are_refused() {
    let error = refusal("country = \"*\"", "country = \"NG\"");
    assert!(matches!(error, ParameterError::Duplicate { .. }));
    assert_eq!(error.to_string(), "parameters/grid.toml: row NG stands twice for 2024-01-01");
}

#[test]
fn numbers_must_be_finite_and_in_range() {
    for bad in ["nan", "inf", "-inf", "-0.1", "3.1", "true", "\"much\"", "{ a = 1 }", "[]"] {
        let error = refusal("value = 0.5", &format!("value = {bad}"));
        assert!(matches!(error, ParameterError::OutOfRange { .. }), "{bad}: {error}");
    }
}

#[test]
fn the_fallback_is_a_row_or_the_file_is_refused() {
    assert!(matches!(refusal("country = \"*\"", "country = \"KE\""), ParameterError::MissingRow { .. }));
    let definition =
        Definition { file: "grid.toml", text: GOOD, parameter: "grid", key: Some("country"), components: SCALARS };
    assert!(matches!(Table::<f64>::load(&definition), Err(ParameterError::WrongKey { .. })));
}

#[test]
fn a_single_value_has_one_row_without_a_key() {
    let definition = |text| Definition { file: "one.toml", text, parameter: "one", key: None, components: SCALARS };
    let start = "parameter = \"one\"\nunit = \"kg_co2e_per_kwh\"\n";
    let row = "valid_from = \"2024-01-01\", value = 2.5, source = \"book\", locator = \"p. 1\"";
    let end = "[source.book]\ntitle = \"Title\"\n";
    let text = |rows: &str| -> &'static str { Box::leak(format!("{start}value = [{rows}]\n{end}").into_boxed_str()) };

    assert_eq!(single::<f64>(&definition(text(&format!("{{ {row} }}")))).unwrap(), 2.5);
    let none = single::<f64>(&definition(text("")));
    assert!(matches!(none, Err(ParameterError::MissingRow { .. })));
    let keyed = single::<f64>(&definition(text(&format!("{{ country = \"NG\", {row} }}"))));
    assert!(matches!(keyed, Err(ParameterError::Row { .. })));
    let twice = single::<f64>(&definition(text(&format!("{{ {row} }}, {{ {row} }}"))));
    assert!(matches!(twice, Err(ParameterError::Duplicate { .. })));
}

#[test]
fn every_part_of_a_value_has_its_unit_and_range() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Size {
        length_m: f64,
        width_m: f64,
    }
    const PARTS: &[Component] = &[
        Component { name: "length_m", unit: "m", range: Some((0.0, 9.0)) },
        Component { name: "width_m", unit: "m", range: Some((0.0, 9.0)) },
    ];
    let load = |unit: &str, value: &str| {
        let text = format!(
            "parameter = \"size\"\nunit = {unit}\n[[value]]\nvalid_from = \"2024-01-01\"\nvalue = {value}\n\
             source = \"book\"\nlocator = \"p. 1\"\n[source.book]\ntitle = \"Title\"\n"
        );
        let text: &'static str = Box::leak(text.into_boxed_str());
        single::<Size>(&Definition { file: "size.toml", text, parameter: "size", key: None, components: PARTS })
    };
    let metres = "{ length_m = \"m\", width_m = \"m\" }";

    let size = load(metres, "{ length_m = 4, width_m = 3.5 }").unwrap();
    assert_eq!((size.length_m, size.width_m), (4.0, 3.5));
    assert!(matches!(load("\"m\"", "{ length_m = 4, width_m = 3 }"), Err(ParameterError::WrongUnit { .. })));
    let feet = "{ length_m = \"m\", width_m = \"ft\" }";
    assert!(matches!(load(feet, "{ length_m = 4, width_m = 3 }"), Err(ParameterError::WrongUnit { .. })));
    assert!(matches!(load(metres, "{ length_m = 4 }"), Err(ParameterError::Row { .. })));
    assert!(matches!(load(metres, "{ length_m = 4, width_m = 3, depth_m = 1 }"), Err(ParameterError::Row { .. })));
    assert!(matches!(load(metres, "{ length_m = 4, width_m = 10 }"), Err(ParameterError::OutOfRange { .. })));
}
