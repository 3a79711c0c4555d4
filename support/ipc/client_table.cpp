/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/ipc/client_table.h"

#include <algorithm>
#include <cstdlib>

namespace mp_ipc {

void ClientTable::note_message(std::string_view peer) {
    const std::lock_guard lock(lock_);
    auto it = last_;
    if (it == by_peer_.end() || it->first != peer)
        it = by_peer_.find(peer);
    if (it == by_peer_.end()) {
        if (by_peer_.size() >= kMost)
            return;
        it = by_peer_.emplace(std::string(peer), ClientRecord{}).first;
        static constexpr std::string_view kMark = "mp_socket_";
        const std::size_t mark = it->first.rfind(kMark);
        if (mark != std::string::npos)
            it->second.pid = std::atoi(it->first.c_str() + mark + kMark.size());
    }
    it->second.requests++;
    last_ = it;
}

void ClientTable::note(pid_t pid, std::string_view name,
                       const std::optional<ReportedCounts> &reported) {
    const std::lock_guard lock(lock_);
    for (auto &[peer, record] : by_peer_) {
        if (record.pid != pid)
            continue;
        record.name = name;
        if (reported)
            record.reported = reported;
    }
}

std::uint64_t ClientTable::late() const {
    const std::lock_guard lock(lock_);
    std::uint64_t late = late_of_exited_;
    for (const auto &[peer, record] : by_peer_)
        late += record.reported.value_or(ReportedCounts()).late;
    return late;
}

void ClientTable::keep_only(std::vector<std::string> paths) {
    std::ranges::sort(paths); /* before the lock, which handlers wait for */
    const std::lock_guard lock(lock_);
    last_ = by_peer_.end();
    std::erase_if(by_peer_, [&](const auto &entry) {
        const bool gone = !std::ranges::binary_search(paths, entry.first);
        if (gone)
            late_of_exited_ += entry.second.reported.value_or(ReportedCounts()).late;
        return gone;
    });
}

std::vector<ClientRecord> ClientTable::list() const {
    const std::lock_guard lock(lock_);
    std::vector<ClientRecord> records;
    records.reserve(by_peer_.size());
    for (const auto &[peer, record] : by_peer_)
        records.push_back(record);
    return records;
}

}  // namespace mp_ipc
