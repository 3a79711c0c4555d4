#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Makes docs/terminal.svg: two real terminals (tmux) with the two commands of the README and their
# output. Needs tmux; builds and sets up what is missing.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"
[ ${#as_root[@]} -eq 0 ] || die "run this as root: the two programs run in terminals of their own"
need_two_cores
command -v tmux >/dev/null || die "tmux is not installed"

"$root/scripts/setup.sh"
build default mp_server mp_client

prefix=mp_ipc
terminal() { tmux -L "mp_ipc_picture_$$" -f /dev/null "$@"; }
clean_up() {
    terminal kill-server 2>/dev/null || true
    remove_prefix_files "$prefix"
}
[ ! -e "/var/run/dpdk/$prefix" ] || die "the file prefix $prefix is in use"
trap clean_up EXIT

wait_for() { # wait_for WINDOW TEXT
    local tries
    for tries in $(seq 200); do
        terminal capture-pane -p -t "$1" | grep -qF "$2" && return
        sleep 0.1
    done
    die "'$2' was not seen in $1 after $tries looks"
}

shell="env PS1='\$ ' PATH=$root/build:$PATH LC_ALL=C.UTF-8 bash --norc --noprofile"
terminal new-session -d -s server -x 92 -y 11 "$shell"
terminal new-session -d -s client -x 92 -y 11 "$shell"
terminal send-keys -t server "mp_server -l $first_core --no-pci --file-prefix=$prefix --log-level='*:error'" Enter
wait_for server "[Server] Ready"
terminal send-keys -t client "mp_client -l $last_core --no-pci --file-prefix=$prefix --log-level='*:error'" Enter
wait_for client "'ASYNC Hello 1"
wait_for client "'SYNC Hello 2"
terminal send-keys -t client C-c
wait_for client "[Client] Async: sent"
terminal send-keys -t server C-c
wait_for server "[Server] Ended"

python3 - "$root/docs/terminal.svg" \
    "$(terminal capture-pane -p -t server)" "$(terminal capture-pane -p -t client)" <<'PYTHON'
import html
import sys

path, *screens = sys.argv[1:]
LINE, LEFT, WIDTH = 18, 14, 800
parts, y = [], 0
for title, screen in zip(("terminal 1", "terminal 2"), screens):
    lines = screen.rstrip().split("\n")
    height = LINE * (len(lines) + 2)
    parts.append(f'<rect x="0" y="{y}" width="{WIDTH}" height="{height}" rx="8" fill="#1d2021"/>')
    parts.append(f'<text x="{LEFT}" y="{y + LINE}" fill="#928374">{title}</text>')
    for i, line in enumerate(lines):
        colour = "#fabd2f" if line.startswith("$") else "#ebdbb2"
        parts.append(f'<text x="{LEFT}" y="{y + LINE * (i + 2)}" fill="{colour}" '
                     f'xml:space="preserve">{html.escape(line)}</text>')
    y += height + 12
with open(path, "w", encoding="utf-8") as file:
    file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y - 12}" '
               'font-family="monospace" font-size="13">\n' + "\n".join(parts) + "\n</svg>\n")
PYTHON
say "Wrote docs/terminal.svg"
