/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which secondaries the server knows: those that sent it a message, by their socket, and what they
 * reported of themselves. Any thread.
 */
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mp_ipc {

/* What a client says of its own requests. */
struct ReportedCounts {
    std::uint64_t sent = 0;
    std::uint64_t answered = 0;
    std::uint64_t late = 0;
};

struct ClientRecord {
    pid_t pid = 0;
    std::string name;                       /* empty until it has sent one */
    std::uint64_t requests = 0;             /* received from it, of all kinds */
    std::optional<ReportedCounts> reported; /* as last reported (--broadcast) */
};

class ClientTable {
  public:
    ClientTable() = default;
    ClientTable(const ClientTable &) = delete;
    ClientTable &operator=(const ClientTable &) = delete;

    /* Counts a message from the socket `peer` ("…/mp_socket_<pid>_<tsc>"). */
    void note_message(std::string_view peer);
    /* The client with this pid calls itself `name`, and may have reported its counts. */
    void note(pid_t pid, std::string_view name,
              const std::optional<ReportedCounts> &reported = std::nullopt);
    /* Late replies of all clients that reported their counts, including exited ones. */
    std::uint64_t late() const;
    /* Removes the clients whose sockets are not among these paths. */
    void keep_only(std::vector<std::string> paths);
    /* A copy, in the order of the sockets' paths. */
    std::vector<ClientRecord> list() const;

  private:
    /* At most: a process that invents socket names must not fill the memory. */
    static constexpr std::size_t kMost = 4096;
    mutable std::mutex lock_;
    using ByPeer = std::map<std::string, ClientRecord, std::less<>>;
    ByPeer by_peer_;
    ByPeer::iterator last_ = by_peer_.end(); /* the sender of the last message */
    std::uint64_t late_of_exited_ = 0;       /* kept: a counter that fell would read as a restart */
};

}  // namespace mp_ipc
