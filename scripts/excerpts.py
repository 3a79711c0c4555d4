#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Pulls the excerpts of docs/walkthrough.md out of the source again.

An excerpt is a block that begins with "// FILE". Its marker is its own first line, or as many of its
first lines as are found in FILE in one place only; it ends where the brace that opens there closes,
or with the marker where none opens.
The test Docs.ExcerptsOfTheWalkthroughAreTheSource says when to run it.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs/walkthrough.md"
BLOCK = re.compile(r"```cpp\n// (\S+)\n(.*?)```", re.S)


def places(lines, wanted):
    return [i for i in range(len(lines)) if lines[i : i + len(wanted)] == wanted]


def pull(file, excerpt):
    lines = (ROOT / file).read_text().splitlines()
    shown = excerpt.splitlines()
    for count in range(1, len(shown) + 1):
        found = places(lines, shown[:count])
        if len(found) == 1:
            break
        if not found:
            sys.exit(f"{file} no longer has the line: {shown[count - 1]}")
    else:
        sys.exit(f"{file} has this in more than one place:\n{excerpt}")
    start, end = found[0], found[0] + count
    indent = shown[0][: len(shown[0]) - len(shown[0].lstrip())]
    if "{" in lines[end - 1] or not shown[count - 1].rstrip().endswith((";", "*/")):
        while lines[end] not in (indent + "}", indent + "};"):
            end += 1
        end += 1
    return "\n".join(lines[start:end]) + "\n"


def main():
    if sys.argv[1:]:
        sys.exit(__doc__)
    text = DOCUMENT.read_text()
    DOCUMENT.write_text(BLOCK.sub(lambda m: f"```cpp\n// {m[1]}\n{pull(m[1], m[2])}```", text))


main()
