#include "core/ops/cpu/matrix_tiles.h"

#include "core/ops/cpu/matmul_kernels.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace retort::cpu {
namespace {

#if defined(__x86_64__) && defined(__linux__)

bool Supported() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  constexpr unsigned kTiles = 1U << 24 | 1U << 22;  // AMX-TILE, AMX-BF16
  if ((d & kTiles) != kTiles) return false;
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d) == 0) return false;
  constexpr unsigned kBFloat16 = 1U << 5;  // AVX512_BF16
  return (a & kBFloat16) != 0;
}

/// The registers are 8 KiB a thread, so Linux wants to be asked first; what it grants holds for every thread.
bool Lent() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

#else

bool Supported() { return false; }
bool Lent() { return false; }

#endif

}  // namespace

bool HasMatrixTiles() {
  static const bool has = Supported() && Lent();
  return has && HasByteDot();
}

}  // namespace retort::cpu
