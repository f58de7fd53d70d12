#!/bin/sh
# Measures each budget in one run, beside what it is compared with: a plain read of the same bytes, a scanner of
# boot-resume's kind, the product's command line, the gateway's own time. docs/benchmarks.md has what came of it.
#
#   scripts/bench.sh [--large]
#
# --large adds ten thousand sessions with ten gigabytes. Needs Rust, a C compiler, Python, 5 GB of disk (16 GB with
# --large), which are free again afterwards, unless COMEBACK_BENCH_DIR names a folder: there the state directories stay
# for the next run. The last part needs OpenClaw, too (scripts/fetch-openclaw.sh).
set -eu

err() {
    printf 'bench: %s\n' "$1" >&2
    exit 1
}

# Runs a command before all others where that is allowed.
first() {
    if nice -n -20 true 2>/dev/null; then
        nice -n -20 "$@"
    else
        "$@"
    fi
}

# Makes a folder for the state directories, and sees that it has room for $1 GB.
make_room() {
    free=$(df -Pk "${TMPDIR:-/tmp}" | awk 'NR == 2 { print int($4 / 1000000) }')
    [ "${free}" -ge "$1" ] || err "${TMPDIR:-/tmp} has ${free} GB left, and $1 are needed: TMPDIR names another folder"
    COMEBACK_BENCH_DIR=$(mktemp -d)
    export COMEBACK_BENCH_DIR
    trap 'rm -rf "${COMEBACK_BENCH_DIR}"' EXIT
    trap 'exit 130' INT TERM
}

machine() {
    date -u '+%Y-%m-%d %H:%M UTC'
    uname -srm
    cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | sed -n 1p)
    cores=$(getconf _NPROCESSORS_ONLN)
    printf '%s cores: %s\n' "${cores}" "${cpu:-unknown}"
    rustc --version
    python3 --version
    uptime
}

main() {
    cd "$(dirname -- "$0")/.."
    large=${1:-}
    case "${large}" in
        '') room=4 ;;
        --large) room=16 ;;
        *) err "${large} is unknown: --large is all that there is" ;;
    esac
    command -v python3 >/dev/null 2>&1 || err 'python3 is missing: the scanner to compare with is written in it'
    cargo bench --locked --no-run --bench scan --bench peers --bench dispatch
    [ -n "${COMEBACK_BENCH_DIR:-}" ] || make_room "${room}"
    machine
    printf '\n--- budgets of scan, growth, start, memory\n'
    first cargo bench --locked --bench scan
    printf '\n--- beside other ways\n'
    first cargo bench --locked --bench peers -- "${large}"
    if [ -d "${COMEBACK_OPENCLAW_DIR:-.openclaw}" ]; then
        printf '\n--- dispatch, on real gateways\n'
        first cargo bench --locked --bench dispatch
    else
        printf '\nno OpenClaw: scripts/fetch-openclaw.sh brings what the dispatches are measured on\n'
    fi
    uptime
}

main "$@"
