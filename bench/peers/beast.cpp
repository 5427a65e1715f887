// Boost.Beast as its asynchronous WebSocket clients have it (tcp_stream on a strand, timeouts, one flat_buffer, async_read for
// each message); --tuned: a bare socket on the io_context, no timers. With --parse, simdjson on demand finds channel and data.
#include <simdjson.h>

#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "latency.h"
#include "memory.h"
#include "report.h"

namespace beast     = boost::beast;
namespace websocket = beast::websocket;
namespace net       = boost::asio;
using tcp           = net::ip::tcp;

namespace {

report counted;
latency ages;
simdjson::ondemand::parser parser;

// The buffer has room behind the message for what simdjson reads too far.
void parse(beast::flat_buffer &buffer)
{
    simdjson::ondemand::document document;
    std::string_view channel, data;
    size_t len = buffer.size();
    std::memset(buffer.prepare(simdjson::SIMDJSON_PADDING).data(), 0, simdjson::SIMDJSON_PADDING);
    simdjson::padded_string_view bytes(static_cast<const char *>(buffer.data().data()), len,
                                       len + simdjson::SIMDJSON_PADDING);
    simdjson::ondemand::object params;
    simdjson::ondemand::value value;
    if (parser.iterate(bytes).get(document) || document["params"].get_object().get(params) ||
        params["channel"].get_string().get(channel) || params["data"].get(value) ||
        value.raw_json_token().size() == 0) {
        throw std::runtime_error("a message that is none of the mix");
    }
}

template <typename Stream> class Receiver : public std::enable_shared_from_this<Receiver<Stream>> {
  public:
    template <typename... Args> explicit Receiver(bool parses, Args &&...args)
        : stream(std::forward<Args>(args)...), parses(parses)
    {
    }

    void open(const report_target &target, const tcp::endpoint &endpoint)
    {
        std::string host = std::string(target.host) + ":" + std::to_string(target.port);
        beast::get_lowest_layer(stream).connect(endpoint);
        if constexpr (!std::is_same_v<typename Stream::next_layer_type, beast::tcp_stream> &&
                      !std::is_same_v<typename Stream::next_layer_type, tcp::socket>) {
            stream.next_layer().handshake(net::ssl::stream_base::client);
        }
        if (!target.tuned) {
            stream.set_option(websocket::stream_base::timeout::suggested(beast::role_type::client));
        }
        stream.handshake(host, "/");
    }

    void read()
    {
        stream.async_read(buffer, beast::bind_front_handler(&Receiver::on_read, this->shared_from_this()));
    }

  private:
    void on_read(beast::error_code error, size_t)
    {
        if (error) {
            return;
        }
        counted.messages++;
        counted.bytes += buffer.size();
        latency_take(&ages, buffer.data().data(), buffer.size());
        if (parses) {
            parse(buffer);
        }
        buffer.consume(buffer.size());
        read();
    }

    Stream stream;
    bool parses;
    beast::flat_buffer buffer;
};

// One that receives until the end, or many that are silent.
template <typename Stream, typename Make> void run(const report_target &target, net::io_context &io, Make make)
{
    tcp::endpoint endpoint(net::ip::make_address(target.host), static_cast<unsigned short>(target.port));
    std::vector<std::shared_ptr<Receiver<Stream>>> all;
    memory first{};
    char extra[128];
    all.reserve(size_t(target.idle) + 1);
    do {
        all.push_back(make());
        all.back()->open(target, endpoint);
        all.back()->read();
        io.poll();
        if (all.size() == 1) {
            report_start(&counted);
            first = memory_now();
        }
    } while (long(all.size()) < target.idle);
    if (target.idle > 0) {
        memory_print(&first, target.idle);
        std::fflush(stdout);
        std::_Exit(0);
    }
    io.run();
    latency_text(&ages, extra, sizeof(extra));
    report_print(&counted, extra);
}

template <typename Stream, typename Executor> void run_plain(const report_target &target, net::io_context &io, Executor executor)
{
    run<Stream>(target, io, [&] { return std::make_shared<Receiver<Stream>>(target.parse != 0, executor()); });
}

template <typename Stream, typename Executor> void run_secure(const report_target &target, net::io_context &io, Executor executor)
{
    net::ssl::context tls(net::ssl::context::tls_client);
    tls.load_verify_file(target.tls_ca);
    tls.set_verify_mode(net::ssl::verify_peer);
    run<Stream>(target, io, [&] { return std::make_shared<Receiver<Stream>>(target.parse != 0, executor(), tls); });
}

}  // namespace

int main(int argc, char **argv)
{
    report_target target;
    report_parse(argc, argv, &target);
    memory_allow_many();
    if (latency_init(&ages, target.latency) != 0) {
        return 1;
    }
    net::io_context io;
    auto on_strand = [&] { return net::make_strand(io); };
    auto on_io     = [&] { return io.get_executor(); };
    if (target.secure && target.tuned) {
        run_secure<websocket::stream<beast::ssl_stream<tcp::socket>>>(target, io, on_io);
    } else if (target.secure) {
        run_secure<websocket::stream<beast::ssl_stream<beast::tcp_stream>>>(target, io, on_strand);
    } else if (target.tuned) {
        run_plain<websocket::stream<tcp::socket>>(target, io, on_io);
    } else {
        run_plain<websocket::stream<beast::tcp_stream>>(target, io, on_strand);
    }
    return counted.messages == 0;
}
