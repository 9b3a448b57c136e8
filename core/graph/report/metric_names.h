// Metrics with a parameter in their name: "PREFIX/REST".
#pragma once

#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace retort {

/// Call `visit(rest, value)` for every name "PREFIX/REST", in order of names.
template <typename Value, typename Visit>
void ForEachMetric(const std::map<std::string, Value>& metrics, std::string_view prefix, const Visit& visit) {
  const std::string begin = std::string(prefix) + "/";
  for (auto at = metrics.lower_bound(begin); at != metrics.end() && at->first.starts_with(begin); ++at)
    visit(std::string_view(at->first).substr(begin.size()), at->second);
}

inline double CounterOr0(const std::map<std::string, double>& counters, const std::string& name) {
  const auto found = counters.find(name);
  return found == counters.end() ? 0 : found->second;
}

/// The whole number that `text` begins with, and what follows it. nullopt: it begins with none.
inline std::optional<size_t> LeadingNumber(std::string_view text, std::string_view* rest = nullptr) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  if (rest != nullptr) *rest = text.substr(static_cast<size_t>(end - text.data()));
  return number;
}

/// A size "N", or the middle of the class "FROM-TO". nullopt: neither.
inline std::optional<double> SizeOf(std::string_view text) {
  std::string_view rest;
  const std::optional<size_t> from = LeadingNumber(text, &rest);
  if (!from || rest.empty()) return from;
  const std::optional<size_t> to = rest.front() == '-' ? LeadingNumber(rest.substr(1), &rest) : std::nullopt;
  if (!to || !rest.empty()) return std::nullopt;
  return static_cast<double>(*from + *to) / 2;
}

}  // namespace retort
