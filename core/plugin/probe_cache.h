// Which plugin files have been loaded in a child process without harm, so that a normal start tries none. Only good
// news is kept: what crashed may have lacked a driver or a file, and is tried again.
#pragma once

#include <map>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace retort {

class ProbeCache {
 public:
  /// Read `path`; a file that is missing or damaged counts as empty. Empty path: nothing is kept.
  explicit ProbeCache(std::string path);

  /// Whether this very file passed: the same size, times and inode, or else the same content.
  bool Passed(const std::string& plugin);
  void SetPassed(const std::string& plugin);
  /// Write what changed, atomically. A cache that cannot be written is no error: the next start tries again.
  void Save() const;

 private:
  std::string path_;
  nlohmann::json entries_ = nlohmann::json::object();  // by path of the plugin: {stat, hash}
  bool changed_ = false;
};

}  // namespace retort
