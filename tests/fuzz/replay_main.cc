// Runs a fuzz target without libFuzzer: over every file of the given folders, then over damaged copies of them, the
// same each time. So all compilers and sanitizers run it, if not as cleverly.
//
// Usage: NAME [-runs=N] [-max_len=N] FILE_OR_FOLDER...
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/mutator.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

void Read(const std::filesystem::path& path, size_t max_bytes, std::vector<std::string>* inputs) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s cannot be read\n", path.c_str());
    std::exit(2);
  }
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (text.size() <= max_bytes) inputs->push_back(std::move(text));
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t runs = 2000;
  size_t max_bytes = 65536;
  std::vector<std::string> inputs = {""};
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.starts_with("-runs=")) {
      runs = std::strtoull(argument.c_str() + 6, nullptr, 10);
    } else if (argument.starts_with("-max_len=")) {
      max_bytes = std::strtoull(argument.c_str() + 9, nullptr, 10);
    } else if (std::filesystem::is_directory(argument)) {
      std::vector<std::filesystem::path> files;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argument)) {
        if (entry.is_regular_file()) files.push_back(entry.path());
      }
      std::sort(files.begin(), files.end());
      for (const std::filesystem::path& file : files) Read(file, max_bytes, &inputs);
    } else {
      Read(argument, max_bytes, &inputs);
    }
  }
  if (inputs.size() < 2) {
    std::fprintf(stderr, "no input of at most %zu bytes was found\n", max_bytes);
    return 2;
  }
  for (const std::string& input : inputs) Run(input);
  for (uint64_t run = 0; run < runs; ++run) {
    retort::testing::Mutator mutator(run);
    std::string input = inputs[mutator.Below(inputs.size())];
    mutator.Mutate(input);
    Run(input);
  }
  std::printf("%zu inputs and %llu damaged copies\n", inputs.size(), static_cast<unsigned long long>(runs));
  return 0;
}
