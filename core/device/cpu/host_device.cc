#include "core/device/cpu/host_device.h"

#include <sys/mman.h>
#include <tbb/info.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "core/device/cpu/instruction_sets.h"
#include "core/device/cpu/topology.h"

namespace retort {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage =
    size_t{2} << 20;  // what large buffers are aligned to and ask for: fewer address translations

class HostBuffer final : public Buffer {
 public:
  HostBuffer(const Device& device, void* data, size_t size) : Buffer(device, data, size) {}
  ~HostBuffer() override { std::free(data_); }
  void* host_data() const override { return data_; }
};

class HostStream final : public Stream {
 public:
  Status Synchronize() override { return {}; }
};

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) {
      const size_t colon = line.find(": ");
      if (colon != std::string::npos) return line.substr(colon + 2);
    }
  }
  return "unknown processor";
}

class HostDevice final : public Device {
 public:
  HostDevice(DeviceKind kind, int threads) {
    info_.kind = kind;
    info_.name = kind == DeviceKind::kRef ? "ref" : "cpu";
    info_.threads = kind == DeviceKind::kRef ? 1
                    : threads > 0            ? threads
                                             : std::min(tbb::info::default_concurrency(), UsableCores());
    info_.description =
        kind == DeviceKind::kRef ? "reference loops on the host" : ProcessorName() + " (" + InstructionSets() + ")";
    info_.total_memory = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  }
  const DeviceInfo& info() const override { return info_; }

  Result<std::unique_ptr<Buffer>> Allocate(size_t bytes) override {
    const size_t alignment = bytes >= 2 * kHugePage ? kHugePage : kAlignment;
    const size_t rounded = (std::max<size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
    void* data = rounded < bytes ? nullptr : std::aligned_alloc(alignment, rounded);
    if (data == nullptr)
      return ResourceExhausted(info_.name + ": cannot allocate " + std::to_string(bytes) + " bytes of memory");
    // A wish; without it all works too. What is left over at the end stays in small pages, of which only those that are
    // used take memory.
    if (alignment == kHugePage) madvise(data, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
    return std::unique_ptr<Buffer>(std::make_unique<HostBuffer>(*this, data, bytes));
  }
  Result<std::unique_ptr<Stream>> CreateStream() override {
    return std::unique_ptr<Stream>(std::make_unique<HostStream>());
  }
  Status CopyFromHost(void* dst, const void* src, size_t bytes, Stream&) override { return Copy(dst, src, bytes); }
  Status CopyToHost(void* dst, const void* src, size_t bytes, Stream&) override { return Copy(dst, src, bytes); }
  Status CopyOnDevice(void* dst, const void* src, size_t bytes, Stream&) override { return Copy(dst, src, bytes); }

 private:
  static Status Copy(void* dst, const void* src, size_t bytes) {
    if (bytes > 0) std::memmove(dst, src, bytes);
    return {};
  }
  DeviceInfo info_;
};

}  // namespace

std::shared_ptr<Device> MakeHostDevice(DeviceKind kind, int threads) {
  return std::make_shared<HostDevice>(kind, threads);
}

}  // namespace retort
