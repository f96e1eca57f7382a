# One line over cargo each. `.ci/run` calls the same lines, for `just` is not everywhere.

# List the recipes.
default:
    @just --list

# Start the server; arguments are its own.
serve *args:
    cargo run --release -p mock-server -- {{ args }}

# Run the tests; arguments go to cargo test.
test *args:
    cargo test --workspace {{ args }}

# Type-check everything.
check:
    cargo check --workspace --all-targets

# Format and lints, as CI wants them.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# Build the API documentation, warnings as errors.
docs:
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps

# Judge a client; arguments are those of `conformance`.
conform *args:
    cargo run --release -p conformance -- {{ args }}

# Accept changed snapshots of exchanges, after a look at them.
accept:
    INSTA_UPDATE=always cargo test -p conformance --test suite snapshots

# Measure against bare axum and plain hyper; see docs/performance.md.
bench:
    cargo bench -p mock-server

# Everything that must hold.
ci:
    bash .ci/run
