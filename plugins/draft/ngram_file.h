// Statistics of n-grams in a file, for the next run. The format is described in core/design/008-drafts-from-text.md.
#pragma once

#include <memory>
#include <string>

#include "core/model/new_file.h"
#include "plugins/draft/ngram.h"
#include "plugins/shared/draft_file.h"

namespace drafting {

/// Add the contexts of a file's bytes to statistics that have none yet. `path` is for messages.
/// Errors: those of ReadDraftFile; kDataLoss for what no run has written; kInvalidArgument for more than may be kept.
retort::Status ReadNgrams(std::span<const std::byte> bytes, const std::string& path,
                          const retort_stages::TokenSet& tokens, NgramStatistics* statistics);
/// The same of a file. Errors: also those of MappedFile::Open.
retort::Status LoadNgrams(const std::string& path, const retort_stages::TokenSet& tokens, NgramStatistics* statistics);

/// The bytes of a file; the same for the same statistics.
std::string NgramBytes(const NgramStatistics& statistics, const retort_stages::TokenSet& tokens);

/// A file to be written when the run ends. It is begun at once, so that a place where none may be written is known
/// before anything runs; an older one of the same name stays until the new one is whole.
class NgramFile {
 public:
  /// Errors: those of NewFile::Create.
  retort::Status Begin(const std::string& path);
  /// Errors: those of NewFile.
  retort::Status Write(const NgramStatistics& statistics, const retort_stages::TokenSet& tokens);

 private:
  std::unique_ptr<retort::NewFile> file_;
};

}  // namespace drafting
