# Shorthands; each is one line that can be typed.

# Everything, on sample data, until Ctrl-C.
demo *arguments:
    ./demo {{arguments}}

# All tests.
test *arguments:
    ./test {{arguments}}

# What CI runs.
ci:
    .ci/run

# Formats the code.
fmt:
    cargo fmt --all

# The lints, as CI has them.
lint:
    cargo clippy --workspace --all-targets --locked -- -D warnings

# The packages' documentation.
doc:
    cargo doc --workspace --no-deps --open
