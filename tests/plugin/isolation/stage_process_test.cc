// What a process of a stage is to the system: its group, its descriptors, and that it leaves nothing behind.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/plugin/isolation/unruly_host.h"

namespace retort {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::UnrulyHost;

struct ProcessInfo {
  int process = 0, parent = 0, group = 0;
  char state = '?';
};

/// All processes that the system shows, zombies too.
std::vector<ProcessInfo> Processes() {
  std::vector<ProcessInfo> list;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.find_first_not_of("0123456789") != name.npos) continue;
    std::ifstream file(entry->path() / "stat");
    std::string stat(4096, '\0');
    file.read(stat.data(), static_cast<std::streamsize>(stat.size()));  // an iterator throws where it ends meanwhile
    stat.resize(static_cast<size_t>(file.gcount()));
    const size_t end = stat.rfind(')');  // the name before may hold anything
    if (end == stat.npos) continue;      // it has ended meanwhile
    ProcessInfo info{.process = std::stoi(name)};
    std::istringstream(stat.substr(end + 1)) >> info.state >> info.parent >> info.group;
    list.push_back(info);
  }
  return list;
}

std::vector<int> Children() {
  std::vector<int> children;
  for (const ProcessInfo& info : Processes())
    if (info.parent == getpid()) children.push_back(info.process);
  return children;
}

/// Processes of a group that still run; those killed may need a moment.
size_t LeftOfGroup(int group) {
  size_t left = 0;
  for (int attempt = 0; attempt < 200; ++attempt) {
    left = 0;
    for (const ProcessInfo& info : Processes()) left += info.group == group && info.state != 'Z' ? 1 : 0;
    if (left == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return left;
}

TEST(StageProcess, HasAGroupOfItsOwnAndNoDescriptorOfTheHosts) {
  const int leaky = open("/dev/null", O_RDONLY);  // NOLINT(android-cloexec-open): as a plugin may open one
  UnrulyHost unruly;
  const auto stage = unruly.Isolated();
  ASSERT_TRUE(stage.ok()) << stage.status().ToString();
  close(leaky);
  const std::vector<int> children = Children();
  ASSERT_THAT(children, SizeIs(1));
  EXPECT_EQ(getpgid(children[0]), children[0]) << "Ctrl-C on the terminal does not reach it";
  std::vector<std::string> open_ones;
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(children[0]) + "/fd"))
    open_ones.push_back(entry.path().filename().string());
  EXPECT_THAT(open_ones, ::testing::UnorderedElementsAre("0", "1", "2", "3"));
  EXPECT_EQ(fs::read_symlink("/proc/" + std::to_string(children[0]) + "/fd/0"), "/dev/null");
}

TEST(StageProcess, LeavesNoChildAndNoDescriptorBehind) {
  const auto descriptors = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  UnrulyHost unruly;
  const auto before = descriptors();
  for (const char* const how : {"nothing", "crash", "exit 3", "garbage"}) {
    const auto stage = unruly.Isolated();
    ASSERT_TRUE(stage.ok()) << stage.status().ToString();
    static_cast<void>((*stage)->Process(unruly.Records({std::string(R"({"do":")") + how + "\"}"})));
    static_cast<void>((*stage)->Close());
    EXPECT_THAT(Children(), IsEmpty()) << how << ": not even a zombie";
  }
  EXPECT_EQ(descriptors(), before);
}

TEST(StageProcess, WhatThePluginStartedEndsWithIt) {
  UnrulyHost unruly;
  for (const char* const then : {"{}", R"({"do":"crash"})"}) {
    int group = 0;
    {
      const auto stage = unruly.Isolated();
      ASSERT_TRUE(stage.ok()) << stage.status().ToString();
      group = Children().at(0);
      ASSERT_TRUE((*stage)->Process(unruly.Records({R"({"do":"leave"})"})).ok());
      // What was left holds the connection open, so that the end of the process itself must be seen.
      EXPECT_EQ((*stage)->Process(unruly.Records({then})).ok(), std::string(then) == "{}");
    }
    EXPECT_EQ(LeftOfGroup(group), 0u) << then;
  }
}

TEST(StageProcess, OneThatIsKilledBetweenCallsCostsTheNextOne) {
  UnrulyHost unruly;
  const auto stage = unruly.Isolated();
  ASSERT_TRUE(stage.ok()) << stage.status().ToString();
  ASSERT_EQ(kill(Children().at(0), SIGKILL), 0);
  // SIGPIPE has its default action here: the host must not raise it.
  EXPECT_FALSE((*stage)->Process(unruly.Records({"{}"})).ok());
  EXPECT_TRUE((*stage)->Process(unruly.Records({"{}"})).ok());
}

TEST(StageProcess, ABrokenStageStartsNoMore) {
  UnrulyHost unruly;
  const auto stage = unruly.Isolated();
  ASSERT_TRUE(stage.ok()) << stage.status().ToString();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE((*stage)->Process(unruly.Records({R"({"do":"crash"})"})).ok());
  EXPECT_FALSE((*stage)->Process(unruly.Records({"{}"})).ok());
  EXPECT_THAT(Children(), IsEmpty());
}

}  // namespace
}  // namespace retort
