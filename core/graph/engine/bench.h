// What the engine costs: `retort bench engine`. Stages here do nothing, so all the time measured is the engine's.
#pragma once

#include <cstdint>

#include <nlohmann/json.hpp>

#include "retort/status.h"

namespace retort {

struct EngineBenchOptions {
  int threads = 0;                    // 0 = all
  uint32_t repeats = 15;              // interleaved pairs; medians are reported
  uint32_t records = 50'000;          // a repeat of the hop measurements
  uint32_t hops = 8;                  // stages after the source
  uint32_t flow_records = 1'000'000;  // through five stages and one cycle
};

struct EngineBench {
  EngineBenchOptions options;
  int threads = 0;
  // Nanoseconds a record and hop, medians. Same shape: a source, then `hops` serial nodes that hand a record on.
  double bare_hop_ns = 0;      // oneTBB input_node and function_node<Record*, Record*> alone
  double engine_hop_ns = 0;    // max_batch 1: each message and each call is one record
  double batched_hop_ns = 0;   // max_batch 64
  double hop_ratio = 0;        // engine / bare, median of the pairs; the bar is 1.5
  double least_hop_ratio = 0;  // of the pair that other load on the machine disturbed least
  // One record going round a ring of `hops` nodes: no queue ever holds a second one, so nothing can be amortised.
  double bare_ring_ns = 0;
  double engine_ring_ns = 0;
  double ring_ratio = 0;
  // Five stages and one cycle (each record takes it once).
  double flow_records_per_second = 0;
  double flow_resident_mib = 0;     // after 5 % of the records
  double flow_resident_growth = 0;  // highest later resident size over that, less 1
  nlohmann::ordered_json ToJson() const;
};

/// Measure on this machine; takes some seconds. Errors: what a run reports, kInternal where records were lost.
Result<EngineBench> RunEngineBench(const EngineBenchOptions& options);

/// Resident memory of this process in bytes; 0 where the system does not tell.
uint64_t ResidentBytes();

}  // namespace retort
