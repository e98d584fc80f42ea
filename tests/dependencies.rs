//! What we link: licences that agree with ours, and one version of each package unless there is a reason.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::process::Command;

use serde_json::Value;

/// Licences under which a package may be used in a program that is `MIT OR Apache-2.0`.
const ALLOWED_LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Packages of which more than one version is used, and who keeps the older one. An entry that is no longer needed
/// fails the test too.
const DUPLICATES: &[(&str, &str)] = &[
    ("alloc-no-stdlib", "goes with brotli"),
    ("alloc-stdlib", "goes with brotli"),
    ("base64", "tokio-postgres is one version behind ureq"),
    ("block-buffer", "goes with sha2"),
    ("brotli", "parquet stays on the major version of its arrow, which actix-http has left"),
    ("brotli-decompressor", "goes with brotli"),
    ("const-oid", "x509-certificate of the TLS stack is behind sha2"),
    ("cpufeatures", "goes with sha2"),
    ("crypto-common", "goes with sha2"),
    ("digest", "goes with sha2"),
    ("foldhash", "goes with hashbrown"),
    ("getrandom", "ring, rand 0.9 and uuid each need another one"),
    ("hashbrown", "dashmap and petgraph of datafusion are each on another one"),
    ("http", "actix-web stays on 0.2"),
    ("itertools", "object_store is one version behind datafusion"),
    ("num-bigint", "bigdecimal of datafusion is one version behind arrow"),
    ("phf", "chrono-tz is one version behind tokio-postgres"),
    ("phf_shared", "goes with phf"),
    ("rand", "rust_decimal locks two old versions that it builds only with features we leave out"),
    ("rand_chacha", "goes with rand"),
    ("rand_core", "goes with rand"),
    ("sha2", "ours is the one before that of tokio-postgres"),
    ("syn", "macros are moving from 2 to 3 one by one"),
    ("toml", "diesel_migrations is one version behind config"),
    ("toml_datetime", "goes with toml"),
    ("winnow", "goes with toml"),
];

/// A package of the graph, as `cargo metadata` describes it.
struct Package {
    name: String,
    version: String,
    licence: Option<String>,
}

/// The packages by their ids, and the ids that end up in a program or help to build one, not only in tests.
struct Graph {
    packages: BTreeMap<String, Package>,
    linked: BTreeSet<String>,
}

/// With which tests run: all that we have.
const FEATURES: [&str; 2] = ["--features", "kpi-engine/external-engine"];

fn cargo(arguments: &[&str]) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root).output().expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The graph for the systems on which the programs run.
fn graph() -> Graph {
    let systems = ["--filter-platform", "x86_64-unknown-linux-gnu", "--filter-platform", "aarch64-apple-darwin"];
    let arguments = ["metadata", "--format-version", "1", "--locked"].into_iter().chain(FEATURES).chain(systems);
    let metadata: Value = serde_json::from_str(&cargo(&arguments.collect::<Vec<_>>())).expect("JSON");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let packages = list(&metadata["packages"])
        .iter()
        .map(|package| {
            let (name, version) =
                (text(&package["name"]).expect("a name"), text(&package["version"]).expect("a version"));
            (text(&package["id"]).expect("an id"), Package { name, version, licence: text(&package["license"]) })
        })
        .collect();
    let dependencies: BTreeMap<String, Vec<String>> = list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| {
            let links = |dependency: &&Value| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev");
            let ids =
                list(&node["deps"]).iter().filter(links).filter_map(|dependency| text(&dependency["pkg"])).collect();
            (text(&node["id"]).expect("an id"), ids)
        })
        .collect();
    let mut linked = BTreeSet::new();
    let mut next: VecDeque<String> = list(&metadata["workspace_members"]).iter().filter_map(text).collect();
    while let Some(id) = next.pop_front() {
        next.extend(dependencies[&id].iter().filter(|id| !linked.contains(*id)).cloned());
        linked.insert(id);
    }
    Graph { packages, linked }
}

/// True when the licence expression leaves us a way that we allow. `/` is the older way to write OR.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    any_of(&mut rest) && rest.is_empty()
}

fn any_of(rest: &mut &[&str]) -> bool {
    let mut allowed = all_of(rest);
    while let ["OR", tail @ ..] = rest {
        *rest = tail;
        allowed |= all_of(rest);
    }
    allowed
}

fn all_of(rest: &mut &[&str]) -> bool {
    let mut allowed = one(rest);
    while let ["AND", tail @ ..] = rest {
        *rest = tail;
        allowed &= one(rest);
    }
    allowed
}

fn one(rest: &mut &[&str]) -> bool {
    match rest {
        ["(", tail @ ..] => {
            *rest = tail;
            let allowed = any_of(rest);
            if let [")", tail @ ..] = rest {
                *rest = tail;
                return allowed;
            }
            false
        }
        // An exception gives more rights, never less.
        [licence, "WITH", _, tail @ ..] | [licence, tail @ ..] => {
            *rest = tail;
            ALLOWED_LICENCES.contains(licence)
        }
        [] => false,
    }
}

#[test]
fn a_licence_expression_is_read_as_it_is_meant() {
    assert!(is_allowed("MIT"));
    assert!(is_allowed("GPL-3.0-or-later OR MIT"));
    assert!(is_allowed("Apache-2.0 / MIT"));
    assert!(is_allowed("(MIT OR GPL-2.0) AND Unicode-3.0"));
    assert!(is_allowed("Apache-2.0 WITH LLVM-exception OR GPL-2.0"));
    assert!(!is_allowed("GPL-3.0-or-later"));
    assert!(!is_allowed("MIT AND GPL-3.0-only"));
    assert!(!is_allowed("(MIT"));
    assert!(!is_allowed(""));
}

#[test]
fn every_package_has_a_licence_that_agrees_with_ours() {
    let refused: Vec<String> = graph()
        .packages
        .values()
        .filter(|package| !package.licence.as_deref().is_some_and(is_allowed))
        .map(|package| format!("{} {}: {:?}", package.name, package.version, package.licence))
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn every_package_is_used_in_one_version_unless_a_reason_is_given() {
    let graph = graph();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for id in &graph.linked {
        let package = &graph.packages[id];
        versions.entry(&package.name).or_default().insert(&package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let explained: BTreeSet<&str> = DUPLICATES.iter().map(|(name, _)| *name).collect();
    let found: BTreeSet<&str> = versions.keys().copied().collect();
    let unexplained: Vec<_> = versions.iter().filter(|(name, _)| !explained.contains(*name)).collect();
    assert!(unexplained.is_empty(), "more than one version, and no reason in DUPLICATES: {unexplained:#?}");
    let needless: Vec<_> = explained.difference(&found).collect();
    assert!(needless.is_empty(), "in DUPLICATES, but used in one version only: {needless:?}");
}

#[test]
fn building_and_testing_use_the_same_features_so_that_nothing_is_built_twice() {
    let features = |edges: &str| -> BTreeSet<String> {
        let arguments =
            ["tree", "--workspace", "--locked", "--prefix", "none", "--format", "{p} [{f}]", "--edges", edges];
        let tree = cargo(&[&arguments[..], &FEATURES].concat());
        tree.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
    };
    let (built, tested) = (features("normal,build"), features("normal,build,dev"));
    let only_built: Vec<_> = built.difference(&tested).collect();
    assert!(only_built.is_empty(), "with other features in tests: {only_built:#?}");
}
