#include "core/device/cpu/topology.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace retort {
namespace {

/// Runs on the processors given until it goes.
class OnProcessors {
 public:
  explicit OnProcessors(const std::vector<int>& processors) {
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int cpu : processors) CPU_SET(cpu, &set);
    ok_ = sched_setaffinity(0, sizeof set, &set) == 0;
  }
  ~OnProcessors() { sched_setaffinity(0, sizeof before_, &before_); }
  bool ok() const { return ok_; }

 private:
  cpu_set_t before_;
  bool ok_ = false;
};

std::vector<int> Usable() {
  cpu_set_t set;
  sched_getaffinity(0, sizeof set, &set);
  std::vector<int> usable;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) usable.push_back(cpu);
  }
  return usable;
}

TEST(UsableCores, CountsHardwareThreadsOfACoreOnce) {
  const testing::TemporaryFolder folder;
  const std::vector<int> usable = Usable();
  for (size_t i = 0; i < usable.size(); ++i) {  // pairs share a core
    const auto place = std::filesystem::path(folder.path()) / ("cpu" + std::to_string(usable[i])) / "topology";
    std::filesystem::create_directories(place);
    std::ofstream(place / "thread_siblings_list") << "core " << i / 2 << "\n";
  }
  EXPECT_EQ(UsableCores(folder.path()), static_cast<int>((usable.size() + 1) / 2));
  const std::vector<int> processors = ProcessorsOfCores(folder.path());
  ASSERT_EQ(processors.size(), (usable.size() + 1) / 2);
  for (size_t i = 0; i < processors.size(); ++i) EXPECT_EQ(processors[i], usable[2 * i]);
}

TEST(UsableCores, CountsWhatNothingIsKnownAboutAndOnlyWhatMayBeUsed) {
  const testing::TemporaryFolder folder;
  const std::vector<int> usable = Usable();
  EXPECT_EQ(UsableCores(folder.path()), static_cast<int>(usable.size()));
  const OnProcessors one({usable.front()});
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(UsableCores(folder.path()), 1);
}

}  // namespace
}  // namespace retort
