// Floats, or other plain values, of a test in the memory of a device.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/device/device.h"

namespace retort {

/// A copy of `values` on the device; Read fetches them back. Failures abort the test program: they are not its subject.
template <class T>
class DeviceArray {
 public:
  DeviceArray(Device& device, const std::vector<T>& values)
      : device_(device), stream_(std::move(device.CreateStream().value())), count_(values.size()) {
    buffer_ = std::move(device.Allocate(bytes()).value());
    Check(device.CopyFromHost(buffer_->data(), values.data(), bytes(), *stream_));
    Check(stream_->Synchronize());
  }
  T* data() const { return static_cast<T*>(buffer_->data()); }
  std::vector<T> Read() const {
    std::vector<T> values(count_);
    Check(device_.CopyToHost(values.data(), buffer_->data(), bytes(), *stream_));
    Check(stream_->Synchronize());
    return values;
  }

 private:
  size_t bytes() const { return count_ * sizeof(T); }
  static void Check(const Status& status) {
    if (!status.ok()) std::abort();
  }
  Device& device_;
  std::unique_ptr<Stream> stream_;
  size_t count_;
  std::unique_ptr<Buffer> buffer_;
};

/// `count` normal values from `seed`.
inline std::vector<float> RandomFloats(size_t count, uint32_t seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(engine);
  return values;
}

/// Every difference is within `tolerance` times the greatest magnitude expected.
inline void ExpectClose(const std::vector<float>& expected, const std::vector<float>& got, float tolerance,
                        const std::string& what) {
  ASSERT_EQ(expected.size(), got.size()) << what;
  float greatest = 0;
  for (const float value : expected) greatest = std::max(greatest, std::fabs(value));
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_TRUE(std::fabs(expected[i] - got[i]) <= tolerance * greatest)  // false for NaN
        << what << ": element " << i << " is " << got[i] << ", expected " << expected[i];
  }
}

}  // namespace retort
