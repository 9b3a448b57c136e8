// MatMul of `cpu` beyond parity in exact mode: sameness of bits, the error of `fast`, and who serves what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "core/ops/cpu/matmul.h"
#include "core/ops/cpu/matrix_tiles.h"
#include "core/ops/ops.h"
#include "tests/ops/cuda/device_array.h"
#include "tests/ops/simd_targets.h"
#include "tests/support/weight_types.h"

namespace retort {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

using testing::kWeightTypes;
using testing::WholeBlocks;

struct Shape {
  int64_t t, n, k;
};
std::ostream& operator<<(std::ostream& out, const Shape& s) {
  return out << "t=" << s.t << " n=" << s.n << " k=" << s.k;
}

/// A device, its operations and a stream.
struct Machine {
  explicit Machine(const char* name, int threads = 1) : device(std::move(OpenDevice(name, threads).value())) {}
  std::shared_ptr<Device> device;
  std::unique_ptr<OpSet> ops = std::move(MakeOpSet(*device).value());
  std::unique_ptr<Stream> stream = std::move(device->CreateStream().value());

  /// k is rounded up to whole blocks.
  std::vector<float> Product(DType type, Shape s, Precision precision, bool accumulate = false) const {
    s.k = WholeBlocks(s.k, type);
    const std::vector<float> values = RandomFloats(static_cast<size_t>(s.n * s.k), 1);
    std::vector<std::byte> weight(DTypeRowBytes(type, s.k) * static_cast<size_t>(s.n));
    QuantiseRow(type, values.data(), weight.data(), s.n * s.k);
    const auto packed = std::move(ops->PackWeight(type, weight.data(), s.n, s.k).value());
    const std::vector<float> x = RandomFloats(static_cast<size_t>(s.t * s.k), 2);
    std::vector<float> y = RandomFloats(static_cast<size_t>(s.t * s.n), 3);
    const Status status = ops->MatMul(x.data(), *packed, y.data(), s.t, s.n, accumulate, precision, *stream);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return y;
  }
};

/// Root mean square of the difference over that of `expected`, or over `typical` where that is more: few sums may
/// nearly cancel.
double RelativeError(const std::vector<float>& expected, const std::vector<float>& got, double typical = 0) {
  double difference = 0, size = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    difference += std::pow(static_cast<double>(got[i]) - expected[i], 2);
    size += std::pow(static_cast<double>(expected[i]), 2);
  }
  if (expected.empty()) return 0;
  return std::sqrt(difference / std::max(size, typical * typical * static_cast<double>(expected.size())));
}

/// The largest error of `fast`: of bytes, of bfloat16 where a matrix unit may serve wide products, of floats' order.
double FastBound(DType type, int64_t rows) {
  if (!DTypeIsQuantised(type)) return rows >= cpu::kWideRows && cpu::HasMatrixTiles() ? 5e-3 : 1e-6;
  // 16 bits against 8-bit weights where bytes have no sums in 32 bits.
  return type == DType::kQ8_0 && !cpu::HasByteDot() ? 1e-4 : 0.012;
}

TEST(CpuMatMul, AnExactRowIsTheSameBitsInAnyBatchAndOnAnyThreads) {
  const Machine one("cpu", 1), two("cpu", 2);
  ForEachTarget([&] {
    for (const DType type : kWeightTypes) {
      const int64_t n = 83, k = 160;
      const std::vector<float> all = one.Product(type, {17, n, k}, Precision::kExact);
      for (int64_t t = 1; t <= 17; ++t) {
        for (const Machine* machine : {&one, &two}) {
          const std::vector<float> some = machine->Product(type, {t, n, k}, Precision::kExact);
          ASSERT_TRUE(std::equal(some.begin(), some.end(), all.begin()))
              << DTypeName(type) << " t=" << t << " threads=" << machine->device->info().threads;
        }
      }
    }
  });
}

TEST(CpuMatMul, FloatWeightsNeedNoMultipleOfAnything) {
  const Machine ref("ref");
  ForEachTarget([&] {
    const Machine cpu("cpu", 2);
    for (const DType type : {DType::kF32, DType::kF16, DType::kBF16}) {
      for (const Shape& shape : {Shape{1, 1, 1}, {1, 7, 33}, {3, 9, 31}, {6, 17, 100}, {13, 15, 65}, {70, 5, 47}}) {
        for (const Precision precision : {Precision::kExact, Precision::kFast}) {
          ASSERT_LT(RelativeError(ref.Product(type, shape, precision), cpu.Product(type, shape, precision)),
                    precision == Precision::kExact ? 1e-6 : FastBound(type, shape.t))
              << DTypeName(type) << " " << shape;
        }
      }
    }
  });
}

TEST(CpuMatMul, FastIsWithinTheErrorOfItsActivations) {
  const Machine ref("ref");
  ForEachTarget([&] {
    const Machine cpu("cpu", 2);
    for (const DType type : kWeightTypes) {
      for (const Shape& shape : {Shape{1, 1, 32},
                                 {1, 40, 576},
                                 {2, 9, 64},
                                 {3, 8, 96},
                                 {4, 33, 576},
                                 {5, 16, 1536},
                                 {23, 15, 320},
                                 {64, 24, 192}}) {
        const double typical = std::sqrt(static_cast<double>(WholeBlocks(shape.k, type)));  // of normal values
        for (const bool accumulate : {false, true}) {
          ASSERT_LT(RelativeError(ref.Product(type, shape, Precision::kFast, accumulate),
                                  cpu.Product(type, shape, Precision::kFast, accumulate), typical),
                    FastBound(type, shape.t))
              << DTypeName(type) << " " << shape << (accumulate ? " accumulated" : "");
        }
      }
    }
  });
}

TEST(CpuMatMul, AgreesWithRefOverRandomShapes) {
  const Machine ref("ref");
  uint64_t state = 1;
  const auto draw = [&state](int64_t low, int64_t high) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return low + static_cast<int64_t>((state >> 33) % static_cast<uint64_t>(high - low + 1));
  };
  ForEachTarget([&] {
    const Machine one("cpu", 1), two("cpu", 2);
    for (int i = 0; i < 60; ++i) {
      const DType type = kWeightTypes[static_cast<size_t>(draw(0, kWeightTypes.size() - 1))];
      const Shape shape{draw(0, 40), draw(1, 100), draw(1, 600)};
      const bool accumulate = draw(0, 1) == 1;
      const Machine& machine = draw(0, 1) == 1 ? one : two;
      const double typical = std::sqrt(static_cast<double>(WholeBlocks(shape.k, type)));
      const std::vector<float> expected = ref.Product(type, shape, Precision::kExact, accumulate);
      ASSERT_LE(RelativeError(expected, machine.Product(type, shape, Precision::kExact, accumulate), typical), 1e-6)
          << DTypeName(type) << " " << shape << " exact";
      ASSERT_LE(RelativeError(expected, machine.Product(type, shape, Precision::kFast, accumulate), typical),
                DTypeIsQuantised(type) ? 0.012 : FastBound(type, shape.t))
          << DTypeName(type) << " " << shape << " fast";
    }
  });
}

TEST(CpuMatMul, FastTakesRowsOfExtremes) {
  const Machine cpu("cpu", 2);
  const std::vector<float> w(2 * 256, 0.5f);
  ForEachTarget([&] {
    for (const DType type : kWeightTypes) {
      if (!DTypeIsQuantised(type)) continue;
      std::vector<std::byte> weight(DTypeRowBytes(type, 256) * 2);
      QuantiseRow(type, w.data(), weight.data(), 512);
      const auto packed = std::move(cpu.ops->PackWeight(type, weight.data(), 2, 256).value());
      for (const float value : {0.0f, -1.0f, 1e30f, -1e-30f}) {  // every product at the end of its range
        const std::vector<float> x(256, value);
        std::vector<float> y(2);
        ASSERT_TRUE(cpu.ops->MatMul(x.data(), *packed, y.data(), 1, 2, false, Precision::kFast, *cpu.stream).ok());
        for (const float got : y) EXPECT_NEAR(got, 128 * value, std::fabs(128 * value) * 2e-3) << DTypeName(type);
      }
    }
  });
}

/// A product of rows that are made on the way, and of the same rows made beforehand.
struct MadeTwoWays {
  std::vector<float> on_the_way, beforehand;
};
MadeTwoWays ProductsOfMadeRows(const Machine& machine, DType type, Shape s, bool gated, Precision precision) {
  s.k = WholeBlocks(s.k, type);
  const std::vector<float> values = RandomFloats(static_cast<size_t>(s.n * s.k), 1);
  std::vector<std::byte> weight(DTypeRowBytes(type, s.k) * static_cast<size_t>(s.n));
  QuantiseRow(type, values.data(), weight.data(), s.n * s.k);
  const auto packed = std::move(machine.ops->PackWeight(type, weight.data(), s.n, s.k).value());
  const std::vector<float> x = RandomFloats(static_cast<size_t>(s.t * s.k * (gated ? 2 : 1)), 2);
  const std::vector<float> norm = RandomFloats(static_cast<size_t>(s.k), 4);
  std::vector<float> made(static_cast<size_t>(s.t * s.k));
  RowSource source = {.x = x.data(), .gated = gated, .made = made.data()};
  if (!gated) source.norm = norm.data(), source.eps = 1e-5f;
  MadeTwoWays y;
  y.on_the_way = y.beforehand = RandomFloats(static_cast<size_t>(s.t * s.n), 3);
  OpSet& ops = *machine.ops;
  EXPECT_TRUE(ops.MatMulFrom(source, *packed, y.on_the_way.data(), s.t, s.n, gated, precision, *machine.stream).ok());
  EXPECT_TRUE((gated ? ops.SiluMul(x.data(), made.data(), s.t, s.k, *machine.stream)
                     : ops.RmsNorm(x.data(), norm.data(), 1e-5f, made.data(), s.t, s.k, *machine.stream))
                  .ok());
  EXPECT_TRUE(ops.MatMul(made.data(), *packed, y.beforehand.data(), s.t, s.n, gated, precision, *machine.stream).ok());
  return y;
}

TEST(CpuMatMul, RowsMadeOnTheWayGiveTheBitsOfRowsMadeBeforehand) {
  const Machine ref("ref");
  for (const DType type : {DType::kF16, DType::kQ8_0, DType::kQ4_1, DType::kQ6_K}) {
    // One tile of rows and several, inputs of part of a block of bfloat16, fewer blocks than pieces and more.
    for (const Shape& shape :
         {Shape{1, 9, 32}, {1, 40, 1536}, {3, 17, 95}, {8, 16, 576}, {17, 33, 320}, {50, 20, 96}}) {
      for (const bool gated : {false, true}) {
        const std::vector<float> expected = ProductsOfMadeRows(ref, type, shape, gated, Precision::kExact).on_the_way;
        const double typical = std::sqrt(static_cast<double>(WholeBlocks(shape.k, type)));
        ForEachTarget([&] {
          const Machine cpu("cpu", 2);
          for (const Precision precision : {Precision::kExact, Precision::kFast}) {
            const MadeTwoWays got = ProductsOfMadeRows(cpu, type, shape, gated, precision);
            ASSERT_EQ(got.on_the_way, got.beforehand) << DTypeName(type) << " " << shape << (gated ? " gated" : "");
            ASSERT_LT(RelativeError(expected, got.on_the_way, typical),
                      precision == Precision::kExact ? 2e-6 : FastBound(type, shape.t))
                << DTypeName(type) << " " << shape << (gated ? " gated" : "");
          }
        });
      }
    }
  }
}

/// An implementation of wide products against `ref`, whether it would decline or not.
void ExpectAgreesWithRef(cpu::MatMulImplementation& implementation, const std::vector<Shape>& shapes, double bound) {
  const Machine ref("ref"), cpu("cpu", 2);
  cpu::WeightArena arena(*cpu.device);
  for (const DType type : kWeightTypes) {
    for (Shape shape : shapes) {
      shape.k = WholeBlocks(shape.k, type);
      const std::vector<float> values = RandomFloats(static_cast<size_t>(shape.n * shape.k), 1);
      std::vector<std::byte> weight(DTypeRowBytes(type, shape.k) * static_cast<size_t>(shape.n));
      QuantiseRow(type, values.data(), weight.data(), shape.n * shape.k);
      const auto packed = std::move(cpu::GroupedWeight::Pack(arena, 2, type, weight.data(), shape.n, shape.k).value());
      const std::vector<float> x = RandomFloats(static_cast<size_t>(shape.t * shape.k), 2);
      const double typical = std::sqrt(static_cast<double>(shape.k));
      for (const bool accumulate : {false, true}) {
        std::vector<float> y = RandomFloats(static_cast<size_t>(shape.t * shape.n), 3);
        const cpu::MatMulCall call = {x.data(), packed.get(), y.data(),         shape.t,
                                      shape.n,  accumulate,   Precision::kFast, 2};
        ASSERT_TRUE(implementation.Run(call).ok());
        ASSERT_LT(RelativeError(ref.Product(type, shape, Precision::kExact, accumulate), y, typical), bound)
            << DTypeName(type) << " " << shape;
      }
    }
  }
}

TEST(CpuMatMul, OneDnnAgreesWithRefWhereverItIsAskedTo) {
  // One panel of weights, and several.
  ExpectAgreesWithRef(*cpu::MakeOneDnnMatMul(), {{48, 40, 64}, {50, 1100, 96}}, 1e-6);
}

TEST(CpuMatMul, AMatrixUnitAgreesWithRefWhereverItIsAskedTo) {
  if (!cpu::HasMatrixTiles()) GTEST_SKIP() << "this processor has no matrix unit";
  // Rows and outputs of part of a tile, odd and even numbers of tiles, one strip of inputs and several.
  ExpectAgreesWithRef(*cpu::MakeBFloat16MatMul(),
                      {{1, 1, 1}, {16, 33, 64}, {17, 16, 95}, {32, 47, 640}, {33, 64, 576}, {50, 1100, 96}}, 5e-3);
}

TEST(CpuMatMul, ReportsWhoServedAndWhyOthersDeclined) {
  // Without the best instruction sets, so that every processor's list is that of one without a matrix unit.
  const ForcedTarget forced(hwy::SupportedTargets() & ~(HWY_AVX3_DL | (HWY_AVX3_DL - 1)));
  const Machine cpu("cpu", 1);
  cpu.ops->ChooseByRule();
  EXPECT_TRUE(cpu.ops->DispatchReport().empty());
  for (const int64_t t : {1, 15, 16, 256}) {
    for (const Precision precision : {Precision::kExact, Precision::kFast}) {
      cpu.Product(DType::kQ4_1, {t, 8, 32}, precision);
      cpu.Product(DType::kQ8_0, {t, 8, 32}, precision);
    }
  }
  cpu.Product(DType::kF16, {256, 8, 32}, Precision::kFast);
  const std::vector<std::string> report = cpu.ops->DispatchReport();
  EXPECT_EQ(report.size(), 17U);
  EXPECT_THAT(report, Contains(AllOf(HasSubstr("q4_1, 1 row, exact: simd-f32"),
                                     HasSubstr("onednn-f32 declined: its sums depend on the shape of the batch"),
                                     HasSubstr("simd-int8 declined: exact keeps activations in float"))));
  EXPECT_THAT(report, Contains(AllOf(HasSubstr("q4_1, 1 row, fast: simd-int8"),
                                     HasSubstr("onednn-f32 declined: products of bytes are faster"))));
  EXPECT_THAT(report, Contains(HasSubstr("q4_1, from 128 rows, fast: simd-int8")));
  EXPECT_THAT(report, Contains(HasSubstr("q8_0, 2 to 15 rows, fast: simd-int8")));
  EXPECT_THAT(report, Contains(HasSubstr("q8_0, 16 to 47 rows, fast: simd-int8")));
  EXPECT_THAT(report, Contains(AllOf(HasSubstr("f16, from 128 rows, fast: simd-f32"),
                                     HasSubstr("amx-bf16 declined: the processor has no matrix unit"),
                                     HasSubstr("simd-int8 declined: weights are not quantised"))));
}

TEST(CpuMatMul, WideProductsAreServedByWhoIsMeasuredToBeFastest) {
  const Machine ref("ref"), cpu("cpu", 2);
  for (const bool accumulate : {false, true}) {  // the first product measures, and is right all the same
    EXPECT_LT(RelativeError(ref.Product(DType::kF16, {64, 80, 96}, Precision::kFast, accumulate),
                            cpu.Product(DType::kF16, {64, 80, 96}, Precision::kFast, accumulate)),
              FastBound(DType::kF16, 64));
  }
  EXPECT_THAT(cpu.ops->DispatchReport(),
              Contains(AllOf(HasSubstr("f16, 48 to 127 rows, fast: "), HasSubstr("measured: "),
                             HasSubstr("simd-f32 took "), HasSubstr(", onednn-f32 took "))));
}

}  // namespace
}  // namespace retort
