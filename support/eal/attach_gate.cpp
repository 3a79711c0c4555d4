/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/attach_gate.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace mp_ipc {
namespace {

UniqueFd open_file(const std::string &path) {
    return UniqueFd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
}

/* Stopped by a signal or a debugger; false where /proc does not show it. */
bool is_stopped(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    const std::size_t name_end = text.rfind(") "); /* the name may have any character */
    const char state = name_end + 2 < text.size() ? text[name_end + 2] : '?';
    return name_end != std::string::npos && (state == 'T' || state == 't');
}

struct flock place_lock(unsigned place) {
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(place);
    lock.l_len = 1;
    return lock;
}

}  // namespace

AttachGate::Outcome AttachGate::enter(const std::function<bool(std::chrono::milliseconds)> &pause,
                                      std::chrono::milliseconds patience) {
    using Clock = std::chrono::steady_clock;
    using std::chrono::milliseconds;
    constexpr milliseconds kShortest{4};
    constexpr milliseconds kLongest{64};
    constexpr milliseconds kCountEvery{250};

    file_ = open_file(path_);
    if (!file_)
        return Outcome::not_possible;
    for (row_ = 0; row_ < kRows; row_++) {
        milliseconds sleep = kShortest;
        std::vector<pid_t> within;
        Clock::time_point changed = Clock::now();
        Clock::time_point count_at = changed;
        bool were_stopped = false; /* at the previous count */
        while (true) {
            if (take_a_place())
                return Outcome::entered;
            const Clock::time_point now = Clock::now();
            if (now >= count_at) {
                count_at = now + kCountEvery;
                auto holders_now = holders(row_);
                const bool same = holders_now == within;
                const bool stopped =
                    !holders_now.empty() &&
                    std::all_of(holders_now.begin(), holders_now.end(), is_stopped);
                if (!same)
                    changed = now;
                else if ((stopped && were_stopped) || now - changed >= patience)
                    break;
                within = std::move(holders_now);
                were_stopped = stopped;
            }
            if (!pause(sleep))
                return Outcome::interrupted;
            sleep = std::min(sleep * 2, kLongest);
        }
    }
    return Outcome::passed_by;
}

void AttachGate::leave() {
    file_ = UniqueFd();
}

void AttachGate::make(const std::string &dir) {
    open_file(AttachGate(dir).path_);
}

bool AttachGate::take_a_place() {
    /* Processes begin with different places, so as not to compete for the same one. */
    const auto first = static_cast<unsigned>(getpid());
    for (unsigned i = 0; i < kPlaces; i++) {
        struct flock lock = place_lock(row_ * kPlaces + (first + i) % kPlaces);
        if (fcntl(file_.get(), F_SETLK, &lock) == 0)
            return true;
    }
    return false;
}

std::vector<pid_t> AttachGate::holders(unsigned row) const {
    std::vector<pid_t> found;
    for (unsigned place = 0; file_ && place < kPlaces; place++) {
        struct flock lock = place_lock(row * kPlaces + place);
        if (fcntl(file_.get(), F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
            found.push_back(std::max<pid_t>(lock.l_pid, 0));
    }
    return found;
}

}  // namespace mp_ipc
