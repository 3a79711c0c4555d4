#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# ctest lists the tests that it skipped. Run after it, in the build folder, this prints the reasons.
awk '/: Skipped$/ { getline; print } /^[a-z]+\.sh: skipped/' Testing/Temporary/LastTest.log* 2>/dev/null |
    sort | uniq -c | sed 's/^ */Skipped: /'
