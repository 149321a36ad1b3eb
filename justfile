# What CI runs.
check:
    .ci/run

# Reads a simulated portal twice and checks what came out.
demo *arguments:
    cargo demo {{ arguments }}

# Runs real clients of the protocol against a simulated portal; names pick some of them.
clients *checks:
    integration_tests/clients/run {{ checks }}

# Reads one account with two connectors and shows where they differ; see docs/switching.md.
compare *arguments:
    python3 integration_tests/clients/compare.py {{ arguments }}

# Measures the connector against a simulated portal; see docs/performance.md.
performance *arguments:
    cargo performance {{ arguments }}

# All tests of the workspace.
test *arguments:
    cargo test --workspace {{ arguments }}

# Rewrites the golden files; read the diff before committing it.
bless:
    BLESS=1 cargo test --test behaviour -- protocol:: stream_overview:: relations:: errors::
    BLESS=1 cargo test --lib cursor::state_formats

# The image, labelled as metadata.yaml says.
image:
    docker build $(image/arguments) .

# What goes out beside the image: the list of its parts and their licences.
release-files:
    image/release_files.py

# The documentation as a site, in target/site/; needs mdBook.
site:
    mdbook build
