// A drafter that needs no model: it looks into text. What it guesses is chosen without chance.
// Free of the SDK, so that tests run one alone; `TextDraft` (text_draft.h) makes it a drafter of the stage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "retort/status.h"

namespace drafting {

/// What is to be continued: a record's text, and tokens guessed after it.
struct Text {
  std::span<const int32_t> tokens;
  std::span<const int32_t> ahead = {};

  size_t size() const { return tokens.size() + ahead.size(); }
  /// The last `count` tokens, fewer where there are fewer.
  std::vector<int32_t> Tail(size_t count) const;
};

struct Guess {
  std::vector<int32_t> tokens;
  size_t match = 0;               // tokens of the text that led to the first one; the more, the better the guess
  std::string_view drafter = {};  // who made it; lives as long as the drafter
};

class TextDrafter {
 public:
  /// What it knows of one record; belongs to that record.
  class Memory {
   public:
    virtual ~Memory() = default;
  };

  virtual ~TextDrafter() = default;
  virtual std::string_view name() const = 0;
  virtual std::unique_ptr<Memory> NewMemory() const { return std::make_unique<Memory>(); }
  /// Take in a record's text, which only ever grows; once before each Continue without `ahead`.
  virtual void Read(Memory& memory, std::span<const int32_t> tokens) = 0;
  /// Guess what follows, `count` tokens at most, none where nothing is known.
  virtual Guess Continue(Memory& memory, const Text& text, size_t count) = 0;
  /// The run has ended, whole: leave for the next one what is to be left.
  virtual retort::Status Finish() { return {}; }
};

}  // namespace drafting
