/* SPDX-License-Identifier: BSD-3-Clause
 *
 * File prefixes of EAL for the tests and the bench: each has its own, and the files that EAL leaves
 * behind for it are removed.
 */
#pragma once

#include <cstddef>
#include <string>

namespace mp_ipc::test {

/* A unique file prefix. The destructor removes the files that EAL has left for it. */
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

/* Removes the files that EAL has left for a prefix that no process uses any more. */
void remove_prefix_files(const std::string &prefix);

}  // namespace mp_ipc::test
