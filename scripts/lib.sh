# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# What the scripts share. Sourced, never run.

set -euo pipefail

# The project's folder; every script works from anywhere.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*"; }
die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Goes before a command that needs root: empty if this is root, else sudo. An array, not a function, so
# that the pid of a background command is the command's own.
# shellcheck disable=SC2034 # used by the scripts that source this
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "this needs root: run it as root, or install sudo"
    # shellcheck disable=SC2034
    as_root=(sudo)
fi

# eventually SECONDS COMMAND...: whether the command succeeds within that time.
eventually() {
    local deadline=$((SECONDS + $1))
    until "${@:2}"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

# build PRESET [-DOPTION=VALUE...] [TARGET...]: configures and builds a preset of CMakePresets.json.
build() {
    local preset=$1 options=() targets=()
    shift
    while [[ ${1-} == -D* ]]; do
        options+=("$1")
        shift
    done
    [ $# -eq 0 ] || targets=(--target "$@")
    (cd "$root" && cmake --preset "$preset" "${options[@]}" >/dev/null &&
        cmake --build --preset "$preset" --parallel "$(nproc)" "${targets[@]}")
}

# Hides EAL's start-up lines and telemetry's "No legacy callbacks", but not warnings and errors. The two
# must not overlap: where both match, the last wins for a log type that is registered already, and the
# first for one that registers later, as telemetry's does.
# shellcheck disable=SC2034
quiet_eal=(--log-level=lib.eal:warning --log-level=lib.telemetry:error --log-level=mp_ipc.mp_server:notice)

# The cores of a list such as "4-5,8", one a line.
cores_of() {
    local range
    for range in ${1//,/ }; do seq "${range%-*}" "${range#*-}"; done
}

# For a pair: the first and the last of the cores that this process may run on, in a cpuset too.
mapfile -t cores < <(cores_of "$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)")
# shellcheck disable=SC2034
first_core=${cores[0]} last_core=${cores[-1]}
need_two_cores() {
    [ ${#cores[@]} -ge 2 ] ||
        die "primary and secondary need a core each; this process may use one: ${cores[*]}"
}

# hugetlbfs_mounts SIZE: where hugetlbfs with pages of this size (2M, or any) is mounted, one a line.
hugetlbfs_mounts() {
    local _ dir type options
    while read -r _ dir type options _; do
        [ "$type" = hugetlbfs ] || continue
        [[ $1 = any || ,$options, == *,pagesize=$1,* ]] || continue
        printf '%b\n' "$dir" # a space is \040 in there
    done </proc/mounts
}

# is_hugetlbfs SIZE DIR. Without a pipe: the writer would fail when the reader stops early.
is_hugetlbfs() { grep -qxF -- "$2" <<<"$(hugetlbfs_mounts "$1")"; }

# remove_prefix_files PREFIX: the files that EAL left of a prefix that no process uses any more.
remove_prefix_files() {
    local dir
    "${as_root[@]}" rm -rf "${RUNTIME_DIRECTORY:-/var/run}/dpdk/$1"
    while read -r dir; do
        "${as_root[@]}" find "$dir" -maxdepth 1 -name "$1map_*" -delete
    done < <(hugetlbfs_mounts any)
}
