#!/bin/sh
# Tells the story of one planned restart with the real program and no gateway, in a folder that is removed afterwards.
#
#   scripts/example.sh
#
# COMEBACK_BIN names a program that is built already. Exit code 0 means that every step did what the text says.
set -eu

say() {
    printf '\n== %s\n\n' "$*"
}

err() {
    printf 'example: %s\n' "$1" >&2
    exit 1
}

# Shows a command, runs the program with the clock at ${now}, and expects the exit code $1.
comeback() {
    expected=$1
    shift
    printf '$ comeback'
    for word in "$@"; do
        case "${word}" in
            *[!A-Za-z0-9:.=_-]*) printf " '%s'" "${word}" ;;
            *) printf ' %s' "${word}" ;;
        esac
    done
    printf '\n'
    code=0
    "${program}" --now "${now}" "$@" 2>&1 || code=$?
    printf '[exit code %s]\n' "${code}"
    [ "${code}" -eq "${expected}" ] || err "expected exit code ${expected}"
}

# Stands in for the lock file of a gateway that started at $1: this shell is its process.
gateway_started() {
    mkdir -p "${dir}/state/tmp/openclaw-$(id -u)"
    printf '{"pid":%s,"createdAt":"%s","configPath":"%s"}\n' "$$" "$1" "${dir}/state/openclaw.json" \
        >"${dir}/state/tmp/openclaw-$(id -u)/gateway.example.lock"
}

build() {
    command -v cargo >/dev/null 2>&1 || err 'cargo is missing: install Rust from https://rustup.rs'
    printf 'building comeback\n' >&2
    (cd "${root}" && cargo build --quiet --locked) || err 'the build failed'
    target=${CARGO_TARGET_DIR:-target}
    case "${target}" in
        /*) ;;
        *) target=${root}/${target} ;;
    esac
    program=${target}/debug/comeback
}

main() {
    root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
    program=${COMEBACK_BIN:-}
    [ -n "${program}" ] || build
    [ -x "${program}" ] || err "there is no program ${program}"

    # The real path, because that is what a gateway writes into its lock.
    dir=$(CDPATH='' cd -- "$(mktemp -d)" && pwd -P)
    trap 'rm -rf "${dir}"' EXIT
    trap 'exit 1' HUP INT TERM
    mkdir -p "${dir}/state"
    OPENCLAW_STATE_DIR=${dir}/state
    TZ=UTC
    export OPENCLAW_STATE_DIR TZ
    unset OPENCLAW_CONFIG_PATH OPENCLAW_GATEWAY_TOKEN OPENCLAW_GATEWAY_PASSWORD COMEBACK_NOW
    cd "${dir}"

    story
    say 'The example is over; its folder is removed.'
}

story() {
    now=2026-11-20T16:22:00Z
    gateway_started 2026-11-20T09:00:00Z
    say '16:22. Before the restart. Ada (chat 77) has asked her agent for new model settings, which need a restart.
   The agent knows of three other chats with work under way, and describes them on stdin:
   78 is harmless, 79 would delete something, 80 waits for somebody.'
    cat >sessions.json <<'JSON'
{"sessions": [
  {"sessionKey": "agent:main:telegram:direct:78", "agentId": "main", "goal": "weekly report",
   "lastDone": "figures collected", "nextStep": "write the summary", "blockers": "none"},
  {"sessionKey": "agent:main:telegram:direct:79", "agentId": "main", "goal": "free disk space",
   "lastDone": "old backups listed", "nextStep": "delete the old backups", "blockers": "none"},
  {"sessionKey": "agent:main:telegram:direct:80", "agentId": "main", "goal": "contract",
   "lastDone": "draft sent", "nextStep": "file the contract", "blockers": "waiting for the signature"}
]}
JSON
    cat sessions.json
    printf '\n'
    comeback 0 --offline prepare --tool-calls --session-key agent:main:telegram:direct:77 \
        --reason 'new model settings' --after 'tell Ada that the settings are active' - <sessions.json

    say 'With --offline nothing was sent. The lines above name the two calls that the agent makes itself: one schedules
   the job that wakes it, the other restarts. With a gateway, prepare also schedules the job and tells Ada.
   This is the checkpoint that it wrote:'
    cat state/workspace/memory/restart-checkpoints/2026-11-20/162200.md

    say 'And this is NOW.md, which the agent reads first after the restart:'
    cat state/workspace/NOW.md

    say '16:23. The restart has not come yet, so the checkpoint waits.'
    now=2026-11-20T16:23:00Z
    comeback 0 status

    say '16:24. The gateway has restarted: its lock file tells of a new start, and the checkpoint is due.'
    now=2026-11-20T16:24:00Z
    gateway_started 2026-11-20T16:23:30Z
    comeback 0 status

    say '16:24. The way back. It may not contact the gateway here, so it ends with exit code 7, sends nothing, and prints
   the calls that an agent can make itself. What may do harm twice (79) and what is blocked (80) is held for a person.'
    comeback 7 --offline recover

    say '16:24. Nothing was sent, so nothing is used up: the checkpoint stays due for a run that reaches the gateway.'
    comeback 0 status

    say 'When the work is done, the agent clears the last section of NOW.md.'
    comeback 0 now clear
    tail -n 2 state/workspace/NOW.md
}

main "$@"
