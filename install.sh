#!/bin/sh
# Builds comeback from this folder, installs the program, and puts its startup hook into the gateway.
# Safe to run again: what is in place already stays as it is.

set -u

usage() {
    cat <<'TEXT'
usage: install.sh [--prefix DIR] [--no-triggers] [--dry-run]

  --prefix DIR    install to DIR/bin (default: ~/.local)
  --no-triggers   install the program only, and leave the gateway alone
  --dry-run       say what would be done, and do nothing
  --help          show this text

The gateway is the one that OPENCLAW_STATE_DIR and OPENCLAW_CONFIG_PATH name, else the default one.
Exit codes: 0 done, 1 the program was not installed, 2 usage, 3 installed, but without its startup hook.
TEXT
}

say() {
    printf '%s\n' "$*"
}

err() {
    printf 'install.sh: %s\n' "$1" >&2
    shift
    for hint in "$@"; do
        printf '  %s\n' "${hint}" >&2
    done
    exit 1
}

misused() {
    printf 'install.sh: %s\n' "$1" >&2
    usage >&2
    exit 2
}

need_cmd() {
    command -v "$1" >/dev/null 2>&1 || err "$1 is missing" "$2"
}

build() {
    need_cmd cargo 'install Rust from https://rustup.rs (or your package manager), then run this again'
    need_cmd cc 'install a C compiler: "apt-get install build-essential", "xcode-select --install", or the like'
    say "building in ${source}"
    (cd "${source}" && cargo build --release --locked --target-dir "${target}") \
        || err 'the build failed' 'the reason stands above; "rustup update stable" helps where Rust is too old'
    [ -x "${built}" ] \
        || err "cargo built no ${built}" 'unset CARGO_BUILD_TARGET and build.target in ~/.cargo/config.toml, then run this again'
}

# A running comeback keeps its old file: the new one takes its name in one step.
place() {
    if cmp -s "${built}" "${program}"; then
        say "already there: ${program}"
        return
    fi
    mkdir -p "${prefix}/bin" || err "cannot make ${prefix}/bin" 'choose another place with --prefix DIR'
    fresh="${prefix}/bin/.comeback.$$"
    trap 'rm -f "${fresh}"' EXIT
    trap 'exit 1' HUP INT TERM
    { cp "${built}" "${fresh}" && chmod 755 "${fresh}" && mv -f "${fresh}" "${program}"; } \
        || err "cannot write ${program}" 'check who owns the folder, or choose another with --prefix DIR'
    say "installed: ${program}"
}

set_triggers() {
    "${program}" setup install --hook && return
    say "The program is installed; its startup hook is not, for the reason above." >&2
    say "Once that is solved, run: ${program} setup install --hook" >&2
    exit 3
}

tell_path() {
    case ":${PATH}:" in
        *":${prefix}/bin:"*) say "${prefix}/bin is on PATH" ;;
        *) say "${prefix}/bin is not on PATH; add it: export PATH=\"${prefix}/bin:\$PATH\"" ;;
    esac
}

main() {
    prefix=
    triggers=yes
    dry_run=no
    while [ $# -gt 0 ]; do
        case "$1" in
            --prefix)
                [ $# -ge 2 ] || misused '--prefix needs a folder'
                prefix=$2
                shift
                ;;
            --prefix=*) prefix=${1#--prefix=} ;;
            --no-triggers) triggers=no ;;
            --dry-run) dry_run=yes ;;
            -h | --help)
                usage
                exit 0
                ;;
            *) misused "unknown argument: $1" ;;
        esac
        shift
    done
    [ -n "${prefix}" ] || prefix=${HOME:?is not set: use --prefix DIR}/.local
    case "${prefix}" in
        /*) ;;
        *) prefix=${PWD}/${prefix} ;;
    esac
    source=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || err 'cannot find the folder of this script'
    target=${source}/target
    built=${target}/release/comeback
    program=${prefix}/bin/comeback

    if [ "${dry_run}" = yes ]; then
        say "would build ${source} with: cargo build --release --locked"
        say "would install: ${program}"
        [ "${triggers}" = no ] || say "would run: ${program} setup install --hook"
        tell_path
        return
    fi
    build
    place
    [ "${triggers}" = no ] || set_triggers
    tell_path
}

main "$@"
