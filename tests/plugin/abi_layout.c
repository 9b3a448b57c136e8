/* The ABI header compiles as plain C11, and the layout of its structs is that of version 1: a plugin built then finds
 * every member where it was. Members are only ever added at the end. LP64. */
#include <stddef.h>

#include "retort/plugin.h"

#define LAYOUT(type, bytes) _Static_assert(sizeof(type) == (bytes), "sizeof(" #type ") is not that of ABI version 1")
#define MEMBER(type, member, offset) \
  _Static_assert(offsetof(type, member) == (offset), #type "." #member " is not where ABI version 1 has it")

LAYOUT(retort_string, 16);
LAYOUT(retort_code, 4);
LAYOUT(retort_option_spec, 128);
MEMBER(retort_option_spec, required, 88);
MEMBER(retort_option_spec, minimum, 96);
MEMBER(retort_option_spec, choices, 112);
LAYOUT(retort_port_spec, 56);
MEMBER(retort_port_spec, name, 8);
LAYOUT(retort_stage_functions, 72);
MEMBER(retort_stage_functions, process, 24);
LAYOUT(retort_stage_spec, 144);
MEMBER(retort_stage_spec, inputs, 72);
MEMBER(retort_stage_spec, functions, 136);
LAYOUT(retort_model_info, 56);
LAYOUT(retort_model_part, 80);
MEMBER(retort_model_part, sparsity, 56);
LAYOUT(retort_token, 24);
LAYOUT(retort_forward_item, 40);
MEMBER(retort_forward_item, parents, 32);
LAYOUT(retort_tensor, 104);
MEMBER(retort_tensor, shape, 32);
LAYOUT(retort_logit_bias, 8);
LAYOUT(retort_sampling, 80);
MEMBER(retort_sampling, bias, 48);
LAYOUT(retort_limits, 32);
LAYOUT(retort_sequence_view, 40);
LAYOUT(retort_draft, 88);
LAYOUT(retort_draft_draw, 56);
LAYOUT(retort_acceptance, 56);
LAYOUT(retort_verdict, 40);
LAYOUT(retort_registrar, 24);
LAYOUT(retort_host, 488);
MEMBER(retort_host, set_error, 8);
MEMBER(retort_host, context_emit, 88);
MEMBER(retort_host, record_id, 152);
MEMBER(retort_host, model_info, 208);
MEMBER(retort_host, sequence_begin, 312);
MEMBER(retort_host, draft_set, 368);
MEMBER(retort_host, random_uniform, 424);
MEMBER(retort_host, model_part, 432);
MEMBER(retort_host, draft_set_budget, 440);
MEMBER(retort_host, config_repeatable, 456);
MEMBER(retort_host, draft_ask, 464);
MEMBER(retort_host, model_token, 480);
