#include "tools/cli/live/metrics_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>

#include <optional>
#include <sstream>
#include <thread>
#include <utility>

#include "tools/cli/live/exposition.h"

namespace retort::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

constexpr uint32_t kHeaderBytes = 8 << 10;
constexpr int kConnections = 16;
constexpr std::chrono::seconds kPatience{10};

using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

Response Answer(const Request& request, const MetricsServer::Page& page) {
  const bool get = request.method() == http::verb::get || request.method() == http::verb::head;
  const beast::string_view path = request.target().substr(0, request.target().find('?'));
  const bool found = path == "/metrics";
  Response response(!found ? http::status::not_found
                    : get  ? http::status::ok
                           : http::status::method_not_allowed,
                    request.version());
  response.set(http::field::content_type, found && get ? kExpositionType : "text/plain; charset=utf-8");
  if (found && !get) response.set(http::field::allow, "GET, HEAD");
  response.body() = !found ? "The page is /metrics.\n" : get ? page() : "Only GET and HEAD.\n";
  response.keep_alive(request.keep_alive());
  response.prepare_payload();
  if (request.method() == http::verb::head) response.body().clear();  // its length stays in the headers
  return response;
}

/// One connection; lives as long as an operation of it is under way.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, const MetricsServer::Page& page, int& open)
      : stream_(std::move(socket)), page_(page), open_(open) {
    ++open_;
  }
  ~Session() { --open_; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void Read() {
    parser_.emplace();
    parser_->header_limit(kHeaderBytes);
    parser_->body_limit(0);
    stream_.expires_after(kPatience);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, size_t) {
      if (!error) return self->Write(Answer(self->parser_->get(), self->page_));
      if (error == http::error::end_of_stream || error == beast::error::timeout) return self->End();
      if (error.category() == make_error_code(http::error::end_of_stream).category()) self->Refuse(error);
    });
  }

 private:
  void Refuse(beast::error_code error) {
    const bool header = error == http::error::header_limit;
    Response response(header ? http::status::request_header_fields_too_large : http::status::bad_request, 11);
    response.set(http::field::content_type, "text/plain; charset=utf-8");
    response.body() = error.message() + "\n";
    response.keep_alive(false);
    response.prepare_payload();
    Write(std::move(response));
  }

  void Write(Response response) {
    response_ = std::move(response);
    response_.set(http::field::server, "retort");
    http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code error, size_t) {
      if (!error && self->response_.keep_alive()) return self->Read();
      self->End();
    });
  }

  void End() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{2 * kHeaderBytes};
  std::optional<http::request_parser<http::empty_body>> parser_;
  Response response_;
  const MetricsServer::Page& page_;
  int& open_;
};

}  // namespace

struct MetricsServer::Impl {
  void Accept() {
    acceptor.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error && open < kConnections) std::make_shared<Session>(std::move(socket), page, open)->Read();
      Accept();
    });
  }

  Page page;
  int open = 0;  // connections; of the server's thread
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  std::thread thread;
};

MetricsServer::MetricsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<MetricsServer>> MetricsServer::Listen(const std::string& address, uint16_t port) {
  beast::error_code error;
  const asio::ip::address ip = asio::ip::make_address(address, error);
  if (error) return InvalidArgument("`" + address + "` is no IP address; expected one such as 127.0.0.1 or 0.0.0.0");
  const tcp::endpoint endpoint(ip, port);
  auto impl = std::make_unique<Impl>();
  impl->acceptor.open(endpoint.protocol(), error);
  if (!error) impl->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) impl->acceptor.bind(endpoint, error);
  if (!error) impl->acceptor.listen(kConnections, error);
  if (error) {
    std::ostringstream text;
    text << endpoint << ": cannot be listened to: " << error.message() << "; choose another port, or 0 for a free one";
    return AlreadyExists(text.str());
  }
  return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(impl)));
}

MetricsServer::~MetricsServer() {
  impl_->io.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

void MetricsServer::Serve(Page page) {
  impl_->page = std::move(page);
  impl_->Accept();
  impl_->thread = std::thread([this] { impl_->io.run(); });
}

std::string MetricsServer::endpoint() const {
  std::ostringstream text;
  beast::error_code ignored;
  text << impl_->acceptor.local_endpoint(ignored);
  return text.str();
}

bool MetricsServer::loopback() const {
  beast::error_code ignored;
  return impl_->acceptor.local_endpoint(ignored).address().is_loopback();
}

}  // namespace retort::cli
