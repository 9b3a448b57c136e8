#include <cstdlib>
#include <filesystem>

#include "core/model/model.h"

namespace retort {
namespace {

std::filesystem::path CacheFolder() {
  const auto set = [](const char* name) -> const char* {
    const char* const value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : nullptr;
  };
  if (const char* cache = set("RETORT_CACHE")) return cache;
  if (const char* cache = set("XDG_CACHE_HOME")) return std::filesystem::path(cache) / "retort";
  if (const char* home = set("HOME")) return std::filesystem::path(home) / ".cache" / "retort";
  return ".cache/retort";
}

}  // namespace

Result<std::string> ResolveModelSource(const std::string& source) {
  std::error_code error;
  if (source.empty())
    return InvalidArgument(
        "model source: expected a path of a GGUF file or of a folder with safetensors, or a model's name, got nothing");
  if (std::filesystem::exists(source, error)) return source;
  if (source.find('/') == std::string::npos && !source.ends_with(".gguf")) {
    const std::filesystem::path cached = CacheFolder() / "models" / (source + ".gguf");
    if (std::filesystem::exists(cached, error)) return cached.string();
    return NotFound("model '" + source + "': no such file, and " + cached.string() +
                    " is not there; run `tools/get-model " + source +
                    "` (installed: `retort-get-model`) to fetch it, or name the path of a GGUF file or of a folder " +
                    "with safetensors");
  }
  return NotFound("model '" + source + "': no such file");
}

}  // namespace retort
