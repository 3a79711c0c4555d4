/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/tables.h"

#include <cmath>
#include <numeric>

#include "bench/results.h"
#include "support/console/console.h"

namespace mp_ipc::bench {

std::string number(double value, int decimals) {
    return std::isnan(value) ? "–" : fixed(value, decimals);
}

std::string grouped(double value) {
    if (std::isnan(value))
        return "–";
    std::string text = fixed(value, 0);
    for (std::size_t at = text.size(); at > 3; at -= 3)
        text.insert(at - 3, ",");
    return text;
}

std::string row_of(const std::vector<std::string> &cells) {
    std::string text = "|";
    for (const std::string &cell : cells)
        text += " " + cell + " |";
    return text + "\n";
}

std::string head_of(const std::vector<std::string> &cells) {
    std::string text = row_of(cells) + "| --- |";
    for (std::size_t i = 1; i < cells.size(); i++)
        text += " ---: |";
    return text + "\n";
}

std::string sized(const char *row, int size) {
    return std::string(row) + " " + std::to_string(size);
}

LinearFit fit_line(const std::vector<int> &sizes, const std::vector<double> &values) {
    const auto n = static_cast<double>(sizes.size());
    if (sizes.size() < 2)
        return {};
    const double mean_size = std::accumulate(sizes.begin(), sizes.end(), 0.0) / n;
    const double mean_value = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double above = 0;
    double below = 0;
    for (std::size_t i = 0; i < sizes.size(); i++) {
        above += (sizes[i] - mean_size) * (values[i] - mean_value);
        below += (sizes[i] - mean_size) * (sizes[i] - mean_size);
    }
    return {mean_value - above / below * mean_size, above / below};
}

std::string goals_table(const std::vector<Goal> &goals) {
    std::string text = head_of({"must reach", "bound", "measured", "met"});
    for (const Goal &goal : goals) {
        const std::string measured = number(goal.measured, goal.decimals);
        text +=
            row_of({goal.what, (goal.at_least ? "≥ " : "≤ ") + number(goal.bound, goal.decimals),
                    goal.met() ? measured : "**" + measured + "**", goal.met() ? "yes" : "**no**"});
    }
    return text;
}

std::string machine_table(const Facts &facts) {
    std::string text = row_of({"machine", ""}) + "| --- | --- |\n";
    for (const auto &[what, value] : facts.machine)
        text += row_of({what, value});
    return text;
}

std::string remarks(const Facts &facts) {
    std::string text;
    if (facts.quick)
        text += "\nA quick run: it shows that every row works, and its figures mean nothing.\n";
    for (const auto &[row, why] : facts.left_out)
        text += "\nLeft out: " + row + ": " + why + ".\n";
    for (const auto &[row, why] : facts.failures)
        text += "\nFailed: " + row + ": " + why + "\n";
    return text;
}

namespace {

constexpr struct {
    const char *row;
    const char *what;
} kLatencyRows[] = {
    {"floor", "floor: plain datagrams, 332 bytes there and back, two cores"},
    {"floor one core", "the same, both processes on one core"},
    {"ring", "`rte_ring` in shared memory, both sides polling"},
    {"bare", "`rte_mp_request_sync` to an empty handler"},
    {"pair quiet", "`hello_request` to `mp_server -- --quiet`"},
    {"pair file", "the same, its console into a file"},
    {"pair pipe", "the same, its console into a pipe that is read"},
    {"ping", "`mp_client -- ping --flood` to `mp_server -- --quiet`"},
    {"async 1", "`rte_mp_request_async`, empty handler, 1 in flight"},
    {"async 2", "the same, 2 names in flight"},
    {"async 4", "the same, 4 names in flight"},
    {"async 8", "the same, 8 names in flight"},
    {"async 1 recipe", "1 in flight, on one core with `chrt -b 0` (see Placement)"},
    {"async 1 recipe large", "the same, with `GLIBC_TUNABLES=glibc.malloc.hugetlb=1`"},
    {"telemetry", "DPDK's telemetry socket, a command that returns its parameter"},
    {"zeromq", "ZeroMQ REQ/REP over `ipc://`, 332 bytes"},
};

constexpr struct {
    const char *title;
    const char *floor;
    const char *bare;
    const char *pair;
} kPlacements[] = {
    {"as EAL places them", "floor", "bare", "pair quiet"},
    {"a core for each process", "floor", "bare split", "pair split"},
    {"one core for both", "floor one core", "bare one core", "pair one core"},
    {"one core for both, `chrt -b 0`", "floor one core", "bare one core batch",
     "pair one core batch"},
    {"both programs with `--ipc-core`", "floor one core", "", "pair ipc core"},
};

std::string latency_table(const Results &r) {
    std::string text =
        head_of({"round trip", "p50 µs", "p99 µs", "per second", "÷ floor", "÷ bare"});
    for (const auto &row : kLatencyRows) {
        if (!r.has(row.row))
            continue;
        const bool printed = std::string(row.row) == "ping"; /* by mp_client: whole µs */
        text +=
            row_of({row.what, number(r.get(row.row, "p50"), printed ? 0 : 1),
                    number(r.get(row.row, "p99"), printed ? 0 : 1), grouped(r.get(row.row, "rate")),
                    number(r.ratio(row.row, "floor", "p50"), 2),
                    number(r.ratio(row.row, "bare", "p50"), 3)});
    }
    return text;
}

std::string placement_table(const Results &r, const Facts &facts) {
    std::string text =
        row_of({"placement", "server", "client", "plain datagrams p50 µs", "bare p50 µs",
                "thread switches a request", "pair p50 µs", "pair ÷ floor on two cores"}) +
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |\n";
    const auto place = [&](const std::string &key) {
        const auto it = facts.placements.find(key);
        return it == facts.placements.end() ? std::string("–") : it->second;
    };
    for (const auto &row : kPlacements) {
        if (!r.has(row.pair))
            continue;
        text += row_of({row.title, place(std::string(row.pair) + " server"),
                        place(std::string(row.pair) + " client"),
                        number(r.get(row.floor, "p50"), 1), number(r.get(row.bare, "p50"), 1),
                        number(r.get(row.bare, "switches"), 1), number(r.get(row.pair, "p50"), 1),
                        number(r.ratio(row.pair, "floor", "p50"), 2)});
    }
    return text;
}

std::string clients_table(const Results &r, const Facts &facts) {
    std::string text = head_of({"clients at once", "pair per second", "bare per second",
                                "pair ÷ bare", "p50 µs", "p99 µs", "least ÷ most served"});
    for (const int n : facts.clients) {
        const std::string pair = sized("clients pair", n);
        const std::string bare = sized("clients bare", n);
        if (r.has(pair))
            text += row_of({std::to_string(n), grouped(r.get(pair, "rate")),
                            grouped(r.get(bare, "rate")), number(r.ratio(pair, bare, "rate"), 3),
                            number(r.get(pair, "p50"), 0), number(r.get(pair, "p99"), 0),
                            number(r.get(pair, "least/most"), 2)});
    }
    return text;
}

std::string broadcast_table(const Results &r, const Facts &facts) {
    std::string text =
        head_of({"clients asked", "sync p50 µs", "sync p99 µs", "async p50 µs", "async p99 µs"});
    for (const int n : facts.broadcast) {
        const std::string sync = sized("broadcast sync", n);
        const std::string async = sized("broadcast async", n);
        if (r.has(sync))
            text += row_of({std::to_string(n), number(r.get(sync, "p50"), 0),
                            number(r.get(sync, "p99"), 0), number(r.get(async, "p50"), 0),
                            number(r.get(async, "p99"), 0)});
    }
    return text;
}

/* Predictions for larger sizes from the measured ones. */
std::string model_table(const Results &r, const Facts &facts) {
    if (facts.clients.empty() || facts.broadcast.size() < 2)
        return "";
    const int most = facts.clients.back();
    const double rate = r.get(sized("clients pair", most), "rate");
    std::vector<double> sync;
    std::vector<double> async;
    for (const int n : facts.broadcast) {
        sync.push_back(r.get(sized("broadcast sync", n), "p50"));
        async.push_back(r.get(sized("broadcast async", n), "p50"));
    }
    const LinearFit sync_fit = fit_line(facts.broadcast, sync);
    const LinearFit async_fit = fit_line(facts.broadcast, async);
    std::string text = head_of({"clients", "request, all asking at once: N ÷ rate, ms",
                                "measured p50, ms", "broadcast sync, ms", "broadcast async, ms"});
    for (const int n : {1, most, 100, 1000}) {
        const std::string row = sized("clients pair", n);
        text += row_of({grouped(n), number(1000 * n / rate, 2),
                        number(r.has(row) ? r.get(row, "p50") / 1000 : kNone, 2),
                        number(sync_fit.at(n) / 1000, 2), number(async_fit.at(n) / 1000, 2)});
    }
    text += "\nRate: " + grouped(rate) + " a second, of " + std::to_string(most) +
            " clients. Broadcast, fitted: sync " + number(sync_fit.a, 0) + " + " +
            number(sync_fit.b, 1) + " µs a client, async " + number(async_fit.a, 0) + " + " +
            number(async_fit.b, 1) + " µs a client.\n";
    return text;
}

std::string life_table(const Results &r) {
    std::string text = head_of({"start and end", "median ms", "longest ms"});
    const auto add = [&](const char *row, const char *what) {
        text += row_of({what, number(r.get(row, "ms"), 0), number(r.most(row, "ms"), 0)});
    };
    add("start server", "`mp_server`: start to `Ready`");
    add("start client", "`mp_client`: start to its first reply");
    add("stop client", "`mp_client`: Ctrl-C to its end");
    add("stop server", "`mp_server`: Ctrl-C to its end");

    if (r.has("start client eal alone")) {
        text +=
            "\n" + head_of({"EAL alone (`MP_IPC_STATIC_EAL`)", "all libraries", "EAL alone", "÷"});
        const auto both = [&](const std::string &row, const char *what, const char *figure,
                              double unit) {
            text += row_of({what, number(r.get(row, figure) / unit, 1),
                            number(r.get(row + " eal alone", figure) / unit, 1),
                            number(r.ratio(row + " eal alone", row, figure), 2)});
        };
        both("start server", "`mp_server`: start to `Ready`, ms", "ms", 1);
        both("start client", "`mp_client`: start to its first reply, ms", "ms", 1);
        both("start server", "`mp_server`: resident MiB", "rss", 1024);
        both("start client", "`mp_client`: resident MiB", "rss", 1024);
    }

    text += "\n" + head_of({"idle", "wake-ups per second", "CPU %", "resident MiB"});
    const auto idle = [&](const char *row, const char *what) {
        text += row_of({what, number(r.get(row, "wake-ups"), 2), number(r.get(row, "cpu"), 3),
                        number(r.get(row, "rss") / 1024, 1)});
    };
    idle("idle server", "`mp_server`, totals every 3 s, one client");
    idle("idle client", "`mp_client`, greetings every 3 s and 5 s");
    idle("idle server alone", "`mp_server -- --stats-interval 0`");
    idle("idle client alone", "`mp_client -- --sync-interval 0 --async-interval 0`");

    text += "\n" + head_of({"resident memory over sync requests", "requests", "before KiB",
                            "after KiB", "growth KiB"});
    for (const char *side : {"server", "client"}) {
        const std::string row = std::string("rss ") + side;
        text += row_of({std::string("`mp_") + side + "`", grouped(r.get(row, "requests")),
                        grouped(r.get(row, "before")), grouped(r.get(row, "after")),
                        grouped(r.get(row, "after") - r.get(row, "before"))});
    }
    return text;
}

}  // namespace

std::string markdown(const Results &results, const Facts &facts) {
    std::string text = machine_table(facts);
    text += "\n### Round trips\n\n" + latency_table(results);
    text += "\n### Placement\n\n" + placement_table(results, facts);
    text += "\n### Clients at once\n\n" + clients_table(results, facts);
    text += "\n### Broadcast\n\n" + broadcast_table(results, facts);
    text += "\n### Model\n\n" + model_table(results, facts);
    text += "\n### Start, end, idle, memory\n\n" + life_table(results);
    if (!facts.quick)
        text += "\n### Must reach\n\n" + goals_table(goals_of(results));
    return text + remarks(facts);
}

}  // namespace mp_ipc::bench
