/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/attach_gate.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace mp_ipc {
namespace {

UniqueFd open_file(const std::string &path) {
    return UniqueFd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
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
    constexpr milliseconds kCountEvery{500};

    file_ = open_file(path_);
    if (!file_)
        return Outcome::not_possible;
    milliseconds sleep = kShortest;
    std::vector<pid_t> within;
    Clock::time_point changed = Clock::now();
    Clock::time_point count_at = changed;
    while (true) {
        if (take_a_place())
            return Outcome::entered;
        const Clock::time_point now = Clock::now();
        if (now >= count_at) {
            count_at = now + kCountEvery;
            auto holders_now = holders();
            if (holders_now != within)
                changed = now;
            within = std::move(holders_now);
        }
        if (now - changed >= patience)
            return Outcome::passed_by;
        if (!pause(sleep))
            return Outcome::interrupted;
        sleep = std::min(sleep * 2, kLongest);
    }
}

void AttachGate::leave() {
    file_ = UniqueFd();
}

void AttachGate::make(const std::string &dir) {
    open_file(AttachGate(dir).path_);
}

bool AttachGate::take_a_place() {
    /* Not all begin with the same place. */
    const auto first = static_cast<unsigned>(getpid());
    for (unsigned i = 0; i < kPlaces; i++) {
        struct flock lock = place_lock((first + i) % kPlaces);
        if (fcntl(file_.get(), F_SETLK, &lock) == 0)
            return true;
    }
    return false;
}

std::vector<pid_t> AttachGate::holders() const {
    std::vector<pid_t> found;
    for (unsigned place = 0; file_ && place < kPlaces; place++) {
        struct flock lock = place_lock(place);
        if (fcntl(file_.get(), F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
            found.push_back(std::max<pid_t>(lock.l_pid, 0));
    }
    return found;
}

}  // namespace mp_ipc
