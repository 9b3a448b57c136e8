#include "tools/cli/live/metrics_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <charconv>

namespace retort::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

constexpr std::chrono::seconds kPatience{5};
constexpr uint64_t kPageBytes = 16 << 20;

/// One request, step by step on `io`.
struct Fetch {
  explicit Fetch(const std::string& endpoint) : stream(io) {
    request.version(11);
    request.method(http::verb::get);
    request.target("/metrics");
    request.set(http::field::host, endpoint);
    request.keep_alive(false);
    parser.body_limit(kPageBytes);
  }

  void Run(const tcp::resolver::results_type& addresses) {
    stream.expires_after(kPatience);
    stream.async_connect(addresses, [this](beast::error_code connected, const tcp::endpoint&) {
      if (Failed(connected)) return;
      http::async_write(stream, request, [this](beast::error_code written, size_t) {
        if (Failed(written)) return;
        http::async_read(stream, buffer, parser, [this](beast::error_code read, size_t) { Failed(read); });
      });
    });
    io.run();
  }

  bool Failed(beast::error_code with) {
    error = with;
    return static_cast<bool>(with);
  }

  asio::io_context io;
  beast::tcp_stream stream;
  http::request<http::empty_body> request;
  http::response_parser<http::string_body> parser;
  beast::flat_buffer buffer;
  beast::error_code error;
};

}  // namespace

Result<std::string> ParseEndpoint(const std::string& text) {
  std::string_view rest = text;
  if (rest.starts_with("http://")) rest.remove_prefix(7);
  rest = rest.substr(0, rest.find('/'));
  const size_t colon = rest.rfind(':');
  const bool host = colon != std::string_view::npos && colon > 0;
  const std::string_view digits = colon == std::string_view::npos ? rest : rest.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0) {
    return InvalidArgument("`" + text + "`: expected a port or HOST:PORT, as `retort run --metrics-port` prints it");
  }
  return (host ? std::string(rest.substr(0, colon)) : "127.0.0.1") + ":" + std::string(digits);
}

Result<std::string> FetchMetrics(const std::string& endpoint) {
  const size_t colon = endpoint.rfind(':');
  std::string host = endpoint.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  Fetch fetch(endpoint);
  beast::error_code error;
  tcp::resolver resolver(fetch.io);
  const auto addresses = resolver.resolve(host, endpoint.substr(colon + 1), error);
  if (error) return NotFound(endpoint + ": " + error.message());
  fetch.Run(addresses);
  if (fetch.error) return NotFound(endpoint + ": " + fetch.error.message());
  const auto& response = fetch.parser.get();
  if (response.result() != http::status::ok)
    return DataLoss(endpoint + ": answered " + std::to_string(response.result_int()) + " to GET /metrics");
  return response.body();
}

}  // namespace retort::cli
