#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Measures what a round trip of DPDK's IPC costs on this machine: builds Release, runs mp_bench, and puts
# tables (bench.md), figures (bench.json, google-benchmark.json) and plots (SVG) into build-bench/out.
# Takes less than two minutes on an idle machine, without the first build.
#
#   scripts/bench.sh            measure
#   scripts/bench.sh --scale    1 to 1,000 clients instead, as many as the memory allows: some minutes
#   scripts/bench.sh --quick    every row once, in half a minute: a check that it works, not a measurement
#   scripts/bench.sh --docs     measure, and put tables and plots into docs/
#   scripts/bench.sh --build    build only
#   scripts/bench.sh --cores A,B  the servers' core and the clients' core (default: the first two)
#
# Installs what is missing (scripts/setup.sh --bench). On distributions other than Debian's it may not
# find gnuplot and ZeroMQ: then the plots and the ZeroMQ row are left out.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build-bench
out=$build/out
docs=no
quick=
scale=
name=bench
build_only=no
cores=
while [ $# -gt 0 ]; do
    case $1 in
        --quick) quick=--quick ;;
        --scale) scale=--scale name=scale ;;
        --docs) docs=yes ;;
        --build) build_only=yes ;;
        --cores)
            [ $# -ge 2 ] || { echo "bench.sh: --cores takes A,B" >&2; exit 2; }
            cores=--cores=$2
            shift ;;
        --help | -h)
            sed -n '3,17s/^# \{0,1\}//p' "$0"
            exit 0 ;;
        *)
            echo "bench.sh: unknown option '$1'; see bench.sh --help" >&2
            exit 2 ;;
    esac
    shift
done
if [ "$docs" = yes ] && [ -n "$quick" ]; then
    echo "bench.sh: --docs needs a full run, not --quick" >&2
    exit 2
fi

[ "$build_only" = yes ] || "$root/scripts/setup.sh" --bench

generator=
command -v ninja >/dev/null 2>&1 && generator="-G Ninja"
mkdir -p "$out"
echo "Building in $build ..." >&2
# shellcheck disable=SC2086 # two words or none
if ! { cmake $generator -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DMP_IPC_BENCH=ON \
           -DMP_IPC_TESTS=OFF && cmake --build "$build" --parallel "$(nproc)"; } >"$out/build.log" 2>&1; then
    tail -n 30 "$out/build.log" >&2
    exit 1
fi
# Also builds the pair with EAL alone, for the table of starts, if DPDK's static archives are installed.
alone=
# shellcheck disable=SC2086
if cmake $generator -S "$root" -B "$build-static" -DCMAKE_BUILD_TYPE=Release -DMP_IPC_STATIC_EAL=ON \
    -DMP_IPC_TESTS=OFF >"$out/build-static.log" 2>&1; then
    cmake --build "$build-static" --parallel "$(nproc)" --target mp_server mp_client >>"$out/build-static.log" 2>&1 ||
        { tail -n 30 "$out/build-static.log" >&2; exit 1; }
    alone=--eal-alone=$build-static
fi
[ "$build_only" = no ] || exit 0

load=$(cut -d' ' -f1 /proc/loadavg)
if [ -z "$quick" ] && [ "$(printf '%.0f' "$load")" -ge 1 ]; then
    echo "The machine is busy (load $load): read the ratios, not the times." >&2
fi
status=0
# shellcheck disable=SC2086 # each is one word or none
"$build/bench/mp_bench" $quick $scale $cores $alone --out="$out" \
    --benchmark_out="$out/google-benchmark.json" --benchmark_out_format=json \
    >"$out/console.txt" || status=$?
cat "$out/$name.md"
if [ "$status" -ne 0 ]; then
    echo "bench.sh: rows are missing; see $out/stderr.txt" >&2
    exit "$status"
fi

if command -v gnuplot >/dev/null 2>&1; then
    gnuplot -e "from='$out'; to='$out'" "$root/bench/$name.gnuplot"
    echo "Plots: $(grep -o "performance-[a-z]*.svg" "$root/bench/$name.gnuplot" | sed "s|^|$out/|" | tr '\n' ' ')" >&2
else
    echo "No plots: gnuplot is not installed (Debian: apt-get install gnuplot-nox)." >&2
fi

if [ "$docs" = yes ]; then
    plots=$(grep -o "performance-[a-z]*.svg" "$root/bench/$name.gnuplot")
    for plot in $plots; do
        [ ! -f "$out/$plot" ] || cp "$out/$plot" "$root/docs/"
    done
    page=$root/docs/performance.md
    awk -v tables="$out/$name.md" -v name="$name" '
        $0 == "<!-- " name ": end -->" { inside = 0 }
        !inside { print }
        $0 == "<!-- " name ": begin -->" {
            inside = 1
            print ""
            while ((getline line < tables) > 0)
                print line
            print ""
        }' "$page" >"$page.new"
    mv "$page.new" "$page"
    echo "docs/performance.md has the tables of this run." >&2
fi
