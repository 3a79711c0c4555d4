/* SPDX-License-Identifier: BSD-3-Clause
 *
 * File prefixes of EAL for those who start processes, the tests and the bench: each its own, and
 * what EAL leaves behind for it is removed.
 */
#pragma once

#include <cstddef>
#include <string>

namespace mp_ipc::test {

/* A file prefix that no one else uses. Its end removes what EAL leaves behind for it. */
class Prefix {
  public:
    Prefix();
    ~Prefix();
    Prefix(const Prefix &) = delete;
    Prefix &operator=(const Prefix &) = delete;

    const std::string &name() const { return name_; }
    std::string dir() const; /* runtime directory */
    /* How many hugepages its primary has mapped. */
    std::size_t hugepage_files() const;

  private:
    std::string name_;
};

/* Removes what EAL leaves behind for a prefix that no process uses any more. */
void remove_prefix_files(const std::string &prefix);

}  // namespace mp_ipc::test
