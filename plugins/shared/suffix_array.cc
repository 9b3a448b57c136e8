#include "plugins/shared/suffix_array.h"

#include <algorithm>

namespace retort_stages {
namespace {

constexpr int32_t kNone = -1;

/// One level of SA-IS. A suffix is of type S where it is less than the next one, else L; an LMS place is the leftmost
/// of a run of type S.
class Level {
 public:
  Level(std::span<const int32_t> text, int32_t alphabet)
      : text_(text),
        size_(static_cast<int32_t>(text.size())),
        is_s_(text.size()),
        begins_(static_cast<size_t>(alphabet) + 1),
        order_(text.size()) {
    for (int32_t i = size_ - 2; i >= 0; --i)
      is_s_[At(i)] = Text(i) < Text(i + 1) || (Text(i) == Text(i + 1) && S(i + 1));
    for (const int32_t token : text_) ++begins_[At(token) + 1];
    for (size_t token = 1; token < begins_.size(); ++token) begins_[token] += begins_[token - 1];
    for (int32_t i = 1; i < size_; ++i) {
      if (IsLms(i)) lms_.push_back(i);
    }
  }

  std::vector<int32_t> Sort() {
    Induce(lms_);
    if (lms_.size() > 1) Induce(SortedLms());
    return std::move(order_);
  }

 private:
  static size_t At(int32_t i) { return static_cast<size_t>(i); }
  int32_t Text(int32_t i) const { return text_[At(i)]; }
  bool S(int32_t i) const { return is_s_[At(i)]; }
  bool IsLms(int32_t i) const { return i > 0 && S(i) && !S(i - 1); }

  /// Order all suffixes, given LMS places in order (or, the first time, in any order, which sorts the substrings
  /// between them).
  void Induce(const std::vector<int32_t>& lms) {
    std::fill(order_.begin(), order_.end(), kNone);
    std::vector<int32_t> next(begins_.begin() + 1, begins_.end());  // ends of the buckets
    for (auto place = lms.rbegin(); place != lms.rend(); ++place) order_[At(--next[At(Text(*place))])] = *place;
    std::copy(begins_.begin(), begins_.end() - 1, next.begin());
    // The last suffix is of type L and less than all others that begin like it.
    order_[At(next[At(Text(size_ - 1))]++)] = size_ - 1;
    for (int32_t i = 0; i < size_; ++i) {
      const int32_t before = order_[At(i)] - 1;
      if (before >= 0 && !S(before)) order_[At(next[At(Text(before))]++)] = before;
    }
    std::copy(begins_.begin() + 1, begins_.end(), next.begin());
    for (int32_t i = size_ - 1; i >= 0; --i) {
      const int32_t before = order_[At(i)] - 1;
      if (before >= 0 && S(before)) order_[At(--next[At(Text(before))])] = before;
    }
  }

  /// The LMS places in the order of their suffixes: by names of the substrings between them, where these differ, else
  /// by sorting the text of names.
  std::vector<int32_t> SortedLms() const {
    std::vector<int32_t> by_substring;
    for (const int32_t place : order_) {
      if (IsLms(place)) by_substring.push_back(place);
    }
    std::vector<int32_t> index(text_.size(), kNone);  // place -> which of the LMS places
    for (size_t i = 0; i < lms_.size(); ++i) index[At(lms_[i])] = static_cast<int32_t>(i);
    std::vector<int32_t> names(lms_.size());
    int32_t name = 0;
    for (size_t i = 0; i < by_substring.size(); ++i) {
      if (i > 0 && !SameSubstring(by_substring[i - 1], by_substring[i])) ++name;
      names[At(index[At(by_substring[i])])] = name;
    }
    if (name + 1 == static_cast<int32_t>(lms_.size())) return by_substring;
    std::vector<int32_t> sorted = SuffixArray(names, name + 1);
    for (int32_t& place : sorted) place = lms_[At(place)];
    return sorted;
  }

  /// Whether the texts from two LMS places to the next ones, both included, are the same.
  bool SameSubstring(int32_t a, int32_t b) const {
    for (int32_t i = 0;; ++i) {
      if (a + i >= size_ || b + i >= size_) return false;  // only one of them can reach the end
      if (Text(a + i) != Text(b + i) || S(a + i) != S(b + i)) return false;
      if (i > 0 && (IsLms(a + i) || IsLms(b + i))) return IsLms(a + i) && IsLms(b + i);
    }
  }

  const std::span<const int32_t> text_;
  const int32_t size_;
  std::vector<bool> is_s_;
  std::vector<int32_t> begins_;  // of each token's bucket in order_
  std::vector<int32_t> lms_;
  std::vector<int32_t> order_;
};

}  // namespace

std::vector<int32_t> SuffixArray(std::span<const int32_t> text, int32_t alphabet) {
  if (text.empty()) return {};
  return Level(text, alphabet).Sort();
}

}  // namespace retort_stages
