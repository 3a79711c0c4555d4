#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Runs the README's two commands on a fresh Debian: in a new root of that release, with this repository
# at its last commit, in a home that only its owner may enter. Prints the time of each command.
#
#   scripts/machines/debian.sh SUITE USER [-- COMMAND [ARGUMENT...]]
#
#   SUITE    bookworm, trixie, sid
#   USER     root, or the name of a user to be made, who has sudo
#   COMMAND  in place of the two, in the repository
#
# The root has mount and pid namespaces of its own, by pivot_root: in a plain chroot a program cannot
# make the namespaces that tests need. Hugepages and cores are this machine's.

# shellcheck source=scripts/machines/lib.sh
source "$(dirname "$0")/lib.sh"

usage="usage: scripts/machines/debian.sh SUITE USER [-- COMMAND [ARGUMENT...]]"
[ $# -ge 2 ] || die "$usage"
suite=$1 user=$2
shift 2
[ $# -eq 0 ] || [ "$1" = -- ] || die "$usage"
command='' # as one would type it
[ $# -le 1 ] || command=$(printf '%q ' "${@:2}")
[[ $user =~ ^[a-z][a-z0-9]*$ ]] || die "not a user's name: '$user'"

tar=$(make_root "$suite" apt amd64 mount sudo passwd)
new=$(mktemp -d "$cache/debian.XXXXXX")
run=
clean_up() { # the pid namespace and its mounts end with its first process
    [ -z "$run" ] || kill -KILL "$run" 2>/dev/null || true
    wait
    rm -rf "$new"
}
trap clean_up EXIT
tar -C "$new" -xf "$tar"
cp -L /etc/resolv.conf "$new/etc/resolv.conf"
echo "127.0.0.1 localhost $(uname -n)" >"$new/etc/hosts"
mkdir -p "$cache/archives/$suite" "$new/old"

home=/root
if [ "$user" != root ]; then
    home=/home/$user
    chroot "$new" useradd --create-home --shell /bin/bash "$user"
    echo "$user ALL=(ALL) NOPASSWD: ALL" >"$new/etc/sudoers.d/$user"
fi
chmod 0700 "$new$home"
mkdir "$new$home/mp_ipc"
git -C "$root" -c safe.directory="$root" archive HEAD | tar -C "$new$home/mp_ipc" -xf -
chroot "$new" chown -R "$user:" "$home/mp_ipc"

cat >"$new/run-here" <<END
#!/bin/bash
# The script that runs in the new root.
as_user() { su -w CI - $user -c "cd mp_ipc && \$1"; }
timed() { # timed COMMAND: its output, then a line with its time
    local began=\$SECONDS status=0
    as_user "\$1" || status=\$?
    echo "debian.sh: $suite, $user, DPDK \$(pkg-config --modversion libdpdk): \$1: status \$status, \$((SECONDS - began)) s"
    return \$status
}
if [ $# -gt 1 ]; then
    as_user $(printf %q "$command")
else
    timed scripts/demo.sh && timed scripts/test.sh
fi
END
chmod +x "$new/run-here"

status=0
# shellcheck disable=SC2016 # for the shell in the namespaces
NEW=$new ARCHIVES=$cache/archives/$suite \
    unshare --mount --pid --fork --kill-child --propagation private bash -euc '
    mount --bind "$NEW" "$NEW"
    mount -t proc proc "$NEW/proc"
    mount --rbind /sys "$NEW/sys"
    mount --rbind /dev "$NEW/dev"
    mount -t tmpfs tmpfs "$NEW/run"
    mount --bind "$ARCHIVES" "$NEW/var/cache/apt/archives"
    # A fresh machine has no hugetlbfs here, or one that systemd mounted. Without it is the harder case.
    while umount "$NEW/dev/hugepages" 2>/dev/null; do :; done
    cd "$NEW"
    pivot_root . old
    umount -l /old
    exec /run-here' </dev/null &
run=$!
wait "$run" || status=$?
run=
[ "$status" -eq 0 ] || die "$suite, $user: failed with status $status"
