/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>

#include <rte_version.h>

#include "bench/options.h"

namespace mp_ipc::bench {

std::vector<std::pair<std::string, std::string>> look_at_machine() {
    utsname name = {};
    uname(&name);
    std::string model = "?";
    std::ifstream cpuinfo("/proc/cpuinfo");
    for (std::string line; std::getline(cpuinfo, line);) {
        if (line.starts_with("model name")) {
            model = line.substr(line.find(':') + 2);
            break;
        }
    }
    std::string system = "?";
    std::ifstream release("/etc/os-release");
    for (std::string line; std::getline(release, line);) {
        if (line.starts_with("PRETTY_NAME="))
            system = line.substr(13, line.size() - 14);
    }
    std::ifstream governor("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    std::string clocking = "none seen (a virtual machine?)";
    std::getline(governor, clocking);
    std::string load = "?";
    std::ifstream("/proc/loadavg") >> load;
    if (std::atof(load.c_str()) > 0.5)
        load += " (a busy machine: trust the ratios)";
    char date[32] = "";
    const std::time_t now = std::time(nullptr);
    std::strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", std::gmtime(&now));
    return {{"processor", model + ", " + std::to_string(sysconf(_SC_NPROCESSORS_ONLN)) + " cores"},
            {"used", "core " + std::to_string(g_config.a) + " (server's `-l`) and core " +
                         std::to_string(g_config.b) + " (clients' `-l`)"},
            {"frequency governor", clocking},
            {"load before the run", load},
            {"kernel", std::string(name.sysname) + " " + name.release},
            {"system", system},
            {"library", rte_version()},
            {"compiler", std::string("C++ compiler ") + __VERSION__},
            {"date", date}};
}

}  // namespace mp_ipc::bench
