#include "core/plugin/probe_cache.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "core/base/random.h"
#include "core/base/text_file.h"
#include "retort/plugin.h"

namespace retort {
namespace {

constexpr size_t kMostPluginBytes = size_t{1} << 32, kMostCacheBytes = 1 << 24;

/// Changes with what a plugin sees of the host: another table is another test.
std::string Format() { return "1/" + std::to_string(RETORT_ABI_VERSION) + "/" + std::to_string(sizeof(retort_host)); }

/// Size, times and inode in one text; "" where the file cannot be read.
std::string StatOf(const std::string& plugin) {
  struct stat s = {};
  if (stat(plugin.c_str(), &s) != 0) return "";
  const auto time = [](const timespec& t) { return std::to_string(t.tv_sec) + "." + std::to_string(t.tv_nsec); };
  return std::to_string(s.st_dev) + ":" + std::to_string(s.st_ino) + ":" + std::to_string(s.st_size) + ":" +
         time(s.st_mtim) + ":" + time(s.st_ctim);
}

/// 64-bit hash of the content. Two files by mistake alike are 1 in 2^64; this guards against accidents, not attackers.
std::string HashOf(const std::string& plugin) {
  const auto content = ReadBytes(plugin, "a plugin", kMostPluginBytes);
  return content.ok() ? std::to_string(HashName(*content)) : "";
}

}  // namespace

ProbeCache::ProbeCache(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  const auto text = ReadBytes(path_, "a cache of probed plugins", kMostCacheBytes);
  if (!text.ok()) return;
  const auto read = nlohmann::json::parse(*text, nullptr, false);
  if (!read.is_object() || read.value("format", nlohmann::json()) != Format() || !read.contains("passed")) return;
  const auto& passed = read["passed"];
  if (!passed.is_object()) return;
  for (const auto& [plugin, entry] : passed.items()) {
    const bool good = entry.is_object() && entry.contains("stat") && entry["stat"].is_string() &&
                      entry.contains("hash") && entry["hash"].is_string();
    if (good) entries_[plugin] = entry;
  }
}

bool ProbeCache::Passed(const std::string& plugin) {
  const auto found = entries_.find(plugin);
  const std::string stat = StatOf(plugin);
  if (found == entries_.end() || stat.empty()) return false;
  if ((*found)["stat"] == stat) return true;
  if ((*found)["hash"] != HashOf(plugin)) return false;
  (*found)["stat"] = stat;  // copied or touched: the same bytes
  changed_ = true;
  return true;
}

void ProbeCache::SetPassed(const std::string& plugin) {
  entries_[plugin] = {{"stat", StatOf(plugin)}, {"hash", HashOf(plugin)}};
  changed_ = true;
}

void ProbeCache::Save() const {
  if (path_.empty() || !changed_) return;
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), error);
  const std::string temporary = path_ + "." + std::to_string(getpid());
  std::ofstream file(temporary);
  file << nlohmann::json{{"format", Format()}, {"passed", entries_}}.dump(1, ' ', false,
                                                                          nlohmann::json::error_handler_t::replace)
       << "\n";
  file.close();
  if (file) std::filesystem::rename(temporary, path_, error);
  if (!file || error) std::filesystem::remove(temporary, error);
}

}  // namespace retort
