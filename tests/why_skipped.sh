#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# ctest names the tests that it skipped; run after it, in the build folder, this says why.
awk '/: Skipped$/ { getline; print } /^[a-z]+\.sh: skipped/' Testing/Temporary/LastTest.log* 2>/dev/null |
    sort | uniq -c | sed 's/^ */Skipped: /'
