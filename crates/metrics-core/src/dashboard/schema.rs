//! What a dashboard is: objects of known members, of which none may be missing that is wanted, and none added.

use super::document::Node;

/// Whether a value is of a kind.
type Kind = fn(&Node) -> bool;

/// A member of an object.
struct Member {
    name: &'static str,
    is_wanted: bool,
    kind: Kind,
}

const fn wanted(name: &'static str, kind: Kind) -> Member {
    Member { name, is_wanted: true, kind }
}

const fn optional(name: &'static str, kind: Kind) -> Member {
    Member { name, is_wanted: false, kind }
}

/// Whether a document is `{"dashboard": {"widgets": […]}}` with widgets as the front end makes them.
pub fn is_dashboard(document: &Node) -> bool {
    object(document, &[wanted("dashboard", |node| object(node, &[wanted("widgets", |node| list(node, is_widget))]))])
}

fn is_widget(node: &Node) -> bool {
    const MEMBERS: &[Member] = &[
        wanted("channels", |node| list(node, is_channel)),
        wanted("layout", is_layout),
        optional("plotSettings", is_plot_settings),
    ];
    object(node, MEMBERS)
}

fn is_channel(node: &Node) -> bool {
    const MEMBERS: &[Member] = &[
        wanted("backend", is_text),
        wanted("name", is_text),
        wanted("seriesId", is_text),
        wanted("source", is_text),
        wanted("type", is_text),
        wanted("shape", |node| is_text(node) || list(node, is_number)),
        wanted("unit", is_text),
        wanted("description", is_text),
    ];
    object(node, MEMBERS)
}

fn is_layout(node: &Node) -> bool {
    const MEMBERS: &[Member] = &[
        wanted("i", is_text),
        wanted("x", is_number),
        wanted("y", is_number),
        wanted("w", is_number),
        wanted("h", is_number),
        optional("minW", is_number),
        optional("maxW", is_number),
        optional("minH", is_number),
        optional("maxH", is_number),
        optional("moved", is_boolean),
        optional("static", is_boolean),
        optional("isBounded", is_boolean),
        optional("isDraggable", is_boolean),
        optional("isResizable", is_boolean),
        optional("resizeHandles", |node| {
            list(node, |node| one_of(node, &["s", "w", "e", "n", "sw", "nw", "se", "ne"]))
        }),
    ];
    object(node, MEMBERS)
}

fn is_plot_settings(node: &Node) -> bool {
    const MEMBERS: &[Member] = &[
        wanted("plotTitle", is_text),
        wanted("curveAttributes", |node| {
            // The names are labels of curves.
            matches!(node, Node::Object(members) if members.iter().all(|(_, curve)| is_curve_attributes(curve)))
        }),
        wanted("manualAxisAssignment", is_boolean),
        wanted("yAxisAttributes", |node| list(node, is_y_axis)),
    ];
    object(node, MEMBERS)
}

fn is_curve_attributes(node: &Node) -> bool {
    const SHAPES: &[&str] = &["linear", "spline", "hv", "vh", "hvh", "vhv"];
    const MODES: &[&str] = &[
        "lines",
        "markers",
        "text",
        "lines+markers",
        "text+markers",
        "text+lines",
        "text+lines+markers",
        "none",
        "gauge",
        "number",
        "delta",
        "number+delta",
        "gauge+number",
        "gauge+number+delta",
        "gauge+delta",
    ];
    const MEMBERS: &[Member] = &[
        wanted("channel", is_channel),
        wanted("displayLabel", is_text),
        wanted("axisAssignment", |node| one_of(node, &["x", "y1", "y2", "y3", "y4"])),
        optional("color", is_text),
        optional("curveShape", |node| one_of(node, SHAPES)),
        optional("curveMode", |node| one_of(node, MODES)),
    ];
    object(node, MEMBERS)
}

fn is_y_axis(node: &Node) -> bool {
    const MEMBERS: &[Member] = &[
        wanted("label", |node| one_of(node, &["y1", "y2", "y3", "y4"])),
        wanted("min", |node| is_number(node) || *node == Node::Null),
        wanted("max", |node| is_number(node) || *node == Node::Null),
        wanted("displayLabel", is_text),
        wanted("manualDisplayLabel", is_boolean),
        optional("scaling", |node| one_of(node, &["-", "linear", "log", "date", "category", "multicategory"])),
    ];
    object(node, MEMBERS)
}

fn object(node: &Node, members: &[Member]) -> bool {
    let Node::Object(given) = node else { return false };
    let is_known = |(name, value): &(_, Node)| {
        members.iter().any(|member| member.name == AsRef::<str>::as_ref(name) && (member.kind)(value))
    };
    let is_there = |member: &Member| !member.is_wanted || node.member(member.name).is_some();
    given.iter().all(is_known) && members.iter().all(is_there)
}

fn list(node: &Node, kind: Kind) -> bool {
    matches!(node, Node::Array(values) if values.iter().all(kind))
}

fn one_of(node: &Node, texts: &[&str]) -> bool {
    node.as_text().is_some_and(|text| texts.contains(&text))
}

const fn is_text(node: &Node) -> bool {
    matches!(node, Node::Text(..))
}

const fn is_number(node: &Node) -> bool {
    matches!(node, Node::Number(..))
}

const fn is_boolean(node: &Node) -> bool {
    matches!(node, Node::Boolean(_))
}
