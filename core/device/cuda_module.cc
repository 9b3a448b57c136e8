#include "core/device/cuda_module.h"

#include <dlfcn.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace retort {
namespace {

// Tests, tools in bin/ and the installed binary have their libraries in the folder `lib` beside their own; where an
// installation names that folder otherwise, the executable's RUNPATH knows it and the loader follows it.
std::vector<std::string> ModulePlaces() {
  if (const char* named = std::getenv("RETORT_CUDA_MODULE"); named != nullptr && *named != '\0') return {named};
  std::vector<std::string> places;
  std::error_code error;
  const std::filesystem::path executable = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) places.push_back(executable.parent_path().parent_path() / "lib" / kCudaModuleFile);
  places.emplace_back(kCudaModuleFile);
  return places;
}

Result<CudaModule> ReadSymbols(void* library, const std::string& place) {
  const auto* version = static_cast<const uint32_t*>(dlsym(library, kCudaModuleVersionSymbol));
  if (version == nullptr) return Unsupported(place + " is not a CUDA module of Retort: it has no version symbol");
  if (*version != kCudaModuleVersion) {
    return Unsupported(place + " has module version " + std::to_string(*version) + ", this program needs " +
                       std::to_string(kCudaModuleVersion) + "; build both from the same sources");
  }
  CudaModule module{reinterpret_cast<CudaOpenFunction>(dlsym(library, kCudaOpenSymbol)),
                    reinterpret_cast<CudaOpsFunction>(dlsym(library, kCudaOpsSymbol))};
  if (module.open == nullptr || module.ops == nullptr) {
    return Unsupported(place + " lacks " + (module.open == nullptr ? kCudaOpenSymbol : kCudaOpsSymbol));
  }
  return module;
}

}  // namespace

Result<CudaModule> LoadCudaModule() {
  std::string tried;
  for (const std::string& place : ModulePlaces()) {
    // Opening a library twice gives the same handle; it is never closed, since devices hold its code.
    if (void* library = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL)) return ReadSymbols(library, place);
    const char* reason = dlerror();
    tried.append("\n  ").append(reason != nullptr ? reason : place.c_str());
  }
  return Unsupported(
      "the CUDA module cannot be loaded (build with RETORT_CUDA=ON, or name its path in RETORT_CUDA_MODULE); tried:" +
      tried);
}

Result<Device*> OpenCudaDevice(int32_t index) {
  RETORT_ASSIGN_OR_RETURN(const CudaModule module, LoadCudaModule());
  std::array<char, 1024> error{};
  Device* device = nullptr;
  const int32_t code = module.open(index, &device, error.data(), error.size());
  if (code != 0) return Status(static_cast<StatusCode>(code), error.data());
  return device;
}

Result<OpSet*> MakeCudaOpSet(Device& device) {
  RETORT_ASSIGN_OR_RETURN(const CudaModule module, LoadCudaModule());
  std::array<char, 1024> error{};
  OpSet* ops = nullptr;
  const int32_t code = module.ops(&device, &ops, error.data(), error.size());
  if (code != 0) return Status(static_cast<StatusCode>(code), error.data());
  return ops;
}

}  // namespace retort
