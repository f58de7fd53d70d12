#!/bin/sh
# Builds the bundle that is published and installed, dist/comeback/: the skill, its sources, and the program for this
# platform. Refuses where what stands there would not be taken by OpenClaw or ClawHub.
#
#   scripts/package.sh [--binary FILE] [OUT]
#
# OUT is dist/comeback, if nothing else is named; what stands there is replaced. --binary takes a program that is built
# already.
set -eu

# ClawHub's own limits (clawhub 0.23.3, read).
MAX_FILE=10485760
MAX_BUNDLE=52428800
# What agents see of a description where there is little room.
SHOWN=160

err() {
    printf 'package: %s\n' "$1" >&2
    exit 1
}

# Prints the value of the front matter's one-line field $1.
field() {
    sed -n "2,/^---\$/s/^$1: //p" "${out}/SKILL.md"
}

platform() {
    machine=$(uname -m)
    case "${machine}" in
        amd64) machine=x86_64 ;;
        arm64) machine=aarch64 ;;
        *) ;;
    esac
    kernel=$(uname -s)
    printf '%s-%s\n' "${kernel}" "${machine}" | tr '[:upper:]' '[:lower:]'
}

collect() {
    rm -rf "${out}"
    mkdir -p "${out}/prebuilt"
    # The manifest of the sources names a benchmark, so that benches/ belongs to them.
    for part in SKILL.md README.md README.zh-CN.md SECURITY.md LICENSE CHANGELOG.md install.sh Cargo.toml Cargo.lock docs references \
        templates scripts src benches; do
        cp -R "${root}/${part}" "${out}/${part}"
    done
    name=$(platform)
    cp "${binary}" "${out}/prebuilt/comeback-${name}"
    chmod 755 "${out}/prebuilt/comeback-${name}"
    printf '%s\n' '# What install.sh makes here is not published.' 'target/' >"${out}/.clawhubignore"
}

# SKILL.md: OpenClaw takes the name for the folder's, and one line for the description.
front_matter() {
    name=$(field name)
    slug=$(basename "${out}")
    [ "${name}" = "${slug}" ] || err "SKILL.md: the name ${name} is not the folder's, ${slug}"
    case "${name}" in
        *[!a-z0-9-]* | '') err "SKILL.md: the name may hold a-z, 0-9 and - only: ${name}" ;;
        *) ;;
    esac
    description=$(field description)
    length=$(printf '%s' "${description}" | wc -m)
    if [ "${length}" -lt 40 ] || [ "${length}" -gt 1024 ]; then
        err "SKILL.md: the description has ${length} characters, 40 to 1024 are taken"
    fi
    # The first sentence says what it is for, and it is seen whole.
    sentence=${description%%. *}
    length=$(printf '%s.' "${sentence}" | wc -m)
    [ "${length}" -le "${SHOWN}" ] || err "SKILL.md: the description's first sentence has ${length} characters, ${SHOWN} are seen"
    lines=$(wc -l <"${out}/SKILL.md")
    [ "${lines}" -lt 500 ] || err "SKILL.md has ${lines} lines, fewer than 500 are read"
}

# Every reference is there, and SKILL.md says when to open it.
references() {
    for file in "${out}"/references/*; do
        grep -qF "references/$(basename "${file}")" "${out}/SKILL.md" || err "SKILL.md does not use references/$(basename "${file}")"
    done
    named=$(grep -ho 'references/[a-z-]*\.md' "${out}"/SKILL.md "${out}"/references/*.md | sort -u)
    # The names hold no blanks.
    # shellcheck disable=SC2086
    set -- ${named}
    for file in "$@"; do
        [ -f "${out}/${file}" ] || err "${file} is named and not there"
    done
}

contents() {
    found=$(find "${out}" -type l)
    [ -z "${found}" ] || err "links are not taken: ${found}"
    found=$(find "${out}" -name '.*' ! -path "${out}" ! -path "${out}/.clawhubignore")
    [ -z "${found}" ] || err "hidden files are not taken: ${found}"
    found=$(find "${out}" -type f -size "+${MAX_FILE}c")
    [ -z "${found}" ] || err "larger than ${MAX_FILE} bytes, which ClawHub does not take: ${found}"
    size=$(find "${out}" -type f -exec cat {} + | wc -c)
    [ "${size}" -le "${MAX_BUNDLE}" ] || err "the bundle has ${size} bytes, ClawHub takes ${MAX_BUNDLE}"
}

sums() {
    (cd "${out}" && find . -type f ! -name .clawhubignore | sed 's|^\./||' | LC_ALL=C sort | while IFS= read -r file; do
        sum=$(sha256sum <"${file}")
        printf '%s  %s\n' "${sum%% *}" "${file}"
    done) >"${out}.sums"
    mv "${out}.sums" "${out}/SHA256SUMS"
}

main() {
    root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
    binary=
    out=${root}/dist/comeback
    while [ $# -gt 0 ]; do
        case "$1" in
            --binary)
                [ $# -ge 2 ] || err '--binary needs a file'
                binary=$2
                shift
                ;;
            -*) err "unknown argument: $1" ;;
            *) out=$1 ;;
        esac
        shift
    done
    if [ -z "${binary}" ]; then
        (cd "${root}" && cargo build --release --locked)
        binary=${root}/target/release/comeback
    fi
    collect
    front_matter
    references
    contents
    sums
    printf '%s: %s bytes\n' "${out}" "${size}"
}

main "$@"
