// load_plugin PLUGIN.so STAGE OPTIONS RECORD EXPECTED: run one record through a stage; 0 where EXPECTED came out of
// port 0.
#include <cstdio>
#include <string>

#include "core/testing/mock_host.h"

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fputs("usage: load_plugin PLUGIN.so STAGE OPTIONS RECORD EXPECTED\n", stderr);
    return 2;
  }
  const auto fail = [](const std::string& why) { return std::fprintf(stderr, "load_plugin: %s\n", why.c_str()), 1; };
  retort::testing::MockHost host;
  if (const retort::Status loaded = host.Load(argv[1]); !loaded.ok()) return fail(loaded.ToString());
  auto stage = host.Create(argv[2], argv[3]);
  if (!stage.ok()) return fail(stage.status().ToString());
  retort::Record* const record = host.NewRecord(argv[4]);
  if (const retort::Status processed = (*stage)->Process({record}); !processed.ok()) return fail(processed.ToString());
  if ((*stage)->emitted(0).size() != 1) return fail("the record was not emitted");
  const std::string got = record->json.dump();
  return got == argv[5] ? 0 : fail("expected " + std::string(argv[5]) + ", got " + got);
}
