#include "core/plugin/loader.h"

#include <dlfcn.h>

#include <cstdlib>
#include <deque>
#include <exception>
#include <utility>

#include "core/plugin/elf_check.h"
#include "core/plugin/host_call.h"
#include "core/plugin/host_services.h"

namespace retort {
namespace {

using InitFunction = retort_code (*)(const retort_host*, retort_registrar*);

/// What a plugin registers while its init runs.
struct Registration {
  retort_registrar abi = {};
  std::string path;
  std::vector<StageDescriptor> stages;
  Status first_error;
  bool open = true;
};

retort_code RegisterStage(retort_registrar* registrar, const retort_stage_spec* spec) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(
        NotNull({{registrar, "registrar"}, {registrar == nullptr ? nullptr : registrar->state, "registrar.state"}}));
    auto& registration = *static_cast<Registration*>(registrar->state);
    if (!registration.open)
      return InvalidArgument("register_stage: stages are registered only while retort_plugin_init runs");
    Result<StageDescriptor> stage = CopyDescriptor(spec, registration.path);
    if (stage.ok()) {
      registration.stages.push_back(*std::move(stage));
      return {};
    }
    if (registration.first_error.ok()) registration.first_error = stage.status();
    return stage.status();
  });
}

/// Registrars live as long as the process: a plugin may keep the pointer.
Registration& NewRegistration(const std::string& path) {
  static std::deque<Registration> registrations;
  Registration& registration = registrations.emplace_back();
  registration.path = path;
  registration.abi = {sizeof(retort_registrar), 0, &registration, RegisterStage};
  return registration;
}

Status CallInit(InitFunction init, retort_registrar* registrar) {
  LastHostError().clear();  // what an earlier plugin left behind is not this one's reason
  try {
    return StatusOfCode(init(&HostServices(), registrar), "retort_plugin_init");
  } catch (const std::exception& e) {
    return Internal(std::string("retort_plugin_init threw an exception: ") + e.what());
  } catch (...) {
    return Internal("retort_plugin_init threw an exception that is no std::exception");
  }
}

Status CheckVersion(uint32_t version) {
  const std::string built = "it was built for plugin ABI version " + std::to_string(version) + ", ";
  if (version < RETORT_ABI_OLDEST) {
    return Unsupported(built + "this host no longer loads versions below " + std::to_string(RETORT_ABI_OLDEST) +
                       "; rebuild it with this Retort's headers");
  }
  if (version > RETORT_ABI_VERSION) {
    return Unsupported(built + "this host knows versions up to " + std::to_string(RETORT_ABI_VERSION) +
                       "; use a newer Retort or rebuild the plugin with this one's headers");
  }
  return {};
}

Status MissingSymbol(const char* symbol) {
  return InvalidArgument(std::string("it exports no symbol `") + symbol +
                         "`, so it is no Retort plugin; end one source file with RETORT_PLUGIN(TheStage)");
}

}  // namespace

Status AddLinkedPlugin(const std::string& name, InitFunction init, Registry& registry) {
  Registration& registration = NewRegistration(name);
  const Status initialised = CallInit(init, &registration.abi);
  registration.open = false;
  RETORT_RETURN_IF_ERROR(registration.first_error);
  RETORT_RETURN_IF_ERROR(initialised);
  if (registration.stages.empty()) return InvalidArgument("retort_plugin_init registered no stage");
  return registry.Add(std::move(registration.stages));
}

Status LoadPlugin(const std::string& path, Registry& registry) {
  RETORT_RETURN_IF_ERROR(CheckSharedLibrary(path));
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const reason = dlerror();
    return NotFound(std::string("the dynamic linker refuses it: ") + (reason == nullptr ? "no reason given" : reason));
  }
  const auto* const version = static_cast<const uint32_t*>(dlsym(library, "retort_plugin_abi_version"));
  if (version == nullptr) return MissingSymbol("retort_plugin_abi_version");
  RETORT_RETURN_IF_ERROR(CheckVersion(*version));
  void* const init = dlsym(library, "retort_plugin_init");
  if (init == nullptr) return MissingSymbol("retort_plugin_init");
  return AddLinkedPlugin(path, reinterpret_cast<InitFunction>(init), registry);
}

}  // namespace retort
