#!/bin/sh
# Runs every check and every test; stops at the first that fails.
#
#   scripts/test.sh
#
# Needs Rust, a C compiler, Node's npm, and a network for the first run: OpenClaw (scripts/fetch-openclaw.sh) and the
# crates. Tools that Debian packages are installed where they are missing, by root and with apt-get.
set -eu

# Dependencies are a decision each (docs/architecture.md): a new one raises this on purpose.
MAX_PACKAGES=194
# A gateway keeps about one core busy while it starts, and the waits of the tests are made for two at a time.
TEST_THREADS=2

step() {
    printf '\n--- %s\n' "$*"
}

err() {
    printf 'test: %s\n' "$1" >&2
    exit 1
}

# Makes sure that command $1 is there; Debian has it in package $2.
need_tool() {
    if command -v "$1" >/dev/null 2>&1; then
        return
    fi
    user=$(id -u)
    if [ "${user}" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        err "$1 is missing: install it (Debian's package is $2), then run this again"
    fi
    step "apt-get install $2"
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    apt-get update -qq || true
    apt-get install -y -qq --no-install-recommends "$2" || err "apt-get could not install $2, which has $1"
    command -v "$1" >/dev/null 2>&1 || err "$2 came without $1"
}

# Makes sure that cargo's subcommand $1 is there; rustup has it as component $2.
need_component() {
    if cargo "$1" --version >/dev/null 2>&1; then
        return
    fi
    command -v rustup >/dev/null 2>&1 || err "cargo $1 is missing: install the component $2 of Rust"
    step "rustup component add $2"
    rustup component add "$2" || err "rustup could not add $2"
}

tools() {
    command -v cargo >/dev/null 2>&1 || err 'cargo is missing: install Rust from https://rustup.rs'
    command -v npm >/dev/null 2>&1 || err 'npm is missing: install Node'
    need_component fmt rustfmt
    need_component clippy clippy
    need_tool shellcheck shellcheck
    need_tool strace strace
    need_tool script bsdutils
    need_tool chromium chromium
    need_tool bash bash
    need_tool dash dash
    need_tool python3 python3
    need_tool strip binutils
    need_tool systemd-analyze systemd
}

packages() {
    count=$(grep -c '^\[\[package\]\]' Cargo.lock)
    printf '%s packages, at most %s are allowed\n' "${count}" "${MAX_PACKAGES}"
    [ "${count}" -le "${MAX_PACKAGES}" ] \
        || err 'Cargo.lock has grown: drop the dependency, or raise MAX_PACKAGES and say why in docs/architecture.md'
}

scripts() {
    shellcheck --enable=all install.sh scripts/*.sh benches/peers/*.sh .ci/run tests/data/openclaw tests/data/systemctl tests/data/launchctl
    for script in install.sh scripts/*.sh; do
        dash -n "${script}"
        bash -n "${script}"
    done
    bash -n .ci/run
}

main() {
    cd "$(dirname -- "$0")/.."
    tools
    step 'scripts: shellcheck, sh -n'
    scripts
    step 'Cargo.lock: number of packages'
    packages
    step 'cargo fmt --check'
    cargo fmt --check
    step 'cargo clippy'
    cargo clippy --all-targets --locked -- -D warnings
    step 'cargo doc'
    RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --locked
    step 'comeback drill'
    cargo run --release --quiet --locked -- drill
    step 'scripts/package.sh'
    scripts/package.sh
    step 'scripts/fetch-openclaw.sh'
    scripts/fetch-openclaw.sh
    step 'cargo test, with real gateways'
    cargo test --locked -- --test-threads="${TEST_THREADS}"
    step 'everything passed'
}

main "$@"
