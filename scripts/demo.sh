#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Shows the pair talking: sets up what is missing, builds, runs mp_server and mp_client for a few
# seconds with both consoles live, each line marked with its program. Stops by itself; exits 0 only
# if all requests were answered and both programs ended cleanly.
#
#   scripts/demo.sh [--lang zh]      further arguments go to both programs, after their `--`

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

"$root/scripts/setup.sh"
build default mp_server mp_client

prefix=mp_ipc_demo_$$
eal=(--no-pci --file-prefix="$prefix" "${quiet_eal[@]}")
need_two_cores

server=
# Found by its unique prefix: under sudo, $server is sudo's pid, and sudo does not forward a signal from
# its own process group.
end_server() { "${as_root[@]}" pkill "-$1" -f "^/.*/build/mp_server .*--file-prefix=$prefix " || true; }
clean_up() {
    [ -z "$server" ] || end_server TERM
    wait
    remove_prefix_files "$prefix"
}
trap clean_up EXIT

say "$ mp_server -l $first_core --no-pci --file-prefix=$prefix -- $*"
"${as_root[@]}" "$root/build/mp_server" -l "$first_core" "${eal[@]}" -- "$@" > >(sed -u 's/^/mp_server | /') 2>&1 &
server=$!

say "$ mp_client -l $last_core --no-pci --file-prefix=$prefix -- --wait=10 --count 2 $*"
client_status=0
"${as_root[@]}" "$root/build/mp_client" -l "$last_core" "${eal[@]}" -- --wait=10 --count 2 "$@" \
    > >(sed -u 's/^/mp_client | /') 2>&1 || client_status=$?

end_server INT
server_status=0
wait "$server" || server_status=$?
server=
sleep 0.1 # the last lines pass through sed
say "mp_client ended with status $client_status, mp_server with $server_status"
[ "$client_status" -eq 0 ] && [ "$server_status" -eq 0 ]
