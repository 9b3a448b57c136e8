#include "core/ops/calibrate.h"

#include <gtest/gtest.h>

#include "core/ops/cpu/matrix_tiles.h"

namespace retort {
namespace {

TEST(Calibrate, MeasuresPlausibleSpeeds) {
  const auto figures = Calibrate(1, 0.02);
  ASSERT_TRUE(figures.ok()) << figures.status().ToString();
  EXPECT_EQ(figures->threads, 1);
  // From a slow virtual machine to a large server's core.
  EXPECT_GT(figures->read_bytes_per_second, 1e8);
  EXPECT_LT(figures->read_bytes_per_second, 1e13);
  EXPECT_GT(figures->f32_flops_per_second, 1e8);
  EXPECT_LT(figures->f32_flops_per_second, 1e13);
  EXPECT_GT(figures->int8_ops_per_second, 1e8);
  EXPECT_LT(figures->int8_ops_per_second, 1e14);
  EXPECT_EQ(figures->bf16_flops_per_second > 1e8, cpu::HasMatrixTiles());
}

TEST(Calibrate, RefusesWhatCannotBeMeasured) {
  EXPECT_EQ(Calibrate(-1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Calibrate(1, 0.0).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Calibrate(1, -2.0).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace retort
