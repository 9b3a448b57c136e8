// What host functions on models say and check alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/model/model.h"

namespace retort {

inline std::string NameOf(const Model& model) { return "model `" + model.config().name + "`"; }

/// Every one of `tokens` has a row in the model's embedding; `what` names them in the message.
inline Status CheckTokens(const Model& model, const char* what, const int32_t* tokens, size_t count) {
  const int32_t vocab = model.hyper().vocab;
  for (size_t i = 0; i < count; ++i) {
    if (tokens[i] >= 0 && tokens[i] < vocab) continue;
    return InvalidArgument(NameOf(model) + ": " + what + "[" + std::to_string(i) + "]: expected a token from 0 to " +
                           std::to_string(vocab - 1) + ", got " + std::to_string(tokens[i]));
  }
  return {};
}

}  // namespace retort
