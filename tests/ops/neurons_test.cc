// Feed-forward parts by neuron: `cpu` against `ref`, sameness of bits, and which neurons are listed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/ops/cpu/neuron_weight.h"
#include "core/ops/ops.h"
#include "tests/ops/cuda/device_array.h"
#include "tests/ops/simd_targets.h"
#include "tests/support/weight_types.h"

namespace retort {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kWeightTypes;
using testing::WholeBlocks;

struct Machine {
  explicit Machine(const char* name, int threads = 1) : device(std::move(OpenDevice(name, threads).value())) {}
  std::shared_ptr<Device> device;
  std::unique_ptr<OpSet> ops = std::move(MakeOpSet(*device).value());
  std::unique_ptr<Stream> stream = std::move(device->CreateStream().value());
  NeuronOps& neurons() const { return *ops->neurons(); }
};

/// A feed-forward part as matrices of a machine, in one piece for gate and up or in two.
struct Matrices {
  Matrices(const Machine& machine, DType type, int64_t f, int64_t k, bool stacked = true)
      : gate_up_bytes(Bytes(type, 2 * f, k, 1)), down_bytes(Bytes(type, k, f, 2)) {
    const auto pack = [&](const std::byte* data, int64_t n, int64_t inputs) {
      return std::move(machine.ops->PackWeight(type, data, n, inputs).value());
    };
    if (stacked) {
      gate_up.push_back(pack(gate_up_bytes.data(), 2 * f, k));
    } else {
      gate_up.push_back(pack(gate_up_bytes.data(), f, k));
      gate_up.push_back(pack(gate_up_bytes.data() + DTypeRowBytes(type, f * k), f, k));
    }
    down = pack(down_bytes.data(), k, f);
  }
  static std::vector<std::byte> Bytes(DType type, int64_t n, int64_t k, uint32_t seed) {
    const std::vector<float> values = RandomFloats(static_cast<size_t>(n * k), seed);
    std::vector<std::byte> bytes(DTypeRowBytes(type, n * k));
    QuantiseRow(type, values.data(), bytes.data(), n * k);
    return bytes;
  }
  std::vector<std::byte> gate_up_bytes, down_bytes;
  std::vector<std::unique_ptr<PackedWeight>> gate_up;
  std::unique_ptr<PackedWeight> down;
};

struct Shape {
  int64_t f, k, t;
};

using Lists = std::vector<std::vector<int32_t>>;

/// Every `step`-th neuron of row r from r on; every third row has the list of the row before it.
Lists SomeLists(int64_t t, int64_t f, int64_t step) {
  Lists lists(static_cast<size_t>(t));
  for (int64_t row = 0; row < t; ++row) {
    for (int64_t j = row % step; j < f; j += step) lists[static_cast<size_t>(row)].push_back(static_cast<int32_t>(j));
  }
  return lists;
}
std::vector<NeuronList> Views(const Lists& lists, bool share = true) {
  std::vector<NeuronList> views;
  for (size_t row = 0; row < lists.size(); ++row) views.emplace_back(lists[share && row % 3 == 2 ? row - 1 : row]);
  return views;
}

/// How the rows of a call are made, and what is added to.
struct Call {
  Precision precision = Precision::kExact;
  bool normed = false, with_silu = false;
};

std::vector<float> Added(const Machine& machine, const PackedNeurons& w, std::span<const NeuronList> lists,
                         Call call = {}, int64_t first = 0) {
  const auto t = static_cast<int64_t>(lists.size());
  const auto width = static_cast<size_t>(w.k), rows = static_cast<size_t>(first + t);
  const std::vector<float> x = RandomFloats(rows * width, 3), norm = RandomFloats(width, 4);
  const std::vector<float> silu = RandomFloats(rows * static_cast<size_t>(w.neurons), 5);
  std::vector<float> made(x.size()), y = RandomFloats(rows * width, 6);
  y.erase(y.begin(), y.begin() + first * w.k);
  RowSource source = {.x = x.data() + first * w.k, .made = made.data()};
  if (call.normed) source.norm = norm.data(), source.eps = 1e-5f;
  const Status status =
      machine.neurons().FeedForward(source, call.with_silu ? silu.data() + first * w.neurons : nullptr, w, lists,
                                    y.data(), t, call.precision, *machine.stream);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return y;
}

double RelativeError(const std::vector<float>& expected, const std::vector<float>& got) {
  double difference = 0, size = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    difference += std::pow(static_cast<double>(got[i]) - expected[i], 2);
    size += std::pow(static_cast<double>(expected[i]), 2);
  }
  return std::sqrt(difference / size);
}

std::unique_ptr<PackedNeurons> Pack(const Machine& machine, const Matrices& m) {
  auto packed = machine.neurons().Pack(m.gate_up, *m.down);
  EXPECT_TRUE(packed.ok()) << packed.status().ToString();
  return *std::move(packed);
}

TEST(Neurons, AgreeWithRefOfEveryTypeAndOddSizes) {
  const Machine ref("ref"), cpu("cpu", 2);
  for (const DType type : kWeightTypes) {
    for (Shape shape : {Shape{1, 1, 1}, {7, 33, 17}, {50, 64, 5}, {130, 96, 2}, {75, 544, 1}}) {
      shape = {WholeBlocks(shape.f, type), WholeBlocks(shape.k, type), shape.t};
      const auto expected_weight = Pack(ref, Matrices(ref, type, shape.f, shape.k));
      const auto weight = Pack(cpu, Matrices(cpu, type, shape.f, shape.k, shape.f % 2 == 0));
      ASSERT_EQ(weight->type, NeuronType(type));
      const Lists lists = SomeLists(shape.t, shape.f, std::min<int64_t>(3, shape.f));
      for (const Call call : {Call{}, Call{.normed = true}, Call{.normed = true, .with_silu = true}}) {
        const std::vector<float> expected = Added(ref, *expected_weight, Views(lists), call);
        ForEachTarget([&] {
          for (const Precision precision : {Precision::kExact, Precision::kFast}) {
            // Activations of bytes meet the gate and up, whose product it is.
            const bool bytes = weight->type == DType::kQ8_0 && precision == Precision::kFast;
            ASSERT_LT(
                RelativeError(expected, Added(cpu, *weight, Views(lists), {precision, call.normed, call.with_silu})),
                bytes ? 0.03 : 3e-6)
                << DTypeName(type) << " " << shape.f << " x " << shape.k << ", " << shape.t << " rows"
                << (bytes ? ", bytes" : "");
          }
        });
      }
    }
  }
}

TEST(Neurons, AllOfThemAreTheDensePart) {
  const Machine cpu("cpu", 2);
  for (const DType type : {DType::kF32, DType::kF16, DType::kBF16, DType::kQ8_0}) {
    const int64_t f = 160, k = 96, t = 3;
    const Matrices m(cpu, type, f, k);
    const auto weight = Pack(cpu, m);
    std::vector<int32_t> all(static_cast<size_t>(f));
    std::iota(all.begin(), all.end(), 0);
    const Lists lists(static_cast<size_t>(t), all);
    std::vector<float> x = RandomFloats(static_cast<size_t>(t * k), 3), y = RandomFloats(static_cast<size_t>(t * k), 6);
    std::vector<float> gate_up(static_cast<size_t>(t * 2 * f)), active(static_cast<size_t>(t * f));
    ASSERT_TRUE(
        cpu.ops->MatMul(x.data(), *m.gate_up[0], gate_up.data(), t, 2 * f, false, Precision::kExact, *cpu.stream).ok());
    ASSERT_TRUE(cpu.ops->SiluMul(gate_up.data(), active.data(), t, f, *cpu.stream).ok());
    ASSERT_TRUE(cpu.ops->MatMul(active.data(), *m.down, y.data(), t, k, true, Precision::kExact, *cpu.stream).ok());
    // The columns of quantised weights are rounded a second time.
    EXPECT_LT(RelativeError(y, Added(cpu, *weight, Views(lists))), type == DType::kQ8_0 ? 1e-2 : 1e-6)
        << DTypeName(type);
  }
}

TEST(Neurons, ARowIsTheSameBitsInAnyBatchAndOnAnyThreads) {
  const Machine one("cpu", 1), two("cpu", 2);
  for (const DType type : {DType::kF32, DType::kF16, DType::kBF16, DType::kQ8_0}) {
    const int64_t f = 160, k = 96;
    const auto weight = Pack(one, Matrices(one, type, f, k));
    const Lists lists = SomeLists(17, f, 2);
    ForEachTarget([&] {
      for (const Precision precision : {Precision::kExact, Precision::kFast}) {
        for (const bool with_silu : {false, true}) {
          const Call call = {precision, true, with_silu};
          const std::vector<float> all = Added(one, *weight, Views(lists), call);
          ASSERT_EQ(Added(two, *weight, Views(lists), call), all) << DTypeName(type);
          for (size_t row = 0; row < 17; row += 3) {
            const NeuronList list = Views(lists)[row];
            const std::vector<float> alone = Added(two, *weight, {&list, 1}, call, static_cast<int64_t>(row));
            ASSERT_TRUE(std::equal(alone.begin(), alone.end(), all.begin() + static_cast<std::ptrdiff_t>(row) * k))
                << DTypeName(type) << " row " << row;
          }
        }
      }
    });
  }
}

TEST(Neurons, RowsThatShareAListGiveTheBitsOfRowsThatDoNot) {
  const Machine cpu("cpu", 2);
  const int64_t f = 320, k = 96;
  for (const DType type : {DType::kF16, DType::kQ8_0}) {
    const auto weight = Pack(cpu, Matrices(cpu, type, f, k));
    const Lists lists(11, SomeLists(1, f, 2)[0]);  // equal, each in its own memory
    const std::vector<NeuronList> shared(11, lists[0]);
    ForEachTarget([&] {
      for (const Precision precision : {Precision::kExact, Precision::kFast})
        ASSERT_EQ(Added(cpu, *weight, shared, {precision}), Added(cpu, *weight, Views(lists, false), {precision}));
    });
  }
}

TEST(Neurons, RowsWithoutNeuronsStayAsTheyAre) {
  const Machine cpu("cpu", 2);
  const auto weight = Pack(cpu, Matrices(cpu, DType::kF16, 64, 40));
  const Lists lists = {{}, {3, 60}, {}};
  const std::vector<float> y = Added(cpu, *weight, Views(lists, false)), before = RandomFloats(3 * 40, 6);
  EXPECT_TRUE(std::equal(y.begin(), y.begin() + 40, before.begin()));
  EXPECT_FALSE(std::equal(y.begin() + 40, y.begin() + 80, before.begin() + 40));
  EXPECT_TRUE(std::equal(y.begin() + 80, y.end(), before.begin() + 80));
}

TEST(Neurons, KeepWhatEachTypeHolds) {
  const Machine cpu("cpu", 2);
  const Matrices m(cpu, DType::kQ8_0, 64, 96);
  const auto packed = Pack(cpu, m);
  const auto& weight = static_cast<const cpu::NeuronWeight&>(*packed);
  EXPECT_EQ(weight.owned_bytes(), 64 * weight.layout().bytes);
  const auto* const blocks = reinterpret_cast<const BlockQ8_0*>(m.gate_up_bytes.data());
  for (int64_t neuron = 0; neuron < 64; ++neuron) {
    const std::byte* const at = weight.Neuron(neuron);
    const auto* const scales = reinterpret_cast<const uint16_t*>(at + weight.layout().scales);
    for (int64_t b = 0; b < 3; ++b) {
      const BlockQ8_0 &gate = blocks[neuron * 3 + b], &up = blocks[(64 + neuron) * 3 + b];
      ASSERT_EQ(scales[b], gate.d);
      ASSERT_EQ(scales[weight.layout().blocks() + b], up.d);
      for (int64_t i = 0; i < 32; ++i) {
        ASSERT_EQ(static_cast<int>(at[b * 32 + i]) - 128, gate.q[i]);
        ASSERT_EQ(static_cast<int>(at[static_cast<int64_t>(weight.layout().up) + b * 32 + i]) - 128, up.q[i]);
      }
    }
  }
}

TEST(Neurons, TypesThatDifferMeetInFloats) {
  const Machine ref("ref"), cpu("cpu", 2);
  const auto mixed = [](const Machine& machine) {
    Matrices m(machine, DType::kF16, 64, 64);
    m.down_bytes = Matrices::Bytes(DType::kQ8_0, 64, 64, 2);
    m.down = std::move(machine.ops->PackWeight(DType::kQ8_0, m.down_bytes.data(), 64, 64).value());
    return m;
  };
  const Matrices of_ref = mixed(ref), of_cpu = mixed(cpu);
  const auto expected = Pack(ref, of_ref), weight = Pack(cpu, of_cpu);
  EXPECT_EQ(weight->type, DType::kF32);
  const Lists lists = SomeLists(4, 64, 2);
  EXPECT_LT(RelativeError(Added(ref, *expected, Views(lists)), Added(cpu, *weight, Views(lists))), 1e-6);
}

TEST(Neurons, RefuseMatricesOfOtherShapes) {
  for (const char* const device : {"ref", "cpu"}) {
    const Machine machine(device);
    Matrices m(machine, DType::kF32, 8, 4);
    const Matrices other(machine, DType::kF32, 7, 4);
    EXPECT_THAT(machine.neurons().Pack(m.gate_up, *other.down).status().message(),
                HasSubstr("expected gate and up [F, K] and down [K, F], got 16 rows of gate and up, and down [4, 7]"));
    EXPECT_THAT(machine.neurons().FirstRows(*m.down, 5).status().message(),
                HasSubstr("expected 1 to 4 of them, got 5"));
  }
}

TEST(Neurons, FirstRowsAreThoseOfTheMatrix) {
  for (const char* const device : {"ref", "cpu"}) {
    const Machine machine(device);
    for (const DType type : {DType::kF16, DType::kQ8_0}) {
      const int64_t f = type == DType::kF16 ? 40 : 96, k = 64;
      const Matrices m(machine, type, f, k);
      const auto gate = std::move(machine.neurons().FirstRows(*m.gate_up[0], f).value());
      const std::vector<float> x = RandomFloats(static_cast<size_t>(2 * k), 3);
      std::vector<float> all(static_cast<size_t>(2 * 2 * f)), first(static_cast<size_t>(2 * f));
      ASSERT_TRUE(
          machine.ops->MatMul(x.data(), *m.gate_up[0], all.data(), 2, 2 * f, false, Precision::kFast, *machine.stream)
              .ok());
      ASSERT_TRUE(
          machine.ops->MatMul(x.data(), *gate, first.data(), 2, f, false, Precision::kFast, *machine.stream).ok());
      for (int64_t row = 0; row < 2; ++row)
        ASSERT_TRUE(std::equal(first.begin() + row * f, first.begin() + (row + 1) * f, all.begin() + row * 2 * f));
    }
  }
}

/// Lists as vectors.
Lists Chosen(const Machine& machine, std::vector<float> gate, int64_t t, const NeuronRule& rule,
             std::vector<float>* silu = nullptr) {
  NeuronLists lists;
  const auto f = static_cast<int64_t>(gate.size()) / t;
  const Status status = machine.neurons().Choose(gate.data(), t, f, rule, &lists, *machine.stream);
  EXPECT_TRUE(status.ok()) << status.ToString();
  if (silu != nullptr) *silu = gate;
  Lists chosen;
  for (const NeuronList list : lists.of_row) chosen.emplace_back(list.begin(), list.end());
  return chosen;
}

TEST(Neurons, ChoosesTheLargestGates) {
  const Machine ref("ref"), cpu("cpu", 2);
  for (const int64_t f : {1, 5, 16, 47, 576, 1537}) {
    const std::vector<float> gate = RandomFloats(static_cast<size_t>(3 * f), 8);
    for (const bool shared : {false, true}) {
      for (const int64_t count : {int64_t{1}, (f + 1) / 3 + 1, f}) {
        const NeuronRule rule = {.count = std::min(count, f), .shared = shared};
        std::vector<float> expected_silu, silu;
        const Lists expected = Chosen(ref, gate, 3, rule, &expected_silu);
        ForEachTarget([&] {
          EXPECT_EQ(Chosen(cpu, gate, 3, rule, &silu), expected) << f << " neurons, count " << rule.count;
          ExpectClose(expected_silu, silu, 1e-6f, "silu");
        });
      }
      const NeuronRule rule = {.threshold = 0.2f, .shared = shared};
      const Lists expected = Chosen(ref, gate, 3, rule);
      ForEachTarget([&] { EXPECT_EQ(Chosen(cpu, gate, 3, rule), expected) << f << " neurons, threshold"; });
    }
  }
}

TEST(Neurons, OfEqualGatesTheFirstAreChosen) {
  for (const char* const device : {"ref", "cpu"}) {
    const Machine machine(device);
    ForEachTarget([&] {
      std::vector<float> gate(40, 1.0f);
      gate[30] = 2.0f;
      gate[5] = 0.5f;
      EXPECT_THAT(Chosen(machine, gate, 1, {.count = 4})[0], ElementsAre(0, 1, 2, 30));
      EXPECT_THAT(Chosen(machine, gate, 1, {.count = 8})[0], ElementsAre(0, 1, 2, 3, 4, 6, 7, 30));
      EXPECT_EQ(Chosen(machine, gate, 1, {.count = 40})[0].size(), 40u);
      EXPECT_THAT(Chosen(machine, std::vector<float>(20, 0.0f), 1, {.count = 3})[0], ElementsAre(0, 1, 2));
      // By magnitude: silu(-1) is -0.27, silu(0.2) is 0.11.
      EXPECT_THAT(Chosen(machine, {-1.0f, 0.2f, -0.1f}, 1, {.count = 1})[0], ElementsAre(0));
    });
  }
}

TEST(Neurons, SharesAddUpToOneARow) {
  const Machine ref("ref"), cpu("cpu", 2);
  for (const int64_t f : {1, 15, 300}) {
    std::vector<float> z = RandomFloats(static_cast<size_t>(9 * f), 9);
    std::fill(z.begin() + 4 * f, z.begin() + 5 * f, 0.0f);  // a row that says nothing
    std::vector<float> expected(static_cast<size_t>(f), 0.5f);
    ASSERT_TRUE(ref.neurons().AddShares(z.data(), 9, f, expected.data(), *ref.stream).ok());
    EXPECT_NEAR(std::accumulate(expected.begin(), expected.end(), 0.0), 0.5 * static_cast<double>(f) + 8, 1e-4);
    ForEachTarget([&] {
      std::vector<float> sums(static_cast<size_t>(f), 0.5f), pieces = sums;
      ASSERT_TRUE(cpu.neurons().AddShares(z.data(), 9, f, sums.data(), *cpu.stream).ok());
      ExpectClose(expected, sums, 1e-6f, "sums");
      ASSERT_TRUE(cpu.neurons().AddShares(z.data(), 4, f, pieces.data(), *cpu.stream).ok());
      ASSERT_TRUE(cpu.neurons().AddShares(z.data() + 4 * f, 5, f, pieces.data(), *cpu.stream).ok());
      EXPECT_EQ(pieces, sums);  // however the rows are cut
    });
  }
}

}  // namespace
}  // namespace retort
