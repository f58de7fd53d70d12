#!/bin/sh
# Fuzzes each reader of foreign bytes for so many seconds, one after the other; stops at the first finding.
#
#   scripts/fuzz.sh [SECONDS [TARGET]...]
#
# Needs a nightly compiler and cargo-fuzz (`rustup toolchain install nightly`, `cargo install cargo-fuzz`). A finding
# stands in fuzz/artifacts/TARGET/; what it shows becomes a test beside the code that it is about.
set -eu

SECONDS_EACH=600
TARGETS='jsonl sqlite_event checkpoint front_matter snapshot now frame openclaw_json policy redact'

err() {
    printf 'fuzz: %s\n' "$1" >&2
    exit 1
}

# Makes each target's corpus begin with its seeds and with the fixtures that it reads.
seeds() {
    for target in ${TARGETS}; do
        mkdir -p "fuzz/corpus/${target}"
        if [ -d "fuzz/seeds/${target}" ]; then
            cp "fuzz/seeds/${target}"/* "fuzz/corpus/${target}/"
        fi
        case "${target}" in
            jsonl) find tests/fixtures/stores -name '*.jsonl' -exec cp {} fuzz/corpus/jsonl/ \; ;;
            checkpoint | front_matter | now) cp tests/fixtures/checkpoints/*.md "fuzz/corpus/${target}/" ;;
            snapshot) cp tests/fixtures/seed/*.json fuzz/corpus/snapshot/ ;;
            redact) cp tests/fixtures/redaction/harmless.txt fuzz/corpus/redact/ ;;
            *) ;;
        esac
    done
}

main() {
    cd "$(dirname -- "$0")/.."
    cargo +nightly fuzz --version >/dev/null 2>&1 || err 'cargo-fuzz is missing: cargo install cargo-fuzz'
    seconds=${1:-${SECONDS_EACH}}
    case "${seconds}" in *[!0-9]* | '') err "${seconds} is no number of seconds" ;; *) ;; esac
    [ $# -eq 0 ] || shift
    if [ $# -gt 0 ]; then
        TARGETS=$*
    fi
    seeds
    for target in ${TARGETS}; do
        printf '\n--- %s, %s s\n' "${target}" "${seconds}"
        cargo +nightly fuzz run "${target}" -- -max_total_time="${seconds}" -max_len=65536 -timeout=10 -rss_limit_mb=1024 \
            -print_final_stats=1 -verbosity=0 || err "${target} has found something: see fuzz/artifacts/${target}"
    done
    printf '\nNothing was found.\n'
}

main "$@"
