#!/bin/sh
# Installs comeback: the program, and what brings agents back by itself. Asks nothing; safe to run again, since what is
# in place already stays as it is. Needs no run bits: sh install.sh.

set -u

usage() {
    cat <<'TEXT'
usage: install.sh [--prefix DIR] [--no-triggers] [--dry-run] [--uninstall]

  --prefix DIR    install to DIR/bin (default: ~/.local)
  --no-triggers   install the program only, and leave the gateway alone
  --dry-run       say what would be done, and do nothing
  --uninstall     take everything away again: triggers, records, program
  --help          show this text

The gateway is the one that OPENCLAW_STATE_DIR and OPENCLAW_CONFIG_PATH name, or OPENCLAW_PROFILE, else the default
one. The program is the one in prebuilt/ where there is one for this machine, else it is built with cargo.
Exit codes: 0 done, 1 the program was not installed or not removed, 2 usage, 3 installed, but without its triggers.
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

# Names this machine as the files in prebuilt/ do.
platform() {
    kernel=$(uname -s)
    machine=$(uname -m)
    case "${machine}" in
        amd64) machine=x86_64 ;;
        arm64) machine=aarch64 ;;
        *) ;;
    esac
    say "${kernel}-${machine}" | tr '[:upper:]' '[:lower:]'
}

# Prints the SHA-256 of file $1.
sum_of() {
    if command -v sha256sum >/dev/null 2>&1; then
        sha256sum <"$1"
    else
        shasum -a 256 <"$1"
    fi | cut -d ' ' -f 1
}

# Sets `built` to the program to install, from prebuilt/ or from cargo.
find_program() {
    name=$(platform) || err 'uname does not say what machine this is' 'put coreutils on PATH'
    prebuilt=${source}/prebuilt/comeback-${name}
    built=${target}/release/comeback
    if [ -f "${prebuilt}" ]; then
        built=${prebuilt}
    fi
}

# A download that is not what its list of sums says is never run.
check_prebuilt() {
    need_cmd cut 'it is in coreutils'
    command -v sha256sum >/dev/null 2>&1 || need_cmd shasum 'install coreutils, which has sha256sum'
    [ -f "${source}/SHA256SUMS" ] || err "there is no ${source}/SHA256SUMS to check the program by" 'download the skill again'
    wanted=$(sed -n "s|^\([0-9a-f]*\)  prebuilt/${built##*/}\$|\1|p" "${source}/SHA256SUMS")
    found=$(sum_of "${built}")
    [ -n "${wanted}" ] || err "${source}/SHA256SUMS does not list prebuilt/${built##*/}" 'download the skill again'
    [ "${wanted}" = "${found}" ] \
        || err "${built} is not what SHA256SUMS says: ${found}, not ${wanted}" 'download the skill again, or remove the file: then it is built here'
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
    { cp "${built}" "${fresh}" && chmod 755 "${fresh}"; } \
        || err "cannot write ${fresh}" 'check who owns the folder, or choose another with --prefix DIR'
    "${fresh}" --version >/dev/null 2>&1 \
        || err "${built} does not run on this machine" 'remove prebuilt/ from this folder: then it is built here'
    mv -f "${fresh}" "${program}" \
        || err "cannot write ${program}" 'check who owns the folder, or choose another with --prefix DIR'
    say "installed: ${program}"
}

set_triggers() {
    "${program}" setup install && return
    say "The program is installed; what brings agents back by itself is not, for the reason above." >&2
    say "Once that is solved, run: ${program} setup install" >&2
    exit 3
}

tell_path() {
    case ":${PATH}:" in
        *":${prefix}/bin:"*) say "${prefix}/bin is on PATH" ;;
        *) say "${prefix}/bin is not on PATH; add it: export PATH=\"${prefix}/bin:\$PATH\"" ;;
    esac
}

# The triggers go first: no gateway is left that would start a program which is gone.
uninstall() {
    if [ -f "${program}" ]; then
        [ "${triggers}" = no ] || "${program}" setup remove --purge \
            || err 'the triggers were not removed, for the reason above' "once that is solved, run this again"
        rm -f "${program}" || err "cannot remove ${program}" 'check who owns the folder'
        say "removed: ${program}"
    else
        say "not there: ${program}"
    fi
    # Other programs keep these.
    rmdir "${prefix}/bin" "${prefix}" 2>/dev/null || :
    if [ "${target}/release/comeback" = "${built}" ] && [ -d "${target}" ]; then
        say "left: ${target}, where it was built"
    fi
}

rehearse() {
    if [ "${removes}" = yes ]; then
        [ "${triggers}" = no ] || say "would run: ${program} setup remove --purge"
        say "would remove: ${program}"
        return
    fi
    if [ "${built}" = "${target}/release/comeback" ]; then
        say "would build ${source} with: cargo build --release --locked"
    else
        say "would check and take: ${built}"
    fi
    say "would install: ${program}"
    [ "${triggers}" = no ] || say "would run: ${program} setup install"
    tell_path
}

# A profile names its gateway's folder, as for openclaw.
take_profile() {
    if [ -n "${OPENCLAW_PROFILE:-}" ] && [ "${OPENCLAW_PROFILE}" != default ] && [ -z "${OPENCLAW_STATE_DIR:-}" ]; then
        OPENCLAW_STATE_DIR=${HOME:?is not set}/.openclaw-${OPENCLAW_PROFILE}
        export OPENCLAW_STATE_DIR
    fi
}

main() {
    prefix=
    triggers=yes
    dry_run=no
    removes=no
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
            --uninstall) removes=yes ;;
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
    program=${prefix}/bin/comeback
    take_profile
    find_program

    if [ "${dry_run}" = yes ]; then
        rehearse
    elif [ "${removes}" = yes ]; then
        uninstall
    else
        if [ "${built}" = "${target}/release/comeback" ]; then
            build
        else
            check_prebuilt
        fi
        place
        [ "${triggers}" = no ] || set_triggers
        tell_path
    fi
}

main "$@"
