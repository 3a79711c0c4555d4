/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The tables of a run of the scale, with the predictions of the model from its smaller sizes.
 */
#include <algorithm>
#include <cmath>

#include "bench/results.h"
#include "bench/tables.h"
#include "support/console/console.h"

namespace mp_ipc::bench {
namespace {

constexpr int kModelFrom = 32; /* the model is fitted to the sizes up to this one */
constexpr int kBeyond = 10000; /* a size that is only predicted */

/* Sizes with a row of this name. */
std::vector<int> sizes_with(const Results &r, const Facts &facts, const char *row, int most) {
    std::vector<int> sizes;
    for (const int n : facts.clients) {
        if (n <= most && r.has(sized(row, n)))
            sizes.push_back(n);
    }
    return sizes;
}

/* A broadcast by the model: a straight line through the small sizes. */
double line_at(const Results &r, const Facts &facts, const char *row, int n) {
    const std::vector<int> sizes = sizes_with(r, facts, row, kModelFrom);
    std::vector<double> values;
    for (const int size : sizes)
        values.push_back(r.get(sized(row, size), "p50"));
    return fit_line(sizes, values).at(n) / 1000;
}

/* By the two largest sizes: a part that grows with the clients and one with their square. */
double beyond(const Results &r, const Facts &facts, const char *row) {
    const std::vector<int> sizes = sizes_with(r, facts, row, kBeyond);
    if (sizes.size() < 2)
        return kNone;
    const double n1 = sizes[sizes.size() - 2];
    const double n2 = sizes.back();
    const double each1 = r.get(sized(row, sizes[sizes.size() - 2]), "p50") / n1;
    const double each2 = r.get(sized(row, sizes.back()), "p50") / n2;
    const double square = std::max(0.0, (each2 - each1) / (n2 - n1));
    return (each1 + square * (kBeyond - n1)) * kBeyond / 1000;
}

std::string usual_table(const Results &r, const Facts &facts) {
    std::string text =
        head_of({"clients at their usual intervals", "attached per second", "p50 µs", "p99 µs",
                 "p50 ÷ that of one", "late or unanswered", "server's end, ms", "all ended, ms"});
    for (const int n : facts.clients) {
        const std::string row = sized("population", n);
        if (r.has(row))
            text += row_of({grouped(n), number(r.get(row, "attach rate"), 1),
                            number(r.get(row, "p50"), 0), number(r.get(row, "p99"), 0),
                            number(r.get(row, "p50") / r.get("population 1", "p50"), 2),
                            number(r.get(row, "unanswered"), 0), number(r.get(row, "end ms"), 0),
                            number(r.get(row, "all ended ms"), 0)});
    }
    return text;
}

std::string memory_table(const Results &r, const Facts &facts) {
    std::string text = head_of({"clients", "server, resident MiB", "client, resident MiB",
                                "the machine's memory, MiB a client",
                                "runtime file system, MiB a client", "server's heap"});
    for (const int n : facts.clients) {
        const std::string row = sized("population", n);
        const auto heap = facts.heaps.find(n);
        if (r.has(row))
            text +=
                row_of({grouped(n), number(r.get(row, "server MiB"), 1),
                        number(r.get(row, "client MiB"), 1), number(r.get(row, "machine MiB"), 1),
                        number(r.get(row, "runtime MiB"), 2),
                        heap == facts.heaps.end() ? "–" : heap->second});
    }
    return text;
}

std::string at_once_table(const Results &r, const Facts &facts) {
    std::string text =
        head_of({"clients", "all ask at once: per second", "p50 ms", "p99 ms", "model: N ÷ rate",
                 "broadcast sync ms", "model", "broadcast async ms", "model"});
    const double rate = r.get(sized("at once", kModelFrom), "rate");
    std::vector<int> sizes = sizes_with(r, facts, "at once", kBeyond);
    for (const int n : sizes) {
        const auto ms = [&](const char *row, const char *figure) {
            return number(r.get(sized(row, n), figure) / 1000, 2);
        };
        text += row_of({grouped(n), grouped(r.get(sized("at once", n), "rate")),
                        ms("at once", "p50"), ms("at once", "p99"), number(1000 * n / rate, 2),
                        ms("scale broadcast sync", "p50"),
                        number(line_at(r, facts, "scale broadcast sync", n), 2),
                        ms("scale broadcast async", "p50"),
                        number(line_at(r, facts, "scale broadcast async", n), 2)});
    }
    if (sizes.empty())
        return text;
    const double last = r.get(sized("at once", sizes.back()), "rate");
    text += row_of({grouped(kBeyond) + ", not measured", "–", number(1000 * kBeyond / last, 0), "–",
                    number(1000 * kBeyond / rate, 0),
                    number(beyond(r, facts, "scale broadcast sync"), 0),
                    number(line_at(r, facts, "scale broadcast sync", kBeyond), 0),
                    number(beyond(r, facts, "scale broadcast async"), 0),
                    number(line_at(r, facts, "scale broadcast async", kBeyond), 0)});
    return text;
}

}  // namespace

std::vector<Goal> scale_goals_of(const Results &r, const Facts &facts) {
    const std::vector<int> sizes = sizes_with(r, facts, "population", kBeyond);
    if (sizes.empty())
        return {};
    const std::string most = sized("population", sizes.back());
    const std::string clients = grouped(sizes.back()) + " clients: ";
    return {{clients + "p50 ÷ that of one", r.get(most, "p50") / r.get("population 1", "p50"), 2,
             false, 2},
            {clients + "late or unanswered", r.get(most, "unanswered"), 0, false, 0},
            {clients + "server's end, s", r.get(most, "end ms") / 1000, 3, false, 2}};
}

std::string scale_markdown(const Results &results, const Facts &facts) {
    std::string text = machine_table(facts);
    text += "\n" + usual_table(results, facts);
    text += "\n" + memory_table(results, facts);
    text += "\n" + at_once_table(results, facts);
    if (!facts.quick)
        text += "\n" + goals_table(scale_goals_of(results, facts));
    return text + remarks(facts);
}

std::string scale_data(const Results &r, const Facts &facts) {
    std::string text;
    for (const int n : facts.clients) {
        const std::string row = sized("population", n);
        if (!r.has(row))
            continue;
        text += std::to_string(n);
        const auto add = [&](const std::string &of, const char *figure, double unit) {
            const double value = r.get(of, figure) / unit;
            text += "\t" + (std::isnan(value) ? std::string("?") : fixed(value, 3));
        };
        for (const char *figure : {"attach rate", "p50", "p99", "end ms", "server MiB",
                                   "client MiB", "machine MiB", "runtime MiB"})
            add(row, figure, 1);
        add(sized("at once", n), "p50", 1000);
        add(sized("at once", n), "p99", 1000);
        add(sized("scale broadcast sync", n), "p50", 1000);
        add(sized("scale broadcast async", n), "p50", 1000);
        text += "\n";
    }
    return text;
}

}  // namespace mp_ipc::bench
