#include "plugins/draft/ngram_file.h"

#include <cstring>

#include "core/model/mapped_file.h"

namespace drafting {
namespace {

using retort::Result;
using retort::Status;
using retort_stages::DraftFileHeader;
using retort_stages::DraftFileKind;
using retort_stages::DraftFileView;
using retort_stages::TokenSet;

uint64_t PayloadBytes(const DraftFileHeader& header) {
  return header.count > UINT32_MAX ? UINT64_MAX : header.count * sizeof(NgramContext);
}

constexpr DraftFileKind kKind = {{'r', 't', '-', 'n', 'g', 'r', 'a', 'm'},
                                 1,
                                 "statistics that `save` of drafter `ngram` has written",
                                 "leave `load` out, and let `save` of a run with this target write them anew",
                                 PayloadBytes};

/// Counts fall to 0 only where no token stands.
bool Plausible(const NgramContext& context, uint32_t vocab) {
  for (size_t i = 0; i < NgramContext::kKept; ++i) {
    const bool token = context.token[i] >= 0 && static_cast<uint32_t>(context.token[i]) < vocab;
    if (context.count[i] > 0 ? !token : context.token[i] != -1) return false;
  }
  return true;
}

}  // namespace

Status ReadNgrams(std::span<const std::byte> bytes, const std::string& path, const TokenSet& tokens,
                  NgramStatistics* statistics) {
  RETORT_ASSIGN_OR_RETURN(const DraftFileView file, ReadDraftFile(kKind, bytes, path, tokens));
  if (file.count > statistics->max_contexts()) {
    return retort::InvalidArgument(path + ": holds " + std::to_string(file.count) + " contexts, but max_contexts is " +
                                   std::to_string(statistics->max_contexts()) + "; set max_contexts to " +
                                   std::to_string(file.count) + " or more");
  }
  std::vector<NgramContext> contexts(file.count);
  if (!contexts.empty()) std::memcpy(contexts.data(), file.payload.data(), file.payload.size());
  bool good = true;
  for (const NgramContext& context : contexts) good = good && Plausible(context, file.vocab);
  if (good && statistics->Take(contexts)) return {};
  return retort::DataLoss(path + ": expected " + kKind.name + ", got contexts that no run writes; " + kKind.remedy);
}

Status LoadNgrams(const std::string& path, const TokenSet& tokens, NgramStatistics* statistics) {
  RETORT_ASSIGN_OR_RETURN(const retort::MappedFile file, retort::MappedFile::Open(path, kKind.name));
  return ReadNgrams(file.bytes(), path, tokens, statistics);
}

std::string NgramBytes(const NgramStatistics& statistics, const TokenSet& tokens) {
  const std::vector<NgramContext> contexts = statistics.Sorted();
  const std::span<const std::byte> payload = std::as_bytes(std::span(contexts));
  return WriteDraftFile(kKind, tokens, contexts.size(), {&payload, 1});
}

Status NgramFile::Begin(const std::string& path) {
  RETORT_ASSIGN_OR_RETURN(file_, retort::NewFile::Create(path, 0, /*replace=*/true));
  return {};
}

Status NgramFile::Write(const NgramStatistics& statistics, const TokenSet& tokens) {
  RETORT_RETURN_IF_ERROR(file_->Append(NgramBytes(statistics, tokens)));
  return file_->Commit();
}

}  // namespace drafting
