#!/bin/sh
# Puts Node, the OpenClaw versions that tests/gateways runs against, and ClawHub's command line into .openclaw/ (ignored
# by git).
# Takes about 1.5 GB of disk once; does nothing when everything is there.
#
#   scripts/fetch-openclaw.sh [VERSION]...     default: every version that the tests know
#
# COMEBACK_OPENCLAW_DIR puts them elsewhere; the tests read the same variable.
set -eu

NODE_MAJOR=24
VERSIONS='2026.5.28 2026.7.1 2026.9.6'
CLAWHUB=0.23.3

err() {
    printf 'fetch-openclaw: %s\n' "$1" >&2
    exit 1
}

# Installs package $1 as folder $2. npm works in a folder of its own, which is renamed only when the file $3 is in it:
# an install that was interrupted is never taken for a finished one.
install() {
    if [ -e "${dir}/$2" ]; then
        return
    fi
    printf 'fetch-openclaw: installing %s\n' "$1" >&2
    partial=$(mktemp -d "${dir}/.partial.XXXXXX")
    (cd "${partial}" && npm install --no-save --no-audit --no-fund --loglevel=error "$1" >&2) || err "npm could not install $1"
    [ -e "${partial}/$3" ] || err "$1 came without $3"
    mv "${partial}" "${dir}/$2"
    partial=
}

main() {
    command -v npm >/dev/null || err 'npm is needed, and it is not on PATH'
    root=$(cd "$(dirname "$0")/.." && pwd)
    dir=${COMEBACK_OPENCLAW_DIR:-${root}/.openclaw}
    mkdir -p "${dir}"
    partial=
    trap 'if [ -n "${partial}" ]; then rm -rf "${partial}"; fi' EXIT
    trap 'exit 1' HUP INT TERM

    install "node@${NODE_MAJOR}" node node_modules/node/bin/node
    # OpenClaw's install scripts run under the Node that they find first.
    PATH="${dir}/node/node_modules/node/bin:${PATH}"
    export PATH
    if [ "$#" -eq 0 ]; then
        # shellcheck disable=SC2086 # a list of words
        set -- ${VERSIONS}
    fi
    install "clawhub@${CLAWHUB}" clawhub node_modules/clawhub/bin/clawdhub.js
    for version in "$@"; do
        install "openclaw@${version}" "${version}" node_modules/openclaw/openclaw.mjs
    done
}

main "$@"
