/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How the programs were linked: position-independent, relocations read-only from the start, no
 * executable stack, stack canaries and checked libc calls. Read from the ELF file, as readelf and
 * checksec do.
 */
#include <elf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

class Elf {
  public:
    explicit Elf(const std::string &path) : bytes_(read_file(path)) {
        EXPECT_GE(bytes_.size(), sizeof(Elf64_Ehdr)) << path;
        header_ = at<Elf64_Ehdr>(0);
        EXPECT_EQ(std::memcmp(header_.e_ident, ELFMAG, SELFMAG), 0) << path;
        for (unsigned i = 0; i < header_.e_phnum; i++)
            segments_.push_back(
                at<Elf64_Phdr>(header_.e_phoff + std::size_t{i} * header_.e_phentsize));
        for (const Elf64_Phdr &segment : segments_) {
            for (std::size_t i = 0;
                 segment.p_type == PT_DYNAMIC && i < segment.p_filesz / sizeof(Elf64_Dyn); i++)
                dynamic_.push_back(at<Elf64_Dyn>(segment.p_offset + i * sizeof(Elf64_Dyn)));
        }
        for (unsigned i = 0; i < header_.e_shnum; i++) {
            const auto section =
                at<Elf64_Shdr>(header_.e_shoff + std::size_t{i} * header_.e_shentsize);
            if (section.sh_type != SHT_DYNSYM)
                continue;
            const auto names = at<Elf64_Shdr>(header_.e_shoff +
                                              std::size_t{section.sh_link} * header_.e_shentsize);
            for (std::size_t n = 0; n < section.sh_size / sizeof(Elf64_Sym); n++) {
                const auto symbol = at<Elf64_Sym>(section.sh_offset + n * sizeof(Elf64_Sym));
                imports_.insert(bytes_.c_str() + names.sh_offset + symbol.st_name);
            }
        }
    }

    bool is_pie() const {
        return header_.e_type == ET_DYN && (dynamic(DT_FLAGS_1) & DF_1_PIE) != 0;
    }
    bool has_segment(std::uint32_t type) const {
        return std::any_of(segments_.begin(), segments_.end(),
                           [&](const Elf64_Phdr &segment) { return segment.p_type == type; });
    }
    bool binds_now() const {
        return (dynamic(DT_FLAGS) & DF_BIND_NOW) != 0 || (dynamic(DT_FLAGS_1) & DF_1_NOW) != 0;
    }
    bool has_executable_stack() const {
        return std::any_of(segments_.begin(), segments_.end(), [](const Elf64_Phdr &segment) {
            return segment.p_type == PT_GNU_STACK && (segment.p_flags & PF_X) != 0;
        });
    }
    bool has_writable_code() const {
        return std::any_of(segments_.begin(), segments_.end(), [](const Elf64_Phdr &segment) {
            return segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0 &&
                   (segment.p_flags & PF_W) != 0;
        });
    }
    bool has_run_path() const { return has(DT_RPATH) || has(DT_RUNPATH); }
    const std::set<std::string> &imports() const { return imports_; }

  private:
    template <typename T>
    T at(std::size_t offset) const {
        T value{};
        EXPECT_LE(offset + sizeof(T), bytes_.size());
        if (offset + sizeof(T) <= bytes_.size())
            std::memcpy(&value, bytes_.data() + offset, sizeof(T));
        return value;
    }
    std::uint64_t dynamic(std::int64_t tag) const {
        for (const Elf64_Dyn &entry : dynamic_) {
            if (entry.d_tag == tag)
                return entry.d_un.d_val;
        }
        return 0;
    }
    bool has(std::int64_t tag) const {
        return std::any_of(dynamic_.begin(), dynamic_.end(),
                           [&](const Elf64_Dyn &entry) { return entry.d_tag == tag; });
    }

    std::string bytes_;
    Elf64_Ehdr header_{};
    std::vector<Elf64_Phdr> segments_;
    std::vector<Elf64_Dyn> dynamic_;
    std::set<std::string> imports_;
};

class Binary : public ::testing::TestWithParam<const char *> {
  protected:
    /* argv[0] of the harness's command lines. */
    static std::string path() {
        const Prefix prefix;
        return std::string(GetParam()) == "server" ? server(prefix)[0] : client(prefix)[0];
    }
};

TEST_P(Binary, IsHardened) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
    GTEST_SKIP() << "a build for debugging, not a release";
#endif
    const Elf elf(path());
    EXPECT_TRUE(elf.is_pie());
    EXPECT_TRUE(elf.has_segment(PT_GNU_RELRO));
    EXPECT_TRUE(elf.binds_now()) << "only partial RELRO";
    EXPECT_TRUE(elf.has_segment(PT_GNU_STACK));
    EXPECT_FALSE(elf.has_executable_stack());
    EXPECT_FALSE(elf.has_writable_code());
#if defined(MP_IPC_DPDK_LIBDIR)
    EXPECT_TRUE(elf.has_run_path()) << "DPDK is in " MP_IPC_DPDK_LIBDIR;
#else
    EXPECT_FALSE(elf.has_run_path());
#endif
    EXPECT_TRUE(elf.imports().contains("__stack_chk_fail"));
    const bool fortified =
        std::any_of(elf.imports().begin(), elf.imports().end(), [](const std::string &name) {
            return name.ends_with("_chk") && name != "__stack_chk_fail";
        });
    EXPECT_TRUE(fortified) << "no checked libc call: _FORTIFY_SOURCE did nothing";
}

INSTANTIATE_TEST_SUITE_P(Programs, Binary, ::testing::Values("server", "client"),
                         [](const ::testing::TestParamInfo<const char *> &program) {
                             return std::string(program.param);
                         });

}  // namespace
}  // namespace mp_ipc::test
