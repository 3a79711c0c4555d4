#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# fuzz.sh [SECONDS [--keep]]: builds the fuzz target with clang and runs it for SECONDS (30), from the
# stored corpus. --keep merges new inputs into tests/fuzz/corpus. Fails on the first finding, and names
# its input. Exits 77 if clang is missing. BUILD_DIR: build-fuzz by default.
set -eu
seconds=${1:-30}
keep=${2:-}
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD_DIR:-$root/build-fuzz}
command -v clang++ >/dev/null || {
    echo "fuzz.sh: skipped: clang++ is not installed (Debian: apt-get install clang)"
    [ "${CI-}" = true ] && exit 1
    exit 77
}
cmake -S "$root" -B "$build" -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=Debug \
    -DMP_IPC_FUZZ=ON -DMP_IPC_TESTS=OFF -DMP_IPC_WERROR=ON >/dev/null
cmake --build "$build" --parallel 2 --target message_fuzz >"$build/fuzz_build.log" 2>&1 || {
    cat "$build/fuzz_build.log"
    exit 1
}
corpus=$root/tests/fuzz/corpus/message
found=$build/corpus/message
mkdir -p "$found" "$corpus"
nice -n 10 "$build/tests/fuzz/message_fuzz" -max_total_time="$seconds" -timeout=10 \
    -max_len=600 -artifact_prefix="$build/" -print_final_stats=1 \
    "$found" "$corpus" >"$build/message.log" 2>&1 || {
    tail -n 40 "$build/message.log"
    echo "fuzz.sh: the input is kept in $build"
    exit 1
}
grep -E 'DONE|Done' "$build/message.log" | sed 's/^/  /'
if [ "$keep" = --keep ]; then
    rm -rf "$build/merged"
    mkdir -p "$build/merged"
    "$build/tests/fuzz/message_fuzz" -set_cover_merge=1 "$build/merged" "$corpus" "$found" \
        >"$build/merge.log" 2>&1
    rm -rf "$corpus"
    mv "$build/merged" "$corpus"
    echo "  corpus: $(find "$corpus" -type f | wc -l) inputs"
fi
