#include "plugins/shared/draft_file.h"

#include <cstring>

namespace retort_stages {
namespace {

using retort::Result;
using retort::Status;

constexpr size_t kChecksumBytes = sizeof(uint64_t);

uint64_t Mixed(uint64_t sum, uint64_t word) {
  sum = (sum ^ word) * 0x9E3779B97F4A7C15ULL;
  return sum ^ (sum >> 32);
}

/// What a user sees of the first bytes of a file that is another.
std::string Beginning(std::span<const std::byte> bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size() && i < 8; ++i) {
    const auto c = static_cast<char>(bytes[i]);
    text += c >= ' ' && c <= '~' ? c : '.';
  }
  return text;
}

}  // namespace

uint64_t Checksum(std::span<const std::byte> bytes) {
  uint64_t sum = Mixed(0, bytes.size());
  for (; bytes.size() >= sizeof(uint64_t); bytes = bytes.subspan(sizeof(uint64_t))) {
    uint64_t word;
    std::memcpy(&word, bytes.data(), sizeof word);
    sum = Mixed(sum, word);
  }
  if (bytes.empty()) return sum;
  uint64_t last = 0;
  std::memcpy(&last, bytes.data(), bytes.size());
  return Mixed(sum, last);
}

void TokenSet::Add(uint32_t token, std::string_view text) {
  if (text.empty()) return;
  fingerprint = Mixed(Mixed(fingerprint, token), Checksum(std::as_bytes(std::span(text))));
}

Result<DraftFileView> ReadDraftFile(const DraftFileKind& kind, std::span<const std::byte> bytes,
                                    const std::string& path, const TokenSet& tokens) {
  const std::string expected = path + ": expected " + kind.name, remedy = std::string("; ") + kind.remedy;
  DraftFileHeader header = {};
  if (bytes.size() < sizeof kind.magic || std::memcmp(bytes.data(), kind.magic, sizeof kind.magic) != 0)
    return retort::InvalidArgument(expected + ", got a file that begins with \"" + Beginning(bytes) + "\"" + remedy);
  if (bytes.size() < sizeof header + kChecksumBytes)
    return retort::DataLoss(expected + ", got a file cut off after " + std::to_string(bytes.size()) + " bytes" +
                            remedy);
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.version != kind.version) {
    return retort::InvalidArgument(expected + " of version " + std::to_string(kind.version) + ", got version " +
                                   std::to_string(header.version) + remedy);
  }
  const uint64_t payload = kind.payload_bytes(header);
  if (payload != bytes.size() - sizeof header - kChecksumBytes) {
    return retort::DataLoss(expected + " with a count of " + std::to_string(header.count) + ", which " +
                            std::to_string(bytes.size()) + " bytes do not hold: the file is damaged or cut off" +
                            remedy);
  }
  uint64_t sum;
  std::memcpy(&sum, bytes.data() + bytes.size() - kChecksumBytes, kChecksumBytes);
  if (sum != Checksum(bytes.first(bytes.size() - kChecksumBytes)))
    return retort::DataLoss(expected + ", got one whose checksum does not fit: the file is damaged" + remedy);
  if (header.vocab > tokens.vocab || header.fingerprint != tokens.fingerprint) {
    return retort::Unsupported(expected + " of the target's tokens (" + std::to_string(tokens.vocab) +
                               "), got those of another vocabulary (" + std::to_string(header.vocab) + " tokens)" +
                               remedy);
  }
  return DraftFileView{header.vocab, header.count, bytes.subspan(sizeof header, payload)};
}

std::string WriteDraftFile(const DraftFileKind& kind, const TokenSet& tokens, uint64_t count,
                           std::span<const std::span<const std::byte>> payload) {
  DraftFileHeader header = {{}, kind.version, tokens.vocab, tokens.fingerprint, count};
  std::memcpy(header.magic, kind.magic, sizeof header.magic);
  std::string file(reinterpret_cast<const char*>(&header), sizeof header);
  for (const std::span<const std::byte> part : payload)
    file.append(reinterpret_cast<const char*>(part.data()), part.size());
  const uint64_t sum = Checksum(std::as_bytes(std::span(file)));
  return file.append(reinterpret_cast<const char*>(&sum), sizeof sum);
}

}  // namespace retort_stages
