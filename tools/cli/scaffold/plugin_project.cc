#include "tools/cli/scaffold/plugin_project.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "tools/cli/scaffold/templates.h"

namespace retort::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxName = 64;
/// Targets that CMake makes itself.
constexpr std::string_view kReserved[] = {"all", "clean", "depend", "help", "install", "package", "test"};

void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// The templates are a stage that works, named `my-stage`.
std::string Named(std::string_view text, const ProjectNames& names) {
  std::string named(text);
  ReplaceAll(named, "my-stage", names.kebab);
  ReplaceAll(named, "my_stage", names.snake);
  ReplaceAll(named, "MyStage", names.camel);
  return named;
}

/// The path in the project; "" for a file of another language.
std::string ProjectPath(std::string_view path, PluginLanguage language) {
  const size_t slash = path.find('/');
  const std::string_view group = path.substr(0, slash), rest = path.substr(slash + 1);
  if (group != "common" && group != (language == PluginLanguage::kCpp ? "cpp" : "c")) return "";
  return rest == "gitignore" ? ".gitignore" : std::string(rest);
}

Status WriteFile(const fs::path& path, const std::string& text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (error || !file) return InvalidArgument(path.string() + " cannot be written; choose a folder that can");
  if (path.parent_path().filename() == "ci")
    fs::permissions(path, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add,
                    error);
  return {};
}

Result<std::vector<std::string>> WriteFiles(const ProjectNames& names, PluginLanguage language, const fs::path& to) {
  std::vector<std::string> written;
  for (const TemplateFile& file : PluginTemplates()) {
    const std::string path = Named(ProjectPath(file.path, language), names);
    if (path.empty()) continue;
    RETORT_RETURN_IF_ERROR(WriteFile(to / path, Named(file.text, names)));
    written.push_back(path);
  }
  std::sort(written.begin(), written.end());
  return written;
}

}  // namespace

Result<ProjectNames> NamesOfProject(const std::string& name) {
  ProjectNames names{name, name, ""};
  bool good = !name.empty() && name.size() <= kMaxName && name.front() >= 'a' && name.front() <= 'z';
  bool begins = true;  // a word begins at the next character
  for (const char c : name) {
    const bool in_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    good = good && (in_word || (c == '-' && !begins));
    if (in_word) names.camel += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    begins = !in_word;
  }
  if (!good || begins)
    return InvalidArgument(
        "the name of a plugin: expected 1 to 64 lower-case letters and digits, beginning with a letter "
        "and parted by `-`, as in word-count, got `" +
        name + "`");
  if (std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved))
    return InvalidArgument("`" + name + "` is a target that CMake makes itself; choose another name");
  std::replace(names.snake.begin(), names.snake.end(), '-', '_');
  return names;
}

Result<std::vector<std::string>> WritePluginProject(const ProjectNames& names, PluginLanguage language,
                                                    const std::string& folder) {
  std::error_code error;
  const fs::path to = fs::absolute(folder, error).lexically_normal();
  const bool empty_folder = fs::is_directory(to, error) && fs::is_empty(to, error);
  if (fs::exists(fs::symlink_status(to, error)) && !empty_folder)
    return AlreadyExists(folder + " is there already and is not overwritten; give another one with --output");
  const fs::path part = to.parent_path() / (to.filename().string() + ".part");
  fs::remove_all(part, error);
  Result<std::vector<std::string>> written = WriteFiles(names, language, part);
  if (written.ok()) fs::rename(part, to, error);
  if (written.ok() && !error) return written;
  std::error_code ignored;
  fs::remove_all(part, ignored);
  if (!written.ok()) return written.status();
  return InvalidArgument(folder + " cannot be made: " + error.message());
}

}  // namespace retort::cli
