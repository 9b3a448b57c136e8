// The boundary between Retort and its CUDA module, libretort_cuda.so: nothing else in the tree links CUDA.
// OpenDevice("cuda:N") and MakeOpSet reach the module through LoadCudaModule; the module is never unloaded.
// The module is built from the same tree as its user: C++ objects (Device, OpSet) cross, so the version must be equal.
// Thread-safety: LoadCudaModule may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "retort/status.h"

namespace retort {

class Device;
class OpSet;

/// Raised with every change to device.h, ops.h or a type in them; a module with another number is refused.
inline constexpr uint32_t kCudaModuleVersion = 6;

inline constexpr char kCudaModuleFile[] = "libretort_cuda.so";
/// Data symbol of type uint32_t, read before any code of the module runs.
inline constexpr char kCudaModuleVersionSymbol[] = "retort_cuda_module_version";
inline constexpr char kCudaOpenSymbol[] = "retort_cuda_open";
inline constexpr char kCudaOpsSymbol[] = "retort_cuda_ops";

/// Open GPU `index`. Returns a StatusCode; on 0 `*device` belongs to the caller (delete), else `error` holds the
/// reason, cut to `error_size` with a closing zero. kUnsupported without driver or GPU, kNotFound for a wrong index.
using CudaOpenFunction = int32_t (*)(int32_t index, Device** device, char* error, size_t error_size);

/// The operations for a device that CudaOpenFunction made; same conventions. The device must outlive them.
using CudaOpsFunction = int32_t (*)(Device* device, OpSet** ops, char* error, size_t error_size);

struct CudaModule {
  CudaOpenFunction open = nullptr;
  CudaOpsFunction ops = nullptr;
};

/// Load the module (again: the same one). Looked for: the path in RETORT_CUDA_MODULE alone if that is set; else
/// ../lib/libretort_cuda.so from the executable's folder, then where the dynamic loader looks (RUNPATH first).
/// Errors: kUnsupported with every place tried and the loader's reason. A failure is not remembered.
Result<CudaModule> LoadCudaModule();

/// LoadCudaModule and its two functions, with their codes and reasons turned into a Status.
Result<Device*> OpenCudaDevice(int32_t index);
Result<OpSet*> MakeCudaOpSet(Device& device);

}  // namespace retort
