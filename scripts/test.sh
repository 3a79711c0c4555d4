#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Runs the tests: sets up what is missing, builds, runs ctest. Without --all it takes three minutes on two
# cores: the unit tests and those of the two programs. With --all it takes ten: also faults, floods, the
# soak, DPDK's own tools, the model.
#
#   scripts/test.sh [--all] [PRESET] [arguments of ctest]      PRESET: default, debug, asan, tsan, static, ci

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

all=OFF
if [ "${1-}" = --all ]; then
    all=ON
    shift
fi
preset=default
case ${1-} in
default | debug | asan | tsan | static | ci)
    preset=$1
    shift
    ;;
esac

"$root/scripts/setup.sh"
build "$preset" "-DMP_IPC_ALL_TESTS=$all"
cd "$root"
# The tests run as root, as the programs they start do.
exec "${as_root[@]}" env CI="${CI-}" MP_IPC_SOAK_SECONDS="${MP_IPC_SOAK_SECONDS-20}" ctest --preset "$preset" "$@"
