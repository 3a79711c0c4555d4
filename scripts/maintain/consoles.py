#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes docs/consoles.md: the consoles of the rows of docs/api.md, as scripts/tour.sh runs them.

    scripts/maintain/consoles.py [--build DIR] [ROW...]

Values that differ from run to run are replaced by fixed ones, so that a new capture shows only real
changes. A row is accepted when its result is that of the page, or twice the same: on a machine that is
slow for a moment, rounds and late replies differ.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/consoles.md"
TOUR = ROOT / "scripts/tour.sh"
TRIES = 5
TOTALS = "[Server] Processed "  # every few seconds: the last is kept

FIXED = [  # (what, by what), line by line
    (r"(mp_socket_\d+_)[0-9a-f]+", r"\g<1>1a2b3c4d5e6f"),
    (r"time=\d+\.\d+ ms: there \S+, handler \S+, back \S+",
     "time=0.100 ms: there 0.040, handler 0.010, back 0.050"),
    (r"(time min/median/p99/max) = \S+ ms", r"\1 = 0.090/0.100/0.200/0.200 ms"),
    (r"(median there/handler/back) = \S+ ms", r"\1 = 0.040/0.010/0.050 ms"),
    (r"(\[REPORT\] mp_server) .*", r"\1 1.2.3"),
    (r"(\[REPORT\] dpdk: DPDK) .*", r"\1 22.11.0"),
    (r"(\[REPORT\] boot_id:) .*", r"\1 12345678901234567890"),
    (r"(\[REPORT\] uptime_s:) .*", r"\1 0.1"),
    (r"(\[REPORT\] ipc_thread_cores:) .*", r"\1 1"),
    (r"(\[REPORT\] heap: node \d+:) .*", r"\1 0.1 of 16.0 MiB in use, room for 100 clients"),
    (r"\(prefixes with a live primary: .*\)", "(no prefix under /var/run/dpdk has a live primary)"),
    # How many are asked before the stopped one depends on the order of the directory.
    (r"Asked \d+ clients one after another", "Asked 2 clients one after another"),
]
# Each group of such lines is sorted by the clients' names.
OF_CLIENTS = [
    r"\[(?:SYNC|ASYNC)\] Received: .* from (\w+)$",
    r"\[STATUS\] (\w+) \(pid \d+\): ",
]


def in_order(lines):
    """Sorts consecutive lines of several clients by the clients' names."""
    for pattern in OF_CLIENTS:
        at = 0
        while at < len(lines):
            end = at
            while end < len(lines) and re.match(pattern, lines[end]):
                end += 1
            lines[at:end] = sorted(lines[at:end], key=lambda line: re.match(pattern, line)[1])
            at = max(end, at + 1)
    return lines


def uniform_console(lines):
    """The lines of one process, without what differs by chance."""
    for pattern, fixed in FIXED:
        lines = [re.sub(pattern, fixed, line) for line in lines]
    kept = []
    for at, line in enumerate(lines):
        if line.startswith(TOTALS) and any(later.startswith(TOTALS) for later in lines[at + 1:]):
            continue
        if line.startswith("[STATUS] Not asked: ") and line in kept:
            continue
        kept.append(line)
    text = "".join(line + "\n" for line in in_order(kept))
    return re.sub(r"(?m)^((?:.+\n){1,8}?)\1+", r"\1", text)  # what repeats, once


def uniform(text):
    """A row's consoles: each begins with its command."""
    return "".join(uniform_console(console.splitlines())
                   for console in re.split(r"(?m)^(?=\$ )", text) if console)


def block(row):
    """Matches the console under the row's heading: the part before it, and the console."""
    return re.compile(rf"(\n## {re.escape(row)}\n(?:(?!\n## ).)*?```console\n)(.*?)(?=```\n)", re.S)


def capture(rows, build):
    """Runs the rows; returns the consoles of those that showed what they should, by name."""
    with tempfile.TemporaryDirectory() as folder:
        command = [TOUR, "--consoles", folder, *(["--build", build] if build else []), *rows]
        status = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
        files = list(pathlib.Path(folder).iterdir())
        if status not in (0, 1) or (status == 1 and not files):
            sys.exit(f"consoles.py: {TOUR.name} ended with status {status}")
        return {file.name: uniform(file.read_text()) for file in files}


def main():
    parser = argparse.ArgumentParser(description="Writes docs/consoles.md from runs of scripts/tour.sh.")
    parser.add_argument("--build", metavar="DIR", help="run the programs of this build folder, as they are")
    parser.add_argument("rows", metavar="ROW", nargs="*", help="these rows only")
    wanted = parser.parse_args()
    listed = subprocess.run([TOUR, "--list"], check=True, capture_output=True, text=True).stdout
    rows = wanted.rows or [line.split()[0] for line in listed.splitlines()]

    page = PAGE.read_text()
    seen = {}
    for row in rows:
        found = block(row).search(page)
        if not found:
            sys.exit(f"consoles.py: {PAGE} has no console under the heading '## {row}': add both")
        seen[row] = [found[2]]
    left = rows
    for run in range(1, TRIES + 1):
        again = []
        consoles = capture(left, wanted.build)
        for row in left:
            text = consoles.get(row)
            if text is None:
                again.append(row)
            elif text in seen[row]:
                page = block(row).sub(lambda found: found[1] + text, page)
                print(f"{row}: {'as it was' if text == seen[row][0] else 'changed'}, run {run}")
            else:
                seen[row].append(text)
                again.append(row)
        left = again
        if not left:
            break
    PAGE.write_text(page)
    if left:
        sys.exit(f"consoles.py: in {TRIES} runs no two gave the same, the page keeps what it had: {' '.join(left)}")


main()
