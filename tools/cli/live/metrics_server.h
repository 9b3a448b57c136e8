// A small HTTP server for one page, /metrics.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "retort/status.h"

namespace retort::cli {

/// Listens from the beginning, so that a port that is taken is known before anything runs; answers from Serve on, on a
/// thread of its own. A request may have headers of 8 KiB and no body, 16 connections may be open, and each of them has
/// 10 s for the next request: what goes beyond is refused or closed.
class MetricsServer {
 public:
  using Page = std::function<std::string()>;

  /// `address`: an IP address of this machine; `port` 0: a free one. Errors: kInvalidArgument for what is no address,
  /// kAlreadyExists where it cannot be listened to.
  static Result<std::unique_ptr<MetricsServer>> Listen(const std::string& address, uint16_t port);
  /// Closes the connections.
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  /// Call once. `page` is called on the server's thread, while this lives.
  void Serve(Page page);

  /// HOST:PORT, and whether only this machine reaches it.
  std::string endpoint() const;
  bool loopback() const;

 private:
  struct Impl;
  explicit MetricsServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace retort::cli
