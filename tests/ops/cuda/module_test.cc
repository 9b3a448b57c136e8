// The built libretort_cuda.so. On a machine with a GPU its operations are compared with `ref`; on one without, opening
// it must be refused with the reason.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "core/device/cuda_module.h"
#include "core/device/device.h"
#include "tests/ops/cuda/device_array.h"
#include "tests/ops/cuda/op_parity.h"

namespace retort {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

void ExpectRefusedForWantOfAGpu(const Status& status, const std::string& name) {
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr(name + ": no CUDA device: "), HasSubstr("driver"), HasSubstr("use device: cpu")));
}

TEST(CudaModule, LoadsWithoutADriver) {
  const auto module = LoadCudaModule();
  ASSERT_TRUE(module.ok()) << module.status().ToString();
  EXPECT_NE(module->open, nullptr);
  EXPECT_NE(module->ops, nullptr);
}

TEST(CudaModule, AgreesWithRefOnAGpuAndIsRefusedWithTheReasonWithoutOne) {
  const auto device = OpenDevice("cuda");
  RecordProperty("gpu", device.ok() ? (*device)->info().description : "none");
  if (!device.ok()) {
    ExpectRefusedForWantOfAGpu(device.status(), "cuda:0");
    return;
  }
  EXPECT_EQ((*device)->info().kind, DeviceKind::kCuda);
  EXPECT_EQ((*device)->info().name, "cuda:0");
  EXPECT_GT((*device)->info().total_memory, 0U);
  const std::vector<float> values = RandomFloats(1000, 1);
  EXPECT_EQ(DeviceArray<float>(**device, values).Read(), values);
  const auto ref = OpenDevice("ref").value();
  const auto oracle = std::move(MakeOpSet(*ref).value());
  auto subject = MakeOpSet(**device);
  ASSERT_TRUE(subject.ok()) << subject.status().ToString();
  ExpectAllAgree(*oracle, **subject);
}

TEST(CudaModule, RefusesAnIndexWithoutAGpu) {
  const auto device = OpenDevice("cuda:4096");
  ASSERT_FALSE(device.ok());
  if (device.status().code() == StatusCode::kNotFound) {
    EXPECT_THAT(device.status().message(), HasSubstr("cuda:4096: no such GPU; this machine has cuda:0"));
  } else {
    ExpectRefusedForWantOfAGpu(device.status(), "cuda:4096");
  }
}

TEST(CudaModule, HasNoOperationsForOtherDevices) {
  const auto ref = OpenDevice("ref").value();
  const auto ops = MakeCudaOpSet(*ref);
  ASSERT_FALSE(ops.ok());
  EXPECT_EQ(ops.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(ops.status().message(), HasSubstr("for CUDA devices only, not for ref"));
}

TEST(CudaModule, CutsAReasonToTheCallersSpace) {
  const auto module = LoadCudaModule();
  ASSERT_TRUE(module.ok());
  Device* device = nullptr;
  std::array<char, 16> error;
  error.fill('x');
  ASSERT_NE(module->open(4096, &device, error.data(), 10), 0);
  EXPECT_EQ(std::string(error.data()), "cuda:4096");
  EXPECT_EQ(std::string(error.data() + 10, 6), "xxxxxx");
  EXPECT_EQ(device, nullptr);
}

}  // namespace
}  // namespace retort
