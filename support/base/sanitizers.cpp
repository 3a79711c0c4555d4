/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Built into every program of a build with MP_IPC_SANITIZE, and into no other: the options of the
 * sanitizers, and suppressions for what they report of the DPDK library.
 */

/* NOLINTBEGIN(bugprone-reserved-identifier): names that the sanitizers' runtimes look for */
extern "C" {

const char *__asan_default_options();
const char *__lsan_default_suppressions();
const char *__tsan_default_options();
const char *__tsan_default_suppressions();
const char *__ubsan_default_options();

const char *__asan_default_options() {
    return "detect_stack_use_after_return=1";
}

/* One pending request for each answered asynchronous request of a secondary, 4,192 bytes in DPDK
 * 22.11: the library's leak (docs/faults.md).
 */
const char *__lsan_default_suppressions() {
    return "leak:rte_mp_request_async\n";
}

const char *__tsan_default_options() {
    return "halt_on_error=1";
}

/* False reports. The library's log writes to a stdio stream of its own, whose lock is inside glibc,
 * where ThreadSanitizer does not see it. Its table of telemetry commands is locked by a spinlock in
 * code that was not built with the sanitizer.
 */
const char *__tsan_default_suppressions() {
    return "race:rte_vlog\n"
           "race:librte_telemetry.so\n";
}

const char *__ubsan_default_options() {
    return "halt_on_error=1:print_stacktrace=1";
}
}
/* NOLINTEND(bugprone-reserved-identifier) */
