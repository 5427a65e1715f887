// Debian's simdjson on the work of `hawser-bench route FILE`: the envelope's method, channel and the bytes of data,
// on demand and as a tree. usage: simdjson FILE
#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int ROUNDS = 9;
constexpr double ROUND_SECONDS = 0.1;

struct Message {
    const char *data;
    size_t len;
};

double cpu_seconds()
{
    timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return double(now.tv_sec) + double(now.tv_nsec) / 1e9;
}

simdjson::ondemand::parser lazy_parser;
simdjson::dom::parser dom_parser;
uint64_t seen;

void scan_on_demand(const Message &message)
{
    simdjson::ondemand::document document;
    std::string_view method, channel, data;
    simdjson::padded_string_view bytes(message.data, message.len, message.len + simdjson::SIMDJSON_PADDING);
    if (lazy_parser.iterate(bytes).get(document) || document["method"].get_string().get(method)) {
        return;
    }
    simdjson::ondemand::object params;
    simdjson::ondemand::value value;
    if (document["params"].get_object().get(params) || params["channel"].get_string().get(channel) ||
        params["data"].get(value)) {
        return;
    }
    simdjson::ondemand::json_type type;
    if (value.type().get(type)) {
        return;
    }
    if (type == simdjson::ondemand::json_type::object) {
        simdjson::ondemand::object object;
        if (value.get_object().get(object) || object.raw_json().get(data)) {
            return;
        }
    } else {
        simdjson::ondemand::array array;
        if (value.get_array().get(array) || array.raw_json().get(data)) {
            return;
        }
    }
    seen += method.size() + channel.size() + data.size();
}

void scan_tree(const Message &message)
{
    simdjson::dom::element document, data;
    std::string_view method, channel;
    if (dom_parser.parse(message.data, message.len, false).get(document) ||
        document["method"].get_string().get(method) ||
        document["params"]["channel"].get_string().get(channel) || document["params"]["data"].get(data)) {
        return;
    }
    seen += method.size() + channel.size();
}

template <typename Scan> double round_ns(const std::vector<Message> &messages, Scan scan)
{
    double start = cpu_seconds(), spent = 0;
    uint64_t done = 0;
    do {
        for (const Message &message : messages) {
            scan(message);
        }
        done += messages.size();
        spent = cpu_seconds() - start;
    } while (spent < ROUND_SECONDS);
    return spent / double(done) * 1e9;
}

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

}  // namespace

int main(int argc, char **argv)
{
    std::ifstream file(argc == 2 ? argv[1] : "", std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    std::vector<Message> messages;
    size_t size = text.size();
    text.resize(size + simdjson::SIMDJSON_PADDING);
    for (size_t at = 0, end; at < size; at = end + 1) {
        end = std::min(text.find('\n', at), size);
        messages.push_back({text.data() + at, end - at});
    }
    if (messages.empty()) {
        std::fprintf(stderr, "usage: simdjson FILE (one message a line)\n");
        return 2;
    }
    std::vector<double> lazy, tree;
    for (int i = 0; i < ROUNDS; i++) {
        lazy.push_back(round_ns(messages, scan_on_demand));
        tree.push_back(round_ns(messages, scan_tree));
    }
    std::printf("{\"messages\":%zu,\"mean_bytes\":%.1f,\"on_demand_ns\":%.1f,\"dom_ns\":%.1f,\"seen\":%d}\n",
                messages.size(), double(size) / double(messages.size()) - 1, median(lazy), median(tree), seen > 0);
    return 0;
}
