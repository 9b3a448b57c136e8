// What is refused as a CUDA module, and that the reason names the file. Needs no CUDA.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "core/device/cuda_module.h"
#include "core/device/device.h"

namespace retort {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Status OpenWithModule(const std::string& path) {
  setenv("RETORT_CUDA_MODULE", path.c_str(), 1);
  const Status status = OpenDevice("cuda").status();
  unsetenv("RETORT_CUDA_MODULE");
  return status;
}

TEST(CudaLoader, SaysWhereItLookedForTheModule) {
  const Status status = OpenWithModule("/no/such/libretort_cuda.so");
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("RETORT_CUDA=ON"), HasSubstr("/no/such/libretort_cuda.so")));
}

TEST(CudaLoader, RefusesALibraryThatIsNoModule) {
  const Status status = OpenWithModule(RETORT_CANARY_NO_VERSION);
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), AllOf(HasSubstr(RETORT_CANARY_NO_VERSION), HasSubstr("no version symbol")));
}

TEST(CudaLoader, RefusesAnotherVersionBeforeCallingIt) {
  const Status status = OpenWithModule(RETORT_CANARY_OTHER_VERSION);
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), AllOf(HasSubstr(RETORT_CANARY_OTHER_VERSION),
                                      HasSubstr("module version " + std::to_string(kCudaModuleVersion + 1)),
                                      HasSubstr("needs " + std::to_string(kCudaModuleVersion))));
}

TEST(CudaLoader, RefusesAModuleThatLacksAFunction) {
  const Status status = OpenWithModule(RETORT_CANARY_NO_OPS);
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), AllOf(HasSubstr(RETORT_CANARY_NO_OPS), HasSubstr("lacks retort_cuda_ops")));
}

}  // namespace
}  // namespace retort
