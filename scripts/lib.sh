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

# Before a command that needs root: nothing where we are root, else sudo. An array and no function,
# so that the pid of a background command is the command's own.
# shellcheck disable=SC2034 # used by the scripts that source this
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "this needs root: run it as root, or install sudo"
    # shellcheck disable=SC2034
    as_root=(sudo)
fi

# build PRESET [TARGET...]: configures and builds a preset of CMakePresets.json.
build() {
    local preset=$1 targets=()
    shift
    [ $# -eq 0 ] || targets=(--target "$@")
    (cd "$root" && cmake --preset "$preset" >/dev/null &&
        cmake --build --preset "$preset" --parallel "$(nproc)" "${targets[@]}")
}

# EAL's own start-up lines are left out, and telemetry's "No legacy callbacks"; what goes wrong is not.
# The two do not overlap: where more than one fits, the last wins for a log type that is registered
# already, and the first for one that registers later, as telemetry's does.
# shellcheck disable=SC2034
quiet_eal=(--log-level=lib.eal:warning --log-level=lib.telemetry:error)

# For the second program of a pair: the first runs on core 0.
last_core() {
    [ "$(nproc)" -ge 2 ] || die "primary and secondary need a core each; this machine has one"
    say $(($(nproc) - 1))
}
