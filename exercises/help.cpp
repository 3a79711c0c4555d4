/* SPDX-License-Identifier: BSD-3-Clause */
#include "exercises/help.h"

namespace mp_ipc {

const Page kServerPage{
    {"mp_server [EAL options] [-- options]", "mp_server [EAL 选项] [-- 选项]"},
    {"Primary process of the DPDK IPC example: reserves the memzone shared_info, answers the\n"
     "requests of mp_client, prints totals, and on Ctrl-C tells its clients to end.\n",
     "DPDK IPC 示例的主进程（primary）：预留 memzone shared_info，回复 mp_client 的请求，\n"
     "打印统计，收到 Ctrl-C 时通知所有 Client 退出。\n"},
    {"", ""}};

const Page kClientPage{
    {"mp_client [EAL options] [-- [command] options]", "mp_client [EAL 选项] [-- [命令] 选项]"},
    {"Secondary process of the DPDK IPC example: looks up the memzone of mp_server and sends it\n"
     "requests. Start mp_server first, with the same --file-prefix.\n",
     "DPDK IPC 示例的从进程（secondary）：查找 mp_server 的 memzone，并向它发送请求。\n"
     "请先用相同的 --file-prefix 启动 mp_server。\n"},
    {"  $ mp_client -l 1 --no-pci --file-prefix=mp_ipc -- ping --count 5\n"
     "  $ mp_client -l 1 --no-pci --file-prefix=mp_ipc -- doctor\n",
     "  $ mp_client -l 1 --no-pci --file-prefix=mp_ipc -- ping --count 5\n"
     "  $ mp_client -l 1 --no-pci --file-prefix=mp_ipc -- doctor\n"}};

/* help2man makes the man page from the English one, so it keeps to the format that help2man reads
 * ("  $ command" under "Examples:").
 */
std::string help_text(const Page &page, const std::vector<Option> &commands,
                      const std::vector<Option> &options) {
    std::string rows;
    if (!commands.empty())
        rows = in_words({"\nCommands (after '--'):\n{}", "\n命令（写在 '--' 之后）：\n{}"},
                        help_of(commands, ""));
    return in_words(
        {"Usage: {}\n\n{}\n{}"
         "\nOptions (after '--'):\n{}"
         "\nEAL options (before '--'), those that matter here:\n"
         "  -l CORES                the program's cores; primary and secondary need different "
         "ones\n"
         "  --file-prefix NAME      which primary (default rte); the same for both programs\n"
         "  --proc-type TYPE        primary for mp_server, secondary for mp_client; may be left "
         "out\n"
         "  --no-pci                do not use the network cards\n"
         "All EAL options: https://doc.dpdk.org/guides/linux_gsg/linux_eal_parameters.html\n"
         "\nExit status:\n"
         "  0                       success\n"
         "  1                       failure\n"
         "  2                       error in the command line\n"
         "  3                       no live primary, or it went away\n"
         "  4                       requests unanswered, or an event not sent, at the end of a\n"
         "                          counted run, a ping, a report or a notify\n"
         "\nExamples:\n\n"
         "  $ mp_server -l 0 --no-pci --file-prefix=mp_ipc    # terminal 1\n"
         "  $ mp_client -l 1 --no-pci --file-prefix=mp_ipc    # terminal 2\n{}",
         "用法：{}\n\n{}\n{}"
         "\n选项（写在 '--' 之后）：\n{}"
         "\nEAL 选项（写在 '--' 之前），仅列出常用的：\n"
         "  -l CORES                本程序使用的核；primary 和 secondary 必须使用不同的核\n"
         "  --file-prefix NAME      选择哪个 primary（默认 rte）；两个程序必须相同\n"
         "  --proc-type TYPE        mp_server 为 primary，mp_client 为 secondary；可以省略\n"
         "  --no-pci                不使用网卡\n"
         "全部 EAL 选项：https://doc.dpdk.org/guides/linux_gsg/linux_eal_parameters.html\n"
         "\n退出码：\n"
         "  0                       正常\n"
         "  1                       失败\n"
         "  2                       命令行有误\n"
         "  3                       没有运行中的 primary，或它已断开\n"
         "  4                       计数的运行、ping、report 或 notify 结束时，有请求没有得到\n"
         "                          回复，或事件没有发出\n"
         "\n示例：\n\n"
         "  $ mp_server -l 0 --no-pci --file-prefix=mp_ipc    # 终端 1\n"
         "  $ mp_client -l 1 --no-pci --file-prefix=mp_ipc    # 终端 2\n{}"},
        in_words(page.usage), in_words(page.what), rows, help_of(options),
        in_words(page.more_examples));
}

}  // namespace mp_ipc
