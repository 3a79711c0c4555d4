/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/runtime_dir.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include <rte_common.h>
#include <rte_version.h>

#include "support/base/text.h"
#include "support/base/unique_fd.h"
#include "support/base/words.h"

namespace mp_ipc {
namespace {

namespace fs = std::filesystem;

/* The begin of the memory configuration that a primary shares. */
struct Head {
    std::uint32_t magic;
    std::uint32_t version;
    std::uint32_t channels;
    std::uint32_t ranks;
    std::uint32_t locks[5];
    std::uint8_t status[8]; /* mp_status is the first; since 23.11 one more lock is before it */
};

constexpr std::uint32_t kMagic = 19820526;  /* RTE_MAGIC: the configuration is complete */
constexpr std::uint8_t kStatusDisabled = 1; /* MP_STATUS_DISABLED */

void look_at_config(int fd, PrimaryProbe *probe) {
    Head head = {};
    if (pread(fd, &head, sizeof(head), 0) != static_cast<ssize_t>(sizeof(head)) ||
        head.magic != kMagic)
        return;
    probe->state = PrimaryProbe::State::alive;
    unsigned year = 0;
    unsigned month = 0;
    unsigned minor = 0; /* rte_version_year() and its like are experimental in 22.11 */
    probe->other_version =
        std::sscanf(rte_version(), "DPDK %u.%u.%u", &year, &month, &minor) == 3 &&
        head.version >> 8 != RTE_VERSION_NUM(year, month, minor, 0) >> 8;
    char text[32];
    std::snprintf(text, sizeof(text), "%02u.%02u.%u", head.version >> 24, head.version >> 16 & 255U,
                  head.version >> 8 & 255U);
    probe->version = text;
    const bool one_lock_more = head.version >= RTE_VERSION_NUM(23, 11, 0, 0);
    probe->no_secondaries = head.status[one_lock_more ? 4 : 0] == kStatusDisabled;
}

}  // namespace

std::vector<std::string> entries(const std::string &dir, const std::string &start) {
    std::vector<std::string> found;
    std::error_code error;
    for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
        if (it->path().filename().string().starts_with(start))
            found.push_back(it->path().string());
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::string runtime_root() {
    const char *directory = std::getenv("RUNTIME_DIRECTORY"); /* systemd's */
    if (directory == nullptr && getuid() == 0)
        directory = "/var/run";
    if (directory == nullptr)
        directory = std::getenv("XDG_RUNTIME_DIR");
    if (directory == nullptr)
        directory = "/tmp";
    return std::string(directory) + "/dpdk";
}

std::string runtime_dir(const std::string &file_prefix) {
    return runtime_root() + "/" + file_prefix;
}

bool socket_is_live(const std::string &path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path))
        return false;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const UniqueFd probe(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    /* Any other error is about this process, not about the socket: no descriptor is free, or rte_mp
     * has closed this one, since it closes whatever numbers a message claims. */
    return connect(probe.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) ==
               0 ||
           (errno != ECONNREFUSED && errno != ENOENT && errno != ENOTDIR && errno != EPROTOTYPE);
}

PrimaryProbe probe_primary(const std::string &dir) {
    using State = PrimaryProbe::State;
    PrimaryProbe probe;
    probe.dir = dir;
    const auto not_seen = [&](int error) {
        probe.state = State::unknown;
        probe.error = error;
    };
    const UniqueFd config(open((dir + "/config").c_str(), O_RDONLY | O_CLOEXEC));
    if (!config) {
        if (errno == ENOENT || errno == ENOTDIR)
            probe.state = State::no_files;
        else if (errno == EACCES || errno == EPERM)
            probe.state = State::forbidden;
        else
            not_seen(errno);
        return probe;
    }
    /* The same check as rte_eal_primary_proc_alive(); this way the pid is known too. */
    struct flock lock = {};
    lock.l_type = F_RDLCK;
    lock.l_whence = SEEK_SET;
    if (fcntl(config.get(), F_GETLK, &lock) != 0) {
        not_seen(errno);
        return probe;
    }
    if (lock.l_type == F_UNLCK) {
        probe.state = State::dead;
        probe.socket_left = access((dir + "/mp_socket").c_str(), F_OK) == 0;
        return probe;
    }
    probe.pid = lock.l_pid > 0 ? lock.l_pid : 0;
    probe.state = State::starting;
    /* When a new primary has just taken its lock, the memory configuration is still the earlier
     * one's. It binds its socket after it has overwritten that, and before it is complete. */
    if (socket_is_live(dir + "/mp_socket"))
        look_at_config(config.get(), &probe);
    return probe;
}

std::string PrimaryProbe::prefix() const {
    return fs::path(dir).filename().string();
}

std::vector<PrimaryProbe> probe_prefixes() {
    std::vector<PrimaryProbe> all;
    for (const std::string &dir : entries(runtime_root(), "")) {
        PrimaryProbe probe = probe_primary(dir);
        if (probe.state != PrimaryProbe::State::no_files)
            all.push_back(std::move(probe));
    }
    return all;
}

std::string process_name(pid_t pid) {
    std::ifstream comm("/proc/" + std::to_string(pid) + "/comm");
    std::string name;
    return std::getline(comm, name) && !name.empty() ? name : "?";
}

std::string process_text(pid_t pid) {
    return pid > 0 ? "pid " + std::to_string(pid) + ", " + process_name(pid)
                   : in_words({"pid unknown", "pid 未知"});
}

std::string holders_text(const std::vector<pid_t> &holders) {
    return joined(holders, process_text);
}

std::string user_name(uid_t user) {
    const passwd *entry = getpwuid(user);
    return entry != nullptr ? entry->pw_name : std::to_string(user);
}

uid_t owner_of(const std::string &path) {
    struct stat status = {};
    return stat(path.c_str(), &status) == 0 ? status.st_uid : geteuid();
}

std::vector<pid_t> lock_holders(const std::string &dir) {
    return flock_holders(entries(dir, "fbarray_"));
}

std::optional<bool> is_locked(const std::string &path) {
    const UniqueFd fd(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!fd)
        return std::nullopt;
    return flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

std::vector<pid_t> flock_holders(const std::vector<std::string> &paths) {
    /* "1: FLOCK  ADVISORY  READ 1234 08:01:5678 0 EOF"; device in hexadecimal, inode in decimal */
    std::set<std::string> files;
    for (const std::string &path : paths) {
        struct stat status = {};
        if (stat(path.c_str(), &status) != 0)
            continue;
        char id[64];
        std::snprintf(id, sizeof(id), "%02x:%02x:%lu", major(status.st_dev), minor(status.st_dev),
                      static_cast<unsigned long>(status.st_ino));
        files.insert(id);
    }
    std::vector<pid_t> holders;
    std::ifstream locks("/proc/locks");
    for (std::string line; !files.empty() && std::getline(locks, line);) {
        char type[16];
        char id[64];
        int pid = 0;
        if (std::sscanf(line.c_str(), "%*d: %15s %*s %*s %d %63s", type, &pid, id) != 3 ||
            std::strcmp(type, "FLOCK") != 0 || !files.contains(id) || pid == getpid())
            continue;
        if (std::ranges::find(holders, pid) == holders.end())
            holders.push_back(pid);
    }
    return holders;
}

std::vector<ClientSocket> client_sockets(const std::string &dir) {
    std::vector<ClientSocket> sockets;
    for (const std::string &path : entries(dir, "mp_socket_")) {
        const std::string rest = path.substr(dir.size() + std::strlen("/mp_socket_"));
        sockets.push_back({path, std::atoi(rest.c_str()), socket_is_live(path)});
    }
    return sockets;
}

std::vector<std::string> remove_stale_sockets(const std::string &dir) {
    std::vector<std::string> live;
    for (const ClientSocket &client : client_sockets(dir)) {
        if (client.live)
            live.push_back(client.path);
        else
            unlink(client.path.c_str());
    }
    return live;
}

}  // namespace mp_ipc
