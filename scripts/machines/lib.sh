# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# What the scripts of this folder share: Debian roots of any suite, made by mmdebstrap and kept in
# $cache. Sourced, never run.

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# mmdebstrap, mounts and namespaces need root.
[ "$(id -u)" -eq 0 ] || exec "${as_root[@]}" "$0" "$@"

# Roots and disk images; those older than a week are made again, with current packages.
cache=${MP_IPC_CACHE:-/var/cache/mp_ipc}
mkdir -p "$cache"

need() { # need COMMAND...: each installed by scripts/setup.sh --ci
    local command
    for command in "$@"; do
        command -v "$command" >/dev/null || die "$command not found: run scripts/setup.sh --ci"
    done
}

host_suite() { # the release of this machine; empty: it is no Debian
    # shellcheck source=/dev/null
    (source /etc/os-release && [ "$ID" = debian ] && say "${VERSION_CODENAME-}") || true
}

# sources_list SUITE: the lines for apt, with the mirrors that this machine uses.
sources_list() {
    local suite=$1 uri release archive='' security=''
    # shellcheck disable=SC2016 # apt's own variables
    while read -r uri release; do
        case $release in
        *-security) security=$uri ;;
        *) archive=$uri ;;
        esac
    done < <(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages')
    [ -n "$archive" ] || die "apt knows no package mirror on this machine: see /etc/apt/sources.list.d"
    say "deb $archive $suite main"
    case $suite in
    sid | unstable) return ;;
    esac
    say "deb $archive $suite-updates main"
    [ -z "$security" ] || say "deb $security $suite-security main"
}

# fresh FILE: whether it is in the cache and less than a week old.
fresh() { [ -n "$(find "$1" -maxdepth 0 -mtime -7 2>/dev/null)" ]; }

# make_root SUITE VARIANT ARCHITECTURE PACKAGE...: prints the path of a tar file with such a root.
make_root() {
    local suite=$1 variant=$2 architecture=$3 tar
    shift 3
    tar=$cache/root-$suite-$architecture-$(sha256sum <<<"$variant $*" | head -c 8).tar
    (
        flock 9
        fresh "$tar" && exit
        need mmdebstrap
        say "Making a root of Debian $suite ($architecture): $*" >&2
        # The roots are temporary: dpkg need not wait for the disk.
        sources_list "$suite" | mmdebstrap --quiet --format=tar --variant="$variant" --architectures="$architecture" \
            --include="$(tr ' ' , <<<"$*")" --aptopt='Acquire::Check-Valid-Until "false"' \
            --dpkgopt=force-unsafe-io "$suite" "$tar.new" - >&2
        mv "$tar.new" "$tar"
    ) 9>"$tar.lock"
    say "$tar"
}
