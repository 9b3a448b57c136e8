# cmake -DFOLDER=... -DOUTPUT=... -P embed.cmake: writes a C++ source that holds every file of a folder of templates.
file(GLOB_RECURSE files LIST_DIRECTORIES false RELATIVE "${FOLDER}" "${FOLDER}/*")
list(SORT files)
set(entries "")
foreach(file ${files})
  file(READ "${FOLDER}/${file}" text)
  string(APPEND entries "    {\"${file}\", R\"template(${text})template\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "// Made by tools/cli/scaffold/embed.cmake.
#include \"tools/cli/scaffold/templates.h\"

namespace retort::cli {

const std::vector<TemplateFile>& PluginTemplates() {
  static const std::vector<TemplateFile> files = {
${entries}  };
  return files;
}

}  // namespace retort::cli
")
