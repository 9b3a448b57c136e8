#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hwy/highway.h>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include "core/device/device.h"

namespace retort {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class HostDevice : public ::testing::TestWithParam<const char*> {
 protected:
  std::shared_ptr<Device> device_ = std::move(OpenDevice(GetParam(), 2).value());
};
INSTANTIATE_TEST_SUITE_P(All, HostDevice, ::testing::Values("ref", "cpu"),
                         [](const auto& tested) { return tested.param; });

TEST_P(HostDevice, GivesAlignedMemoryThatTheHostReads) {
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{63}, size_t{4096}, size_t{9} << 20}) {
    auto buffer = device_->Allocate(bytes);
    ASSERT_TRUE(buffer.ok()) << bytes << ": " << buffer.status().ToString();
    EXPECT_EQ((*buffer)->size(), bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>((*buffer)->data()) % 64, 0U) << bytes;
    EXPECT_EQ((*buffer)->data(), (*buffer)->host_data());
    EXPECT_EQ(&(*buffer)->device(), device_.get());
    std::memset((*buffer)->host_data(), 0x5A, bytes);
  }
}

TEST_P(HostDevice, RefusesMoreMemoryThanThereIsWithTheSize) {
  for (const size_t bytes :
       {std::numeric_limits<size_t>::max(), std::numeric_limits<size_t>::max() - 100, size_t{1} << 60}) {
    const Status status = device_->Allocate(bytes).status();
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
    EXPECT_THAT(status.message(), AllOf(HasSubstr(std::to_string(bytes)), HasSubstr(GetParam())));
  }
}

TEST_P(HostDevice, CopiesAreDoneOnceTheStreamIsSynchronised) {
  auto stream = std::move(device_->CreateStream().value());
  const std::vector<int> source = {1, 2, 3, 4};
  const size_t bytes = source.size() * sizeof(int);
  auto first = std::move(device_->Allocate(bytes).value());
  auto second = std::move(device_->Allocate(bytes).value());
  std::vector<int> back(source.size());
  ASSERT_TRUE(device_->CopyFromHost(first->data(), source.data(), bytes, *stream).ok());
  ASSERT_TRUE(device_->CopyOnDevice(second->data(), first->data(), bytes, *stream).ok());
  ASSERT_TRUE(device_->CopyToHost(back.data(), second->data(), bytes, *stream).ok());
  ASSERT_TRUE(stream->Synchronize().ok());
  EXPECT_EQ(back, source);
  EXPECT_TRUE(device_->CopyFromHost(nullptr, nullptr, 0, *stream).ok());
}

TEST(OpenDevice, KernelsUseNothingAboveTheInstructionSetAskedFor) {
  setenv("RETORT_MAX_ISA", "SSE4", 1);
  const auto capped = OpenDevice("cpu", 1);
  const size_t chosen = hwy::GetChosenTarget().GetIndex();
  setenv("RETORT_MAX_ISA", "AVX9", 1);
  const Status unknown = OpenDevice("cpu", 1).status();
  unsetenv("RETORT_MAX_ISA");
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  ASSERT_TRUE(capped.ok()) << capped.status().ToString();
  EXPECT_THAT((*capped)->info().description, AllOf(HasSubstr("(SSE4 "), Not(HasSubstr("AVX"))));
  EXPECT_GT(chosen, hwy::GetChosenTarget().GetIndex());  // of the lists, best first, that kernels are chosen from
  EXPECT_EQ(unknown.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(unknown.message(), AllOf(HasSubstr("RETORT_MAX_ISA"), HasSubstr("SSE4"), HasSubstr("'AVX9'")));
}

TEST(OpenDevice, DescribesTheProcessor) {
  const auto cpu = std::move(OpenDevice("cpu", 2).value());
  EXPECT_EQ(cpu->info().kind, DeviceKind::kCpu);
  EXPECT_EQ(cpu->info().name, "cpu");
  EXPECT_EQ(cpu->info().threads, 2);
  EXPECT_THAT(cpu->info().description, AllOf(HasSubstr("("), HasSubstr(")")));
  EXPECT_GT(cpu->info().total_memory, size_t{1} << 26);
  const auto ref = std::move(OpenDevice("ref", 7).value());
  EXPECT_EQ(ref->info().kind, DeviceKind::kRef);
  EXPECT_EQ(ref->info().threads, 1);
  EXPECT_GE((*OpenDevice("cpu"))->info().threads, 1);
}

TEST(OpenDevice, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(OpenDevice("tpu").status().code(), StatusCode::kNotFound);
  EXPECT_THAT(OpenDevice("tpu").status().message(), AllOf(HasSubstr("'tpu'"), HasSubstr("ref, cpu, cuda")));
  EXPECT_EQ(OpenDevice("").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(OpenDevice("cuda:x").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(OpenDevice("cuda:-1").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(OpenDevice("cpu", -1).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace retort
