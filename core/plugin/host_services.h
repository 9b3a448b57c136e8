// The host's side of the plugin ABI: one table of functions, the same for every plugin, alive as long as the process.
#pragma once

#include "retort/plugin.h"

namespace retort {

const retort_host& HostServices();

// Each fills its part of the table.
void FillConfigServices(retort_host& host);
void FillContextServices(retort_host& host);
void FillRecordServices(retort_host& host);
void FillModelServices(retort_host& host);
void FillModelPartServices(retort_host& host);
void FillTokenServices(retort_host& host);
void FillSequenceServices(retort_host& host);
void FillDraftServices(retort_host& host);
void FillDraftAnswerServices(retort_host& host);
void FillSamplingServices(retort_host& host);

}  // namespace retort
