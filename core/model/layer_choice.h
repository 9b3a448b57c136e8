// Which parts of a model's layers a step runs. A model with layers left out drafts for itself: Zhang et al., "Draft &
// Verify", arXiv 2309.08168, leaves out attention and feed-forward parts each for itself; Elhoushi et al., LayerSkip,
// arXiv 2404.16710, leaves after a layer.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "retort/status.h"

namespace retort {

/// For each layer whether its attention and its feed-forward part run. What does not run adds nothing to the residual
/// stream; the final norm and the logits always follow.
struct LayerChoice {
  std::vector<bool> attention, feed_forward;  // [layers] each

  static LayerChoice All(int32_t layers);
  /// The first `count` of all layers.
  static LayerChoice First(int32_t count, int32_t layers);
  /// All but these; the layers named must exist.
  static LayerChoice Without(std::span<const int32_t> attention, std::span<const int32_t> feed_forward, int32_t layers);

  bool operator==(const LayerChoice&) const = default;
  int32_t layers() const { return static_cast<int32_t>(attention.size()); }
  /// Parts that run, of 2 * layers().
  int32_t parts() const;
  bool whole() const { return parts() == 2 * layers(); }
  /// -1: none.
  int32_t last_attention() const;
  std::vector<int32_t> skipped_attention() const;
  std::vector<int32_t> skipped_feed_forward() const;
};

/// Layers as users write them: each item "8", "8-11", or several of these with commas between. Ascending, each once.
/// `place` is for messages. Errors: kInvalidArgument for what is no such thing or no layer of the model.
Result<std::vector<int32_t>> ParseLayers(std::span<const std::string_view> items, int32_t layers,
                                         const std::string& place);
/// As ParseLayers reads them: "0-3,8,29".
std::string LayersText(std::span<const int32_t> layers);

}  // namespace retort
