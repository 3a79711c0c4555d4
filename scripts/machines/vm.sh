#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Runs a command in a virtual machine with Debian's own kernel, with more cores and NUMA nodes than
# this machine has. The project's folder is there at the same path, with its build; changes made
# there are lost. Emulated (TCG): slow, but it needs no virtualization by the processor.
#
#   scripts/machines/vm.sh [OPTION...] -- COMMAND [ARGUMENT...]
#
#   --suite NAME      bookworm (the default), trixie, sid: kernel, libraries, tools
#                     (this machine's build runs on its own release only)
#   --cpus N          4; spread evenly over the nodes
#   --nodes N         NUMA nodes: 2
#   --memory MB       4096, spread evenly
#   --hugepages N     of 2 MiB on each node: 256
#   --build DIR       the build folder to take along: build
#   --packages A,B    more packages in the machine, such as gdb
#   --timeout S       of the whole run: 900
#   --init NAME       script (the default: only the command runs), or systemd, which is booted
#                     first
#
# The command runs as root in the project's folder. Both its output streams go to this script's
# standard output, and its exit status is this script's. The kernel's console is shown if the
# machine ended without an exit status.

# shellcheck source=scripts/machines/lib.sh
source "$(dirname "$0")/lib.sh"

suite=bookworm cpus=4 nodes=2 memory=4096 hugepages=256 build_dir=$root/build packages='' timeout=900 init=script
while [ $# -gt 0 ]; do
    case $1 in
    --)
        shift
        break
        ;;
    --suite | --cpus | --nodes | --memory | --hugepages | --packages | --timeout | --init) declare "${1#--}=${2-}" ;;
    --build) build_dir=$(realpath -m -- "${2-}") ;;
    *) set -- ;;
    esac
    shift 2 || break
done
[ $# -gt 0 ] || die "usage: scripts/machines/vm.sh [--suite NAME] [--cpus N] [--nodes N] [--memory MB]" \
    "[--hugepages N] [--build DIR] [--packages A,B] [--timeout S] [--init NAME] -- COMMAND [ARGUMENT...]"
for number in "$cpus" "$nodes" "$memory" "$hugepages" "$timeout"; do
    [[ $number =~ ^[0-9]+$ ]] || die "not a number: '$number'"
done
if [ "$nodes" -eq 0 ] || [ $((cpus % nodes)) -ne 0 ]; then
    die "$cpus CPUs cannot be spread evenly over $nodes nodes"
fi
case $init in
script) ;;
systemd) packages+=,systemd-sysv ;;
*) die "--init takes script or systemd, not '$init'" ;;
esac
need qemu-system-x86_64 mke2fs
case $build_dir in
"$root"/*) [ -d "$build_dir" ] || die "there is no $build_dir: build first (scripts/test.sh)" ;;
*) die "--build takes a folder below $root, not '$build_dir'" ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

make_disk() { # make_disk DIR FILE: moves the folder into a disk image, with room for what a run writes
    truncate -s "$(($(du -sm "$1" | cut -f1) * 3 / 2 + 256))M" "$2"
    mke2fs -q -F -t ext4 -O ^has_journal -d "$1" "$2"
    rm -rf "$1"
}

# ---- the machine's own disk: kept ------------------------------------------------------------------

read -ra wanted <<<"linux-image-cloud-amd64 initramfs-tools libdpdk-dev dpdk dpdk-dev mount procps iproute2 ${packages//,/ }"
tar=$(make_root "$suite" apt amd64 "${wanted[@]}")
system=${tar%.tar} # kernel, initrd, disk
(
    flock 9
    [ "$system/disk" -nt "$tar" ] && exit
    rm -rf "$system"
    mkdir -p "$system/root"
    tar -C "$system/root" -xf "$tar"
    cp -L "$system/root/vmlinuz" "$system/kernel"
    cp -L "$system/root/initrd.img" "$system/initrd"
    cat >"$system/root/sbin/vm-init" <<'END'
#!/bin/sh
mkdir -p /project
mount -t ext4 /dev/vdb /project
exec /project/init
END
    chmod +x "$system/root/sbin/vm-init"
    make_disk "$system/root" "$system/disk.new"
    mv "$system/disk.new" "$system/disk"
) 9>"$tar.lock"

# ---- the project's disk: of this run ---------------------------------------------------------------

mkdir -p "$work/disk/tree"
{
    git -C "$root" -c safe.directory="$root" ls-files -z --cached --others --exclude-standard
    printf '%s\0' "${build_dir#"$root"/}"
} | tar -C "$root" --exclude='*.o' --exclude='*.a' --exclude=CMakeFiles --null -T - -cf - | tar -C "$work/disk/tree" -xf -
printf '%q ' "$@" >"$work/disk/command"
cat >"$work/disk/init" <<END
#!/bin/bash
# The first process of the machine: mounts the usual file systems.
export HOME=/root TERM=dumb LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -o remount,rw /
for type in proc:/proc sysfs:/sys tmpfs:/run tmpfs:/tmp tmpfs:/dev/shm devpts:/dev/pts; do
    mkdir -p "\${type#*:}"
    mountpoint -q "\${type#*:}" || mount -t "\${type%:*}" none "\${type#*:}"
done
ip link set lo up
for node in /sys/devices/system/node/node[0-9]*; do
    echo $hugepages >\$node/hugepages/hugepages-2048kB/nr_hugepages
done
mkdir -p /dev/hugepages $root
mount -t hugetlbfs -o pagesize=2M none /dev/hugepages
mount --bind /project/tree $root
[ $init = systemd ] || exec /project/run
cat >/etc/systemd/system/command.service <<UNIT
[Service]
ExecStart=/project/run
UNIT
mkdir -p /etc/systemd/system/multi-user.target.wants
ln -s ../command.service /etc/systemd/system/multi-user.target.wants/
exec /lib/systemd/systemd --unit=multi-user.target
END
cat >"$work/disk/run" <<END
#!/bin/bash
# Runs the command, prints its status, ends the machine.
exec </dev/null >/dev/ttyS1 2>&1
stty -F /dev/ttyS1 -opost
export HOME=/root TERM=dumb LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
cd $root
bash /project/command
echo \$? >/dev/ttyS2
sync
echo o >/proc/sysrq-trigger
sleep 60
END
chmod +x "$work/disk/init" "$work/disk/run"
make_disk "$work/disk" "$work/project"

# ---- the run ---------------------------------------------------------------------------------------

numa=()
for ((node = 0; node < nodes; node++)); do
    numa+=(-object "memory-backend-ram,id=m$node,size=$((memory / nodes))M"
        -numa "node,nodeid=$node,memdev=m$node,cpus=$((node * cpus / nodes))-$(((node + 1) * cpus / nodes - 1))")
done
drive() { printf 'file=%s,format=raw,if=virtio,snapshot=on,cache=unsafe' "$1"; }
status=0
timeout --foreground "$timeout" qemu-system-x86_64 -accel tcg,thread=multi -cpu Nehalem -smp "$cpus" -m "$memory" \
    "${numa[@]}" -nodefaults -no-user-config -display none -no-reboot -nic none \
    -kernel "$system/kernel" -initrd "$system/initrd" \
    -append "root=/dev/vda rw console=ttyS0 panic=-1 init=/sbin/vm-init" \
    -drive "$(drive "$system/disk")" -drive "$(drive "$work/project")" \
    -serial "file:$work/console" -serial stdio -serial "file:$work/status" </dev/null || status=$?
if [ -s "$work/status" ]; then
    status=$(tr -dc 0-9 <"$work/status")
    exit "$status"
fi
tail -n 40 "$work/console" >&2
[ "$status" -ne 124 ] || die "the machine did not end within $timeout s"
die "the machine ended without a status of the command (qemu: status $status)"
