#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Makes a machine ready for the pair: installs the packages that are missing, reserves the hugepages
# that are missing, mounts them. Run it as often as you like: what is there is left alone.
#
#   scripts/setup.sh             packages and hugepages
#   scripts/setup.sh --ci        and what only .ci/run needs
#   scripts/setup.sh --hugepages [N]  hugepages only; N of 2 MiB must be free (12)
#   scripts/setup.sh --user NAME a hugetlbfs mount for this user, who needs no root from then on
#   scripts/setup.sh --undo      gives back the hugepages and mounts that this script made

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

# Free pages of 2 MiB that must be there: a primary takes one; the tests run four at a time, each with
# up to two, and a page more for each lets a killed one's be taken over before it is cleaned up.
pages_needed=12
# What this script changed: "reserved FORMER" and "mounted DIR" lines. Gone after a reboot, as they are.
readonly record=/run/mp_ipc_setup

# Packages by what they give. Needed to build and test; see --ci for the rest.
debian_packages=(g++ cmake make pkg-config libdpdk-dev dpdk dpdk-dev libgtest-dev python3 procps patch)
debian_ci_packages=(clang clang-format clang-tidy libclang-rt-dev shellcheck libbenchmark-dev
    gnuplot-nox valgrind spin gcc help2man man-db libzmq3-dev)
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

# The folder with the counts of 2 MiB pages: of the NUMA node where a server runs, or of the machine.
page_counts() {
    local counts
    for counts in /sys/devices/system/cpu/cpu"$first_core"/node*/hugepages/hugepages-2048kB \
        /sys/kernel/mm/hugepages/hugepages-2048kB; do
        [ ! -d "$counts" ] || break
    done
    [ -d "$counts" ] || die "this kernel has no hugepages of 2 MiB"
    say "$counts"
}

reserve() { # reserve PAGES: the whole reservation
    local counts node=()
    counts=$(page_counts)
    [[ $counts != */node* ]] || node=(--node "$(basename "${counts%/hugepages/*}" | tr -d '[:alpha:]')")
    "${as_root[@]}" dpdk-hugepages.py --pagesize 2M "${node[@]}" --reserve "$(($1 * 2))M" >/dev/null 2>&1 && return
    "${as_root[@]}" test -w "$counts/nr_hugepages" ||
        die "cannot reserve hugepages: $counts is read-only, as in a container: $(host_must_give)"
    die "cannot reserve $1 hugepages of 2 MiB: is there that much free, unfragmented memory?"
}

# What a container cannot do for itself without CAP_SYS_ADMIN, or with a read-only /sys.
host_must_give() {
    say "the host must have $pages_needed free hugepages of 2 MiB (there: scripts/setup.sh --hugepages $pages_needed)" \
        "and pass in their mount (docker, podman: --volume /dev/hugepages:/dev/hugepages)"
}

note() { # what --undo must know
    printf '%s\n' "$*" | "${as_root[@]}" tee -a "$record" >/dev/null
}

mount_hugepages() { # mount_hugepages DIR [more options of dpdk-hugepages.py]
    local dir=$1 why
    shift
    "${as_root[@]}" mkdir -p "$dir"
    why=$("${as_root[@]}" dpdk-hugepages.py --pagesize 2M --mount --directory "$dir" "$@" 2>&1 >/dev/null | head -n 1) || true
    hugetlbfs_mounts 2M | grep -qxF "$dir" ||
        die "cannot mount hugetlbfs on $dir (${why:-no reason given}). If this is a container: $(host_must_give)"
    note "mounted $dir"
    say "Mounted hugetlbfs on $dir"
}

set_up_hugepages() {
    local counts reserved free
    counts=$(page_counts)
    reserved=$(cat "$counts/nr_hugepages")
    free=$(cat "$counts/free_hugepages")
    if [ "$free" -lt "$pages_needed" ]; then
        reserve $((reserved + pages_needed - free))
        # The first record counts: it is what was there before this script.
        grep -qs '^reserved ' "$record" || note "reserved $reserved"
        say "Reserved hugepages of 2 MiB: $((reserved + pages_needed - free)) (before: $reserved)"
    fi
    [ -z "$(hugetlbfs_mounts 2M)" ] || return 0
    # Where the machine's pages are of 1 GiB, those are mounted on the usual place.
    if hugetlbfs_mounts any | grep -qxF /dev/hugepages; then
        mount_hugepages /dev/hugepages-2M
    else
        mount_hugepages /dev/hugepages
    fi
}

undo() {
    local what value failed=0
    [ -f "$record" ] || {
        say "Nothing to give back"
        return
    }
    while read -r what value; do
        case $what in
        mounted)
            if ! hugetlbfs_mounts any | grep -qxF "$value"; then
                say "Not mounted any more: $value"
            elif "${as_root[@]}" umount "$value"; then
                say "Unmounted $value"
            else
                failed=1
            fi
            ;;
        reserved)
            if (reserve "$value"); then say "Hugepages of 2 MiB: $value, as before"; else failed=1; fi
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
    hugetlbfs_mounts 2M | grep -qxF "$dir" ||
        mount_hugepages "$dir" --user "$(id -u "$user")" --group "$(id -g "$user")"
    say "As $user: export XDG_RUNTIME_DIR (a directory of that user, such as /run/user/$(id -u "$user")),"
    say "and give both programs --huge-dir=$dir"
}

case ${1-} in
"")
    install_packages "${debian_packages[@]}"
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
    *[!0-9]*) die "--hugepages takes a number of pages of 2 MiB, not '$pages_needed'" ;;
    esac
    set_up_hugepages
    ;;
--user) set_up_user "${2:?--user needs a name}" ;;
--undo) undo ;;
*) die "usage: scripts/setup.sh [--ci | --hugepages [N] | --user NAME | --undo]" ;;
esac
