/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which of the descriptors of a message recvmsg() passes on, with a socket of the test's own.
 */
#include "support/eal/ipc_filter.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "support/base/unique_fd.h"
#include "tests/harness/datagram.h"
#include "tests/harness/temp_dir.h"

namespace mp_ipc {
namespace {

constexpr int kBuffer = 8; /* as many as rte_mp had room for until 24.11 */

struct Received {
    int num_fds = -1;
    std::vector<int> fds;
    int flags = 0;
};

class IpcDescriptors : public ::testing::Test {
  protected:
    void TearDown() override { limit_descriptors(-1, DescriptorsIn::none); }

    /* Sends one message, and returns what is received. */
    Received send(int type, int named, std::size_t brought) {
        IpcDatagram datagram = {};
        datagram.type = type;
        datagram.message.num_fds = named;
        const std::vector<int> fds(brought, STDERR_FILENO);
        EXPECT_EQ(from_.send(dir_ / "to", &datagram, kIpcDatagramSize, fds), 0);

        iovec data = {&datagram, kIpcDatagramSize};
        msghdr header = {};
        header.msg_iov = &data;
        header.msg_iovlen = 1;
        alignas(cmsghdr) char room[CMSG_SPACE(kBuffer * sizeof(int))];
        header.msg_control = room;
        header.msg_controllen = sizeof(room);
        std::memset(&datagram, 0, sizeof(datagram));
        EXPECT_EQ(recvmsg(to_.fd(), &header, 0), ssize_t{kIpcDatagramSize});
        Received received{datagram.message.num_fds, {}, header.msg_flags};
        if (const cmsghdr *part = CMSG_FIRSTHDR(&header)) {
            received.fds.resize((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
            std::memcpy(received.fds.data(), CMSG_DATA(part), received.fds.size() * sizeof(int));
        }
        return received;
    }
    /* No descriptor is passed on, and none stays open. */
    void expect_none(int type, int named, std::size_t brought) {
        const auto before = test::open_files(getpid());
        const Received received = send(type, named, brought);
        EXPECT_EQ(received.num_fds, 0);
        EXPECT_TRUE(received.fds.empty());
        EXPECT_EQ(received.flags & MSG_CTRUNC, 0);
        EXPECT_EQ(test::open_files(getpid()), before);
    }

    const test::TempDir dir_;
    const test::RawSocket from_;
    const test::RawSocket to_{dir_ / "to"};
};

constexpr int kRequest = 1;

TEST_F(IpcDescriptors, NoneReachWhatWantsNone) {
    limit_descriptors(to_.fd(), DescriptorsIn::none);
    for (const int type : {kRequest, kIpcReply}) {
        for (const int named : {0, 1, 8})
            for (const std::size_t brought : {0U, 1U, 8U, 9U, 253U})
                expect_none(type, named, brought);
    }
}

TEST_F(IpcDescriptors, AReplyBringsThoseThatItNames) {
    limit_descriptors(to_.fd(), DescriptorsIn::replies);
    for (const int named : {0, 1, 8}) {
        const Received received = send(kIpcReply, named, static_cast<std::size_t>(named));
        EXPECT_EQ(received.num_fds, named);
        ASSERT_EQ(received.fds.size(), static_cast<std::size_t>(named));
        for (const int fd : received.fds)
            EXPECT_EQ(close(fd), 0);
    }
    for (const auto &[named, brought] :
         {std::pair{1, 0}, {8, 0}, {0, 1}, {1, 2}, {2, 1}, {8, 9}, {9, 9}})
        expect_none(kIpcReply, named, static_cast<std::size_t>(brought));
    expect_none(kRequest, 1, 1);
}

/* The kernel then sets MSG_CTRUNC, at which rte_mp's thread would end. */
TEST_F(IpcDescriptors, AFullTableCostsTheDescriptorsOnly) {
    limit_descriptors(to_.fd(), DescriptorsIn::replies);
    rlimit former = {};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &former), 0);
    const UniqueFd highest(dup(STDERR_FILENO));
    const rlimit full = {static_cast<rlim_t>(highest.get()) + 1, former.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &full), 0);
    const Received received = send(kIpcReply, 2, 2);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &former), 0);
    EXPECT_EQ(received.num_fds, 0);
    EXPECT_TRUE(received.fds.empty());
    EXPECT_EQ(received.flags & MSG_CTRUNC, 0);
}

TEST_F(IpcDescriptors, OtherSocketsAreLeftAlone) {
    const Received received = send(kRequest, 5, 2);
    EXPECT_EQ(received.num_fds, 5);
    ASSERT_EQ(received.fds.size(), 2U);
    for (const int fd : received.fds)
        EXPECT_EQ(close(fd), 0);
}

}  // namespace
}  // namespace mp_ipc
