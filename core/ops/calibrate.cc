#include "core/ops/calibrate.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "core/device/cpu/parallel.h"
#include "core/device/device.h"
#include "core/ops/cpu/matrix_tiles.h"
#include "core/ops/cpu/peak_kernels.h"

namespace retort {
namespace {

constexpr int64_t kReadBytes = int64_t{256} << 20;  // beyond any cache that two cores see
constexpr int64_t kRepeats = 20000;                 // of a peak kernel: well above the cost of a fork and a clock

/// Units per second of the fastest round; a round has every thread work on its share of [0, n).
template <typename Fn>
double BestRate(int64_t n, int threads, double seconds, double units, const Fn& work) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  double best = 0;
  do {
    const Clock::time_point start = Clock::now();
    ParallelFor(n, (n + threads - 1) / threads, threads, work);
    best = std::max(best, units / std::chrono::duration<double>(Clock::now() - start).count());
  } while (Clock::now() < end);
  return best;
}

}  // namespace

Result<Calibration> Calibrate(int threads, double seconds) {
  if (!(seconds > 0))
    return InvalidArgument("calibrate: expected a positive number of seconds, got " + std::to_string(seconds));
  RETORT_ASSIGN_OR_RETURN(const std::shared_ptr<Device> device, OpenDevice("cpu", threads));
  RETORT_ASSIGN_OR_RETURN(const std::unique_ptr<Buffer> memory, device->Allocate(kReadBytes));
  std::memset(memory->data(), 1, kReadBytes);
  Calibration figures;
  figures.threads = device->info().threads;
  const auto* const bytes = static_cast<const uint8_t*>(memory->data());
  figures.read_bytes_per_second =
      BestRate(kReadBytes, figures.threads, seconds, static_cast<double>(kReadBytes),
               [&](int64_t begin, int64_t end) { cpu::ReadBytes(bytes + begin, end - begin); });
  const auto peak = [&](double ops, void (*kernel)(int64_t)) {
    return BestRate(figures.threads, figures.threads, seconds, ops * static_cast<double>(kRepeats) * figures.threads,
                    [&](int64_t begin, int64_t end) { kernel((end - begin) * kRepeats); });
  };
  figures.f32_flops_per_second = peak(cpu::FloatPeakOps(), cpu::FloatPeak);
  figures.int8_ops_per_second = peak(cpu::BytePeakOps(), cpu::BytePeak);
  if (cpu::HasMatrixTiles()) figures.bf16_flops_per_second = peak(cpu::BFloat16PeakOps(), cpu::BFloat16Peak);
  return figures;
}

}  // namespace retort
