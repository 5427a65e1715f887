// Boost.Beast on an io_context, as a client of many connections uses it; with --parse, simdjson on demand finds channel and data.
#include <simdjson.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <string>
#include <string_view>

#include "report.h"

namespace beast = boost::beast;
namespace net   = boost::asio;
using tcp       = net::ip::tcp;

namespace {

report counted;
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

template <typename Stream> class Receiver {
  public:
    Receiver(Stream &stream, bool parses) : stream(stream), parses(parses) {}

    void run(net::io_context &io)
    {
        report_start(&counted);
        read();
        io.run();
        report_print(&counted);
    }

  private:
    void read()
    {
        stream.async_read(buffer, [this](beast::error_code error, size_t) {
            if (error) {
                return;
            }
            counted.messages++;
            counted.bytes += buffer.size();
            if (parses) {
                parse(buffer);
            }
            buffer.consume(buffer.size());
            read();
        });
    }

    Stream &stream;
    bool parses;
    beast::flat_buffer buffer;
};

}  // namespace

int main(int argc, char **argv)
{
    report_target target;
    report_parse(argc, argv, &target);
    net::io_context io;
    net::ssl::context tls(net::ssl::context::tls_client);
    tcp::endpoint endpoint(net::ip::make_address(target.host), static_cast<unsigned short>(target.port));
    std::string host = std::string(target.host) + ":" + std::to_string(target.port);
    if (target.secure) {
        beast::websocket::stream<beast::ssl_stream<tcp::socket>> stream(io, tls);
        tls.load_verify_file(target.tls_ca);
        stream.next_layer().next_layer().connect(endpoint);
        stream.next_layer().handshake(net::ssl::stream_base::client);
        stream.handshake(host, "/");
        Receiver<decltype(stream)>(stream, target.parse != 0).run(io);
    } else {
        beast::websocket::stream<tcp::socket> stream(io);
        stream.next_layer().connect(endpoint);
        stream.handshake(host, "/");
        Receiver<decltype(stream)>(stream, target.parse != 0).run(io);
    }
    return counted.messages == 0;
}
