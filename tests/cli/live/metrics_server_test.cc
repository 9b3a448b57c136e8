// The page of metrics, asked for over HTTP as anyone may ask.
#include "tools/cli/live/metrics_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <thread>
#include <vector>

#include "tools/cli/live/metrics_client.h"

namespace retort::testing {
namespace {

using boost::asio::ip::tcp;
using cli::FetchMetrics;
using cli::MetricsServer;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Server : public ::testing::Test {
 protected:
  Server() {
    auto listening = MetricsServer::Listen("127.0.0.1", 0);
    EXPECT_TRUE(listening.ok()) << listening.status().ToString();
    server_ = *std::move(listening);
    server_->Serve([this] { return "up " + std::to_string(++pages_) + "\n"; });
  }

  uint16_t port() const {
    const std::string endpoint = server_->endpoint();
    return static_cast<uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
  }

  tcp::socket Connect() {
    tcp::socket socket(io_);
    socket.connect({boost::asio::ip::make_address("127.0.0.1"), port()});
    return socket;
  }

  /// All that comes back for these bytes until the server closes.
  std::string Ask(const std::string& bytes) {
    tcp::socket socket = Connect();
    boost::system::error_code error;
    boost::asio::write(socket, boost::asio::buffer(bytes), error);
    std::string answer;
    boost::asio::read(socket, boost::asio::dynamic_buffer(answer), error);
    return answer;
  }

  boost::asio::io_context io_;
  std::atomic<int> pages_{0};
  std::unique_ptr<MetricsServer> server_;
};

TEST_F(Server, AnswersEachRequestWithAFreshPage) {
  EXPECT_EQ(*FetchMetrics(server_->endpoint()), "up 1\n");
  EXPECT_EQ(*FetchMetrics(server_->endpoint()), "up 2\n");
  EXPECT_TRUE(server_->loopback());
}

TEST_F(Server, SaysWhatItSends) {
  const std::string answer = Ask("GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\nup 1\n"));
}

TEST_F(Server, KeepsAConnectionForTheNextRequest) {
  const std::string answer =
      Ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\nGET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("up 1\n"));
  EXPECT_THAT(answer, HasSubstr("up 2\n"));
}

TEST_F(Server, RefusesWhatItDoesNotServe) {
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask("GET /metrics/../etc/passwd HTTP/1.1\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  const std::string deleted = Ask("DELETE /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(deleted, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(deleted, HasSubstr("Allow: GET, HEAD\r\n"));
  EXPECT_THAT(Ask("POST /metrics HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"), StartsWith("HTTP/1.1 4"));
  EXPECT_THAT(Ask("nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(pages_, 0) << "no page was made for any of these";
}

TEST_F(Server, HeadHasNoBody) {
  const std::string answer = Ask("HEAD /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(Server, ARequestIsBounded) {
  const std::string answer = Ask("GET /metrics HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n");
  EXPECT_THAT(answer, ::testing::Not(HasSubstr("200 OK")));
  EXPECT_EQ(*FetchMetrics(server_->endpoint()), "up 1\n") << "and others are served";
}

TEST_F(Server, ConnectionsAreBounded) {
  std::vector<tcp::socket> idle;
  for (int i = 0; i < 16; ++i) idle.push_back(Connect());
  EXPECT_FALSE(FetchMetrics(server_->endpoint()).ok());
  idle.clear();
  Result<std::string> page = NotFound("");
  for (int i = 0; i < 100 && !page.ok(); ++i) {
    page = FetchMetrics(server_->endpoint());
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(page.ok()) << page.status().ToString();
}

TEST_F(Server, EndsWithConnectionsOpen) {
  tcp::socket socket = Connect();
  boost::asio::write(socket, boost::asio::buffer(std::string("GET /met")));
  const std::string endpoint = server_->endpoint();
  server_.reset();
  EXPECT_EQ(FetchMetrics(endpoint).status().code(), StatusCode::kNotFound);
}

TEST_F(Server, APortThatIsTakenIsSaidToBe) {
  const auto second = MetricsServer::Listen("127.0.0.1", port());
  EXPECT_EQ(second.status().code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(second.status().message(), HasSubstr(server_->endpoint() + ": cannot be listened to: "));
}

TEST(MetricsServer, AnAddressIsAnAddress) {
  EXPECT_EQ(MetricsServer::Listen("nowhere", 0).status().code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE((*MetricsServer::Listen("0.0.0.0", 0))->loopback());
}

TEST(ParseEndpoint, TakesWhatPeopleWrite) {
  EXPECT_EQ(*cli::ParseEndpoint("9464"), "127.0.0.1:9464");
  EXPECT_EQ(*cli::ParseEndpoint("host:9464"), "host:9464");
  EXPECT_EQ(*cli::ParseEndpoint("[::1]:9464"), "[::1]:9464");
  EXPECT_EQ(*cli::ParseEndpoint("http://10.0.0.1:9464/metrics"), "10.0.0.1:9464");
  for (const char* text : {"", "host", "host:", "0", "70000", "1x", "-1"})
    EXPECT_EQ(cli::ParseEndpoint(text).status().code(), StatusCode::kInvalidArgument) << text;
}

}  // namespace
}  // namespace retort::testing
