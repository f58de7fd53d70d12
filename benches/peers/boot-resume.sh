#!/bin/sh
# Names the sessions that the last stop cut off, in the way of boot-resume: the rows by Python, then for each session the
# last lines of its transcript, by tail and Python. Written for the comparison; it resumes nothing.
#
#   boot-resume.sh STATE NOW_IN_MS
set -eu

main() {
    judge=$(dirname -- "$0")/boot-resume.py
    for rows in "$1"/agents/*/sessions/sessions.json; do
        python3 "${judge}" list "${rows}" "$2" | while read -r key transcript; do
            if tail -n 5 "${transcript}" | python3 "${judge}" judge; then
                printf '%s\n' "${key}"
            fi
        done
    done
}

main "$@"
