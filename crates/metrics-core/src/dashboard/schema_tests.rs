//! Every rule of the schema, once kept and once broken; by the code, and by the document that says the same.

use std::sync::LazyLock;

use super::parse::Document;
use super::rules::Schema;

const CHANNEL: &str =
    r#"{"backend":"b","name":"n","seriesId":"1","source":"","type":"f64","shape":[],"unit":"","description":""}"#;
const LAYOUT: &str = r#"{"i":"w","x":0,"y":0.5,"w":-1,"h":2}"#;
const AXIS: &str = r#"{"label":"y1","min":null,"max":1.5,"displayLabel":"","manualDisplayLabel":false}"#;

fn holds(text: &str) -> bool {
    static WRITTEN: LazyLock<Schema> = LazyLock::new(|| {
        let text = include_str!("dashboarddto.schema.json");
        Schema::parse(text.to_owned(), String::new()).expect("a schema")
    });
    let document = Document::parse(text).expect("JSON");
    let holds = Schema::built_in().accepts(&document);
    assert_eq!(WRITTEN.accepts(&document), holds, "{text}");
    holds
}

fn widget(widget: &str) -> bool {
    holds(&format!(r#"{{"dashboard":{{"widgets":[{widget}]}}}}"#))
}

fn layout(layout: &str) -> bool {
    widget(&format!(r#"{{"channels":[],"layout":{layout}}}"#))
}

fn channel(channel: &str) -> bool {
    widget(&format!(r#"{{"channels":[{channel}],"layout":{LAYOUT}}}"#))
}

fn settings(curves: &str, axes: &str, more: &str) -> bool {
    let settings = format!(
        r#"{{"plotTitle":"","curveAttributes":{{{curves}}},"manualAxisAssignment":true,"yAxisAttributes":[{axes}]{more}}}"#
    );
    widget(&format!(r#"{{"channels":[{CHANNEL}],"layout":{LAYOUT},"plotSettings":{settings}}}"#))
}

fn curve(curve: &str) -> bool {
    settings(&format!(r#""any | label | at all":{curve}"#), AXIS, "")
}

/// An object without one of its members.
fn without(object: &str, name: &str) -> String {
    let mut object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(object).expect("an object");
    assert!(object.remove(name).is_some(), "{name}");
    serde_json::Value::Object(object).to_string()
}

/// An object with a member more, or with another value of it.
fn with(object: &str, name: &str, value: &str) -> String {
    let mut object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(object).expect("an object");
    object.insert(name.to_owned(), serde_json::from_str(value).expect("JSON"));
    serde_json::Value::Object(object).to_string()
}

#[test]
fn the_document_is_a_dashboard_of_widgets() {
    assert!(holds(r#"{"dashboard":{"widgets":[]}}"#));
    for text in [
        "{}",
        r#"{"dashboard":null}"#,
        r#"{"dashboard":[]}"#,
        r#"{"dashboard":{}}"#,
        r#"{"dashboard":{"widgets":{}}}"#,
        r#"{"dashboard":{"widgets":[null]}}"#,
        r#"{"dashboard":{"widgets":[]},"id":"x"}"#,
        r#"{"dashboard":{"widgets":[],"more":1}}"#,
    ] {
        assert!(!holds(text), "{text}");
    }
    let whole = format!(r#"{{"channels":[],"layout":{LAYOUT}}}"#);
    assert!(widget(&whole));
    for name in ["channels", "layout"] {
        assert!(!widget(&without(&whole, name)), "{name}");
    }
    assert!(!widget(&with(&whole, "more", "1")));
    assert!(!widget(&with(&whole, "plotSettings", "null")));
}

#[test]
fn a_channel_has_eight_members() {
    assert!(channel(CHANNEL));
    assert!(channel(&with(CHANNEL, "shape", "\"\"")));
    assert!(channel(&with(CHANNEL, "shape", "[1, 2.5]")));
    for shape in ["null", "1", "[true]", "[null]", "{}"] {
        assert!(!channel(&with(CHANNEL, "shape", shape)), "{shape}");
    }
    for name in ["backend", "name", "seriesId", "source", "type", "unit", "description"] {
        assert!(!channel(&without(CHANNEL, name)), "{name}");
        for value in ["null", "1", "[]"] {
            assert!(!channel(&with(CHANNEL, name, value)), "{name} {value}");
        }
    }
    assert!(!channel(&without(CHANNEL, "shape")));
    assert!(!channel(&with(CHANNEL, "more", "\"\"")));
}

#[test]
fn a_layout_has_a_place_and_may_have_limits() {
    assert!(layout(LAYOUT));
    for name in ["i", "x", "y", "w", "h"] {
        assert!(!layout(&without(LAYOUT, name)), "{name}");
        assert!(!layout(&with(LAYOUT, name, "true")), "{name}");
    }
    for name in ["minW", "maxW", "minH", "maxH"] {
        assert!(layout(&with(LAYOUT, name, "1.5")) && !layout(&with(LAYOUT, name, "true")), "{name}");
    }
    for name in ["moved", "static", "isBounded", "isDraggable", "isResizable"] {
        assert!(layout(&with(LAYOUT, name, "true")) && !layout(&with(LAYOUT, name, "0")), "{name}");
    }
    assert!(layout(&with(LAYOUT, "resizeHandles", r#"["s","w","e","n","sw","nw","se","ne"]"#)));
    for value in [r#"["north"]"#, r#""s""#, "[1]", "null"] {
        assert!(!layout(&with(LAYOUT, "resizeHandles", value)), "{value}");
    }
    assert!(!layout(&with(LAYOUT, "z", "1")));
}

#[test]
fn settings_of_a_plot_have_curves_and_axes() {
    assert!(settings("", "", ""));
    assert!(settings("", &[AXIS; 7].join(","), ""));
    assert!(!settings("", "", r#","more":1"#));
    assert!(!settings("", "1", ""));
    let whole = r#"{"plotTitle":"","curveAttributes":{},"manualAxisAssignment":true,"yAxisAttributes":[]}"#;
    let plot = |settings: &str| widget(&format!(r#"{{"channels":[],"layout":{LAYOUT},"plotSettings":{settings}}}"#));
    assert!(plot(whole));
    for name in ["plotTitle", "curveAttributes", "manualAxisAssignment", "yAxisAttributes"] {
        assert!(!plot(&without(whole, name)), "{name}");
        assert!(!plot(&with(whole, name, "1")), "{name}");
    }
}

#[test]
fn a_curve_has_a_channel_and_an_axis() {
    let whole = format!(r#"{{"channel":{CHANNEL},"displayLabel":"","axisAssignment":"y1"}}"#);
    assert!(curve(&whole));
    for name in ["channel", "displayLabel", "axisAssignment"] {
        assert!(!curve(&without(&whole, name)), "{name}");
        assert!(!curve(&with(&whole, name, "null")), "{name}");
    }
    for axis in ["x", "y1", "y2", "y3", "y4"] {
        assert!(curve(&with(&whole, "axisAssignment", &format!("\"{axis}\""))), "{axis}");
    }
    assert!(!curve(&with(&whole, "axisAssignment", "\"y5\"")));
    assert!(curve(&with(&whole, "color", "\"any\"")) && !curve(&with(&whole, "color", "1")));
    for shape in ["linear", "spline", "hv", "vh", "hvh", "vhv"] {
        assert!(curve(&with(&whole, "curveShape", &format!("\"{shape}\""))), "{shape}");
    }
    assert!(!curve(&with(&whole, "curveShape", "\"round\"")));
    let modes = "lines markers text lines+markers text+markers text+lines text+lines+markers none gauge number delta \
                 number+delta gauge+number gauge+number+delta gauge+delta";
    for mode in modes.split(' ') {
        assert!(curve(&with(&whole, "curveMode", &format!("\"{mode}\""))), "{mode}");
    }
    assert!(!curve(&with(&whole, "curveMode", "\"markers+lines\"")));
    assert!(!curve(&with(&whole, "more", "1")));
}

#[test]
fn an_axis_has_bounds_that_may_be_null() {
    assert!(settings("", AXIS, ""));
    for name in ["label", "min", "max", "displayLabel", "manualDisplayLabel"] {
        assert!(!settings("", &without(AXIS, name), ""), "{name}");
        assert!(!settings("", &with(AXIS, name, "[]"), ""), "{name}");
    }
    for name in ["label", "displayLabel", "manualDisplayLabel"] {
        assert!(!settings("", &with(AXIS, name, "null"), ""), "{name}");
    }
    for scaling in ["-", "linear", "log", "date", "category", "multicategory"] {
        assert!(settings("", &with(AXIS, "scaling", &format!("\"{scaling}\"")), ""), "{scaling}");
    }
    for (name, value) in [("scaling", "\"ln\""), ("scaling", "null"), ("label", "\"x\""), ("more", "1")] {
        assert!(!settings("", &with(AXIS, name, value), ""), "{name} {value}");
    }
}
