#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Prepares a machine for the pair: installs missing packages, reserves missing hugepages, mounts them.
# May be run again at any time: it changes nothing that is there already.
#
#   scripts/setup.sh             packages and hugepages
#   scripts/setup.sh --bench     and what scripts/bench.sh needs
#   scripts/setup.sh --ci        and what only .ci/run needs
#   scripts/setup.sh --hugepages [N]  hugepages only; N must be free on each NUMA node (24)
#   scripts/setup.sh --user NAME a hugetlbfs mount for this user, who needs no root from then on
#   scripts/setup.sh --undo      undoes the hugepages and mounts that this script made

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

# The number of hugepages that must be free on each NUMA node: a primary takes a quarter of the free ones,
# at least one (docs/faults.md); four tests run at a time, each with up to two primaries of three pages.
pages_needed=24
# What this script changed: "reserved FORMER COUNTS" and "mounted DIR" lines. A reboot undoes both.
readonly record=/run/mp_ipc_setup

# Packages by what they provide. These are needed to build and test; for the rest see --ci.
debian_packages=(g++ cmake make pkg-config libdpdk-dev dpdk dpdk-dev libgtest-dev python3 procps patch)
debian_bench_packages=(libbenchmark-dev gnuplot-nox libzmq3-dev)
debian_ci_packages=("${debian_bench_packages[@]}" clang clang-format clang-tidy libclang-rt-dev shellcheck
    valgrind spin gcc help2man man-db git podman runc catatonit mmdebstrap e2fsprogs qemu-system-x86
    qemu-user-static g++-aarch64-linux-gnu)
fedora_packages=(gcc-c++ cmake make pkgconf-pkg-config dpdk-devel dpdk dpdk-tools gtest-devel python3
    procps-ng patch)

install_packages() {
    local missing=() package
    if command -v apt-get >/dev/null; then
        for package in "$@"; do
            dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
                missing+=("$package")
        done
        [ ${#missing[@]} -gt 0 ] || return 0
        say "Installing: ${missing[*]}"
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes \
            --no-install-recommends "${missing[@]}" >/dev/null
    elif command -v dnf >/dev/null; then
        for package in "${fedora_packages[@]}"; do
            rpm -q --quiet "$package" || missing+=("$package")
        done
        [ ${#missing[@]} -gt 0 ] || return 0
        say "Installing: ${missing[*]}"
        "${as_root[@]}" dnf -q -y install "${missing[@]}"
    else
        for package in c++ cmake make pkg-config dpdk-hugepages.py python3 patch; do
            command -v "$package" >/dev/null || missing+=("$package")
        done
        pkg-config --exists 'libdpdk >= 22.11' || missing+=("libdpdk")
        [ ${#missing[@]} -eq 0 ] ||
            die "${missing[*]} not found, and no apt-get and no dnf here: install a C++20 compiler, CMake 3.22, pkg-config," \
                "DPDK 22.11 or later with its headers and dpdk-hugepages.py, python3, patch, and GoogleTest"
    fi
}

# The size of the hugepages to use, in KiB: 2 MiB, or the next larger if the machine has none of those
# (POWER has 16 MiB). Of smaller ones, as arm64 has, too many would be needed.
page_size=$(find /sys/kernel/mm/hugepages -name 'hugepages-*kB' 2>/dev/null |
    sed 's/.*-\([0-9]*\)kB/\1/' | sort -n | awk '$1 >= 2048 { print; exit }') || true
page_mib=$((${page_size:-0} / 1024))

# The folders with the counts of these pages: one for each NUMA node with cores, or one for the machine.
page_counts() {
    local node counts found=''
    [ -n "$page_size" ] || die "this kernel has no hugepages of 2 MiB or more"
    for node in /sys/devices/system/node/node[0-9]*; do
        counts=$node/hugepages/hugepages-${page_size}kB
        [ -d "$counts" ] || continue
        grep -qs '[0-9]' "$node/cpulist" || continue
        found=yes
        say "$counts"
    done
    [ -n "$found" ] || say "/sys/kernel/mm/hugepages/hugepages-${page_size}kB"
}

needs_tool() { # of the package dpdk, which --hugepages and --user do not install
    command -v dpdk-hugepages.py >/dev/null ||
        die "dpdk-hugepages.py not found: install the package dpdk (Fedora: dpdk-tools), as scripts/setup.sh without options does"
}

reserve() { # reserve PAGES COUNTS: the whole reservation of one of these folders
    local node=()
    case $2 in */node/node*) node=(--node "$(sed 's/.*node\([0-9]*\)[/].*/\1/' <<<"$2")") ;; esac
    "${as_root[@]}" dpdk-hugepages.py --pagesize "${page_size}K" "${node[@]}" \
        --reserve "$(($1 * page_size))K" >/dev/null 2>&1 && return
    "${as_root[@]}" test -w "$2/nr_hugepages" ||
        die "cannot reserve hugepages: $2 is read-only, as in a container: $(host_must_give)"
    needs_tool
    die "cannot reserve $1 hugepages of $page_mib MiB ($2): is there that much free, unfragmented memory?"
}

# A container without CAP_SYS_ADMIN, or with a read-only /sys, cannot do this itself.
host_must_give() {
    say "the host must have $pages_needed free hugepages of $page_mib MiB (there: scripts/setup.sh --hugepages $pages_needed)" \
        "and pass in their mount (docker, podman: --volume /dev/hugepages:/dev/hugepages)"
}

note() { # records a line for --undo
    printf '%s\n' "$*" | "${as_root[@]}" tee -a "$record" >/dev/null
}

mount_hugepages() { # mount_hugepages DIR [more options of dpdk-hugepages.py]
    local dir=$1 why
    shift
    needs_tool
    "${as_root[@]}" mkdir -p "$dir"
    why=$("${as_root[@]}" dpdk-hugepages.py --pagesize "${page_size}K" --mount --directory "$dir" "$@" 2>&1 >/dev/null | head -n 1) || true
    is_hugetlbfs "${page_mib}M" "$dir" ||
        die "cannot mount hugetlbfs on $dir (${why:-no reason given}). If this is a container: $(host_must_give)"
    note "mounted $dir"
    say "Mounted hugetlbfs on $dir"
}

set_up_hugepages() {
    local counts all reserved free
    all=$(page_counts)
    for counts in $all; do
        reserved=$(cat "$counts/nr_hugepages")
        free=$(cat "$counts/free_hugepages")
        [ "$free" -lt "$pages_needed" ] || continue
        reserve $((reserved + pages_needed - free)) "$counts"
        # The first record holds: it is the count before this script.
        grep -qs "^reserved .* $counts\$" "$record" || note "reserved $reserved $counts"
        say "Reserved hugepages of $page_mib MiB: $((reserved + pages_needed - free)) (before: $reserved)"
    done
    [ -z "$(hugetlbfs_mounts "${page_mib}M")" ] || return 0
    # On a machine whose default pages are of 1 GiB, those are mounted at the usual place.
    if is_hugetlbfs any /dev/hugepages; then
        mount_hugepages /dev/hugepages-${page_mib}M
    else
        mount_hugepages /dev/hugepages
    fi
}

undo() {
    local what value counts failed=0
    [ -f "$record" ] || {
        say "Nothing to undo"
        return
    }
    while read -r what value counts; do
        case $what in
        mounted)
            if ! is_hugetlbfs any "$value"; then
                say "Not mounted any more: $value"
            elif "${as_root[@]}" umount "$value"; then
                say "Unmounted $value"
            else
                failed=1
            fi
            ;;
        reserved)
            if (reserve "$value" "$counts"); then
                say "Hugepages of $page_mib MiB: $value, as before"
            else
                failed=1
            fi
            ;;
        esac
    done <<<"$(tac "$record")"
    [ "$failed" -eq 0 ] || die "something is still in use; end it and try again"
    "${as_root[@]}" rm -f "$record"
}

set_up_user() {
    local user=$1 dir=/dev/hugepages-$1
    id "$user" >/dev/null 2>&1 || die "no such user: $user"
    set_up_hugepages
    is_hugetlbfs "${page_mib}M" "$dir" ||
        mount_hugepages "$dir" --user "$(id -u "$user")" --group "$(id -g "$user")"
    say "As $user: export XDG_RUNTIME_DIR (a directory of that user, such as /run/user/$(id -u "$user")),"
    say "and give both programs --huge-dir=$dir"
}

case ${1-} in
"")
    install_packages "${debian_packages[@]}"
    set_up_hugepages
    ;;
--bench)
    fedora_packages+=(google-benchmark-devel gnuplot zeromq-devel)
    install_packages "${debian_packages[@]}" "${debian_bench_packages[@]}"
    pages_needed=28 # twelve servers run side by side
    set_up_hugepages
    ;;
--ci)
    command -v apt-get >/dev/null || die "--ci knows the packages of Debian only: see debian_ci_packages in $0"
    install_packages "${debian_packages[@]}" "${debian_ci_packages[@]}"
    set_up_hugepages
    ;;
--hugepages)
    pages_needed=${2:-$pages_needed}
    case $pages_needed in
    *[!0-9]*) die "--hugepages takes a number of pages, not '$pages_needed'" ;;
    esac
    set_up_hugepages
    ;;
--user) set_up_user "${2:?--user needs a name}" ;;
--undo) undo ;;
*) die "usage: scripts/setup.sh [--bench | --ci | --hugepages [N] | --user NAME | --undo]" ;;
esac
