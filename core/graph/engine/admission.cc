#include "core/graph/engine/admission.h"

#include <algorithm>

namespace retort {

Admission::Admission(uint32_t credits, uint64_t credit_bytes, uint64_t run_seed)
    : credits_(credits),
      threshold_(std::max(1u, credits / 8)),
      credit_bytes_(credit_bytes),
      run_seed_(run_seed),
      free_(credits) {}

bool Admission::CanGrant() const {
  if (free_ == credits_) return true;  // nothing in flight: one record always fits
  return free_ >= threshold_ && bytes_ + largest_ <= credit_bytes_;
}

bool Admission::Ready() {
  tbb::spin_mutex::scoped_lock lock(mutex_);
  return CanGrant();
}

Admission::Grant Admission::Reserve(uint32_t sources) {
  tbb::spin_mutex::scoped_lock lock(mutex_);
  if (!CanGrant()) {
    starved_ = true;
    return {};
  }
  uint64_t room = bytes_ < credit_bytes_ ? (credit_bytes_ - bytes_) / largest_ : 0;
  uint64_t share = std::max(1u, free_ / std::max(1u, sources));
  Grant grant;
  grant.records = static_cast<uint32_t>(std::clamp<uint64_t>(room, 1, share));
  grant.bytes = grant.records * largest_;
  free_ -= grant.records;
  bytes_ += grant.bytes;
  return grant;
}

Record* Admission::Create() {
  tbb::spin_mutex::scoped_lock lock(mutex_);
  Record* record = pool_.Pop();
  if (record == nullptr) record = &storage_.emplace_back();
  record->next = nullptr;
  record->number = next_number_++;
  record->run_seed = run_seed_;
  return record;
}

void Admission::Settle(const Grant& grant, const Grant& created, uint64_t largest) {
  tbb::spin_mutex::scoped_lock lock(mutex_);
  free_ += grant.records - created.records;
  bytes_ = bytes_ - grant.bytes + created.bytes;
  if (created.records == 0) return;
  largest_ = std::max<uint64_t>({1, largest, measured_ ? largest_ : 0});
  measured_ = true;
}

bool Admission::Leave(Chain records) {
  if (records.empty()) return false;
  uint64_t bytes = 0;
  for (Record* record = records.head; record != nullptr; record = record->next) {
    bytes += record->bytes;
    record->ReleasePayloads();
    record->json = nullptr;
    record->line_text = {};
    record->id.clear();
    record->line = 0;
    record->bytes = 0;
    record->cycles = 0;
    record->stage = kInPool;
  }
  tbb::spin_mutex::scoped_lock lock(mutex_);
  pool_.Append(records);
  free_ += records.count;
  bytes_ -= bytes;
  if (!starved_ || !CanGrant()) return false;
  starved_ = false;
  return true;
}

std::vector<const Record*> Admission::InFlight() const {
  std::vector<const Record*> records;
  for (const Record& record : storage_) {
    if (record.stage != kInPool) records.push_back(&record);
  }
  return records;
}

}  // namespace retort
