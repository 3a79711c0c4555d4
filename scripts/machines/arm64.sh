#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Builds the pair for arm64 and runs it here, by user-mode emulation: the unit tests, then both
# programs and a command of each kind. A cache line of DPDK has 128 bytes there.
#
#   scripts/machines/arm64.sh

# shellcheck source=scripts/machines/lib.sh
source "$(dirname "$0")/lib.sh"

need aarch64-linux-gnu-g++ qemu-aarch64-static pkg-config cmake
suite=$(host_suite)
[ -n "$suite" ] || die "this needs the libraries that belong to Debian's cross compiler: run it on Debian"
compiler=$(aarch64-linux-gnu-g++ -dumpversion)
tar=$(make_root "$suite" extract arm64 libdpdk-dev "libstdc++-${compiler%%.*}-dev" libc6-dev libgtest-dev)
sysroot=${tar%.tar}
(
    flock 9
    [ "$sysroot/extracted" -nt "$tar" ] && exit
    rm -rf "$sysroot"
    mkdir -p "$sysroot"
    tar -C "$sysroot" -xf "$tar"
    touch "$sysroot/extracted"
) 9>"$tar.lock"

# ---- build -----------------------------------------------------------------------------------------

emulator=(qemu-aarch64-static -L "$sysroot")
build_dir=$root/build-arm64
export PKG_CONFIG_SYSROOT_DIR=$sysroot
export PKG_CONFIG_LIBDIR=$sysroot/usr/lib/aarch64-linux-gnu/pkgconfig:$sysroot/usr/share/pkgconfig
cmake -S "$root" -B "$build_dir" -DCMAKE_BUILD_TYPE=Release -DMP_IPC_WERROR=ON -DCMAKE_UNITY_BUILD=ON \
    -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_SYSROOT="$sysroot" \
    -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ -DCMAKE_CXX_COMPILER_TARGET=aarch64-linux-gnu \
    -DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY \
    -DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER \
    -DCMAKE_CROSSCOMPILING_EMULATOR="$(IFS=';' && echo "${emulator[*]}")" >/dev/null
cmake --build "$build_dir" --parallel "$(nproc)" --target mp_server mp_client unit_tests

# ---- run -------------------------------------------------------------------------------------------

# Left out: two tests of messages with more descriptors than the reader has room for. The emulator passes
# on all of them, and does not set MSG_CTRUNC.
"${emulator[@]}" "$build_dir/tests/unit_tests" --gtest_brief=1 \
    --gtest_filter=-IpcDescriptors.NoneReachWhatWantsNone:IpcDescriptors.AReplyBringsThoseThatItNames

prefix=mp_ipc_arm64_$$
eal=(--no-pci --file-prefix="$prefix" "${quiet_eal[@]}")
work=$(mktemp -d)
server=
clean_up() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    wait
    rm -rf "$work" "/var/run/dpdk/$prefix" "/dev/hugepages/${prefix}map_"*
}
trap clean_up EXIT
"$root/scripts/setup.sh" --hugepages

"${emulator[@]}" "$build_dir/mp_server" -l "$first_core" "${eal[@]}" >"$work/server" 2>&1 &
server=$!
client() { # client TEXT ARGUMENT...: its console must have the text
    say "\$ mp_client -- ${*:2}"
    "${emulator[@]}" "$build_dir/mp_client" -l "$last_core" "${eal[@]}" -- "${@:2}" | tee "$work/client"
    grep -qF -- "$1" "$work/client" || die "'$1' was not on the console"
}
client "[ASYNC] Reply: Server ASYNC reply: Got 'ASYNC Hello 2 from Client'" --wait=30 --count 2
client "[PING] 3 sent, 3 answered, 0 lost, 0 late" ping --count 3 --interval 0.1
client "[REPORT] action report_request: received 1" report
client "Memzone shared_info: 128 bytes, boot id " doctor
kill -INT "$server"
status=0
wait "$server" || status=$?
server=
cat "$work/server"
[ "$status" -eq 0 ] || die "mp_server ended with status $status"
say "arm64.sh: passed"
