#include "core/model/layer_choice.h"

#include <algorithm>
#include <charconv>

namespace retort {
namespace {

std::vector<int32_t> LeftOut(const std::vector<bool>& runs) {
  std::vector<int32_t> layers;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i]) layers.push_back(static_cast<int32_t>(i));
  }
  return layers;
}

bool ParseLayer(std::string_view text, int32_t* layer) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *layer);
  return error == std::errc() && end == text.data() + text.size() && !text.starts_with('-');
}

/// One layer or one range of them.
bool ParseRange(std::string_view text, int32_t layers, std::vector<bool>* named) {
  const size_t dash = text.find('-');
  int32_t first = 0, last = 0;
  if (!ParseLayer(text.substr(0, dash), &first)) return false;
  last = first;
  if (dash != std::string_view::npos && !ParseLayer(text.substr(dash + 1), &last)) return false;
  if (first > last || last >= layers) return false;
  for (int32_t layer = first; layer <= last; ++layer) (*named)[static_cast<size_t>(layer)] = true;
  return true;
}

}  // namespace

LayerChoice LayerChoice::All(int32_t layers) { return First(layers, layers); }

LayerChoice LayerChoice::First(int32_t count, int32_t layers) {
  std::vector<bool> runs(static_cast<size_t>(layers), false);
  std::fill_n(runs.begin(), std::clamp(count, 0, layers), true);
  return {runs, runs};
}

LayerChoice LayerChoice::Without(std::span<const int32_t> attention, std::span<const int32_t> feed_forward,
                                 int32_t layers) {
  LayerChoice choice = All(layers);
  for (const int32_t layer : attention) choice.attention[static_cast<size_t>(layer)] = false;
  for (const int32_t layer : feed_forward) choice.feed_forward[static_cast<size_t>(layer)] = false;
  return choice;
}

int32_t LayerChoice::parts() const {
  return static_cast<int32_t>(std::count(attention.begin(), attention.end(), true) +
                              std::count(feed_forward.begin(), feed_forward.end(), true));
}

int32_t LayerChoice::last_attention() const {
  for (int32_t layer = layers(); layer-- > 0;) {
    if (attention[static_cast<size_t>(layer)]) return layer;
  }
  return -1;
}

std::vector<int32_t> LayerChoice::skipped_attention() const { return LeftOut(attention); }
std::vector<int32_t> LayerChoice::skipped_feed_forward() const { return LeftOut(feed_forward); }

Result<std::vector<int32_t>> ParseLayers(std::span<const std::string_view> items, int32_t layers,
                                         const std::string& place) {
  std::vector<bool> named(static_cast<size_t>(layers), false);
  for (const std::string_view item : items) {
    std::string_view rest = item;
    for (bool more = true; more;) {
      const size_t comma = rest.find(',');
      more = comma != std::string_view::npos;
      if (!ParseRange(rest.substr(0, comma), layers, &named)) {
        return InvalidArgument(place + ": expected layers from 0 to " + std::to_string(layers - 1) +
                               " or ranges of them, such as [3, 8-11], got `" + std::string(item) + "`");
      }
      rest.remove_prefix(more ? comma + 1 : rest.size());
    }
  }
  named.flip();
  return LeftOut(named);
}

std::string LayersText(std::span<const int32_t> layers) {
  std::string text;
  for (size_t i = 0; i < layers.size();) {
    size_t last = i;
    while (last + 1 < layers.size() && layers[last + 1] == layers[last] + 1) ++last;
    text += (text.empty() ? "" : ",") + std::to_string(layers[i]);
    if (last > i) text += "-" + std::to_string(layers[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace retort
