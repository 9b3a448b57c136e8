// A plugin in C++ without the SDK, whose functions let exceptions across the ABI.
#include <stdexcept>
#include <string_view>

#include "retort/plugin.h"

namespace {

retort_string View(std::string_view text) { return {text.data(), text.size()}; }

retort_code Create(void*, const retort_config*, void** instance) {
  static int only;
  *instance = &only;
  return RETORT_OK;
}
retort_code Process(void*, retort_context*, retort_record* const*, size_t count) {
  if (count == 1) throw std::runtime_error("one is too few");
  throw count;
}
void Destroy(void*) {}

}  // namespace

const uint32_t retort_plugin_abi_version = RETORT_ABI_VERSION;
retort_code retort_plugin_init(const retort_host*, retort_registrar* registrar) {
  static const retort_stage_functions functions = {.size = sizeof functions,
                                                   .reserved = 0,
                                                   .create = Create,
                                                   .open = nullptr,
                                                   .process = Process,
                                                   .close = nullptr,
                                                   .destroy = Destroy,
                                                   .check = nullptr,
                                                   .payload = nullptr,
                                                   .runs_model = nullptr,
                                                   .advise = nullptr};
  const retort_port_spec input = {sizeof input, 0, View("in"), View("record"), View("Anything.")};
  const retort_stage_spec spec = {sizeof spec,
                                  0,
                                  View("throws-across"),
                                  View("Throws."),
                                  View(""),
                                  View(""),
                                  &input,
                                  1,
                                  nullptr,
                                  0,
                                  nullptr,
                                  0,
                                  1,
                                  0,
                                  nullptr,
                                  &functions};
  return registrar->register_stage(registrar, &spec);
}
