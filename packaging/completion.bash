# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# bash completion of mp_server and mp_client: options and commands are read out of --help, so that a new
# one needs no line here.
_mp_ipc() {
    local words
    words=$("${COMP_WORDS[0]}" --help 2>/dev/null |
        sed -nE 's/^  (--[a-z-]+).*/\1/p; s/^  ([a-z]+)( [A-Z]+)?  +.*/\1/p')
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")
}
complete -F _mp_ipc mp_server mp_client
