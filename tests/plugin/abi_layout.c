/* The ABI header compiles as plain C11, and the layout of its structs is that of version 1: a plugin built then finds
 * every member where it was. Members are only ever added at the end: then the number of LAYOUT changes,
 * core/plugin/abi_v1.h keeps the one of the frozen version, and no MEMBER changes. LP64. */
#include <stddef.h>

#include "retort/plugin.h"

#define LAYOUT(type, bytes) _Static_assert(sizeof(type) == (bytes), "sizeof(" #type ") is not that of ABI version 1")
#define MEMBER(type, member, offset) \
  _Static_assert(offsetof(type, member) == (offset), #type "." #member " is not where ABI version 1 has it")

LAYOUT(retort_string, 16);
MEMBER(retort_string, data, 0);
MEMBER(retort_string, length, 8);

LAYOUT(retort_code, 4);

LAYOUT(retort_option_spec, 128);
MEMBER(retort_option_spec, size, 0);
MEMBER(retort_option_spec, type, 4);
MEMBER(retort_option_spec, name, 8);
MEMBER(retort_option_spec, text, 24);
MEMBER(retort_option_spec, unit, 40);
MEMBER(retort_option_spec, default_value, 56);
MEMBER(retort_option_spec, example, 72);
MEMBER(retort_option_spec, required, 88);
MEMBER(retort_option_spec, reserved, 92);
MEMBER(retort_option_spec, minimum, 96);
MEMBER(retort_option_spec, maximum, 104);
MEMBER(retort_option_spec, choices, 112);
MEMBER(retort_option_spec, choice_count, 120);

LAYOUT(retort_port_spec, 56);
MEMBER(retort_port_spec, size, 0);
MEMBER(retort_port_spec, optional, 4);
MEMBER(retort_port_spec, name, 8);
MEMBER(retort_port_spec, payload, 24);
MEMBER(retort_port_spec, text, 40);

LAYOUT(retort_stage_functions, 80);
MEMBER(retort_stage_functions, size, 0);
MEMBER(retort_stage_functions, reserved, 4);
MEMBER(retort_stage_functions, create, 8);
MEMBER(retort_stage_functions, open, 16);
MEMBER(retort_stage_functions, process, 24);
MEMBER(retort_stage_functions, close, 32);
MEMBER(retort_stage_functions, destroy, 40);
MEMBER(retort_stage_functions, check, 48);
MEMBER(retort_stage_functions, payload, 56);
MEMBER(retort_stage_functions, runs_model, 64);
MEMBER(retort_stage_functions, advise, 72);

LAYOUT(retort_advice, 72);
MEMBER(retort_advice, size, 0);
MEMBER(retort_advice, reserved, 4);
MEMBER(retort_advice, option, 8);
MEMBER(retort_advice, message, 24);
MEMBER(retort_advice, value, 40);
MEMBER(retort_advice, because, 56);

LAYOUT(retort_stage_spec, 144);
MEMBER(retort_stage_spec, size, 0);
MEMBER(retort_stage_spec, flags, 4);
MEMBER(retort_stage_spec, name, 8);
MEMBER(retort_stage_spec, summary, 24);
MEMBER(retort_stage_spec, text, 40);
MEMBER(retort_stage_spec, example, 56);
MEMBER(retort_stage_spec, inputs, 72);
MEMBER(retort_stage_spec, input_count, 80);
MEMBER(retort_stage_spec, outputs, 88);
MEMBER(retort_stage_spec, output_count, 96);
MEMBER(retort_stage_spec, options, 104);
MEMBER(retort_stage_spec, option_count, 112);
MEMBER(retort_stage_spec, default_max_batch, 120);
MEMBER(retort_stage_spec, reserved, 124);
MEMBER(retort_stage_spec, user_data, 128);
MEMBER(retort_stage_spec, functions, 136);

LAYOUT(retort_model_info, 56);
MEMBER(retort_model_info, size, 0);
MEMBER(retort_model_info, vocab_size, 4);
MEMBER(retort_model_info, context_length, 8);
MEMBER(retort_model_info, layers, 12);
MEMBER(retort_model_info, bos_token, 16);
MEMBER(retort_model_info, eos_token, 20);
MEMBER(retort_model_info, device_kind, 24);
MEMBER(retort_model_info, reserved, 28);
MEMBER(retort_model_info, name, 32);
MEMBER(retort_model_info, density, 48);

LAYOUT(retort_model_part, 80);
MEMBER(retort_model_part, size, 0);
MEMBER(retort_model_part, exit_layer, 4);
MEMBER(retort_model_part, skip_attention, 8);
MEMBER(retort_model_part, skip_attention_count, 16);
MEMBER(retort_model_part, skip_mlp, 24);
MEMBER(retort_model_part, skip_mlp_count, 32);
MEMBER(retort_model_part, profile, 40);
MEMBER(retort_model_part, sparsity, 56);
MEMBER(retort_model_part, dense_first, 60);
MEMBER(retort_model_part, dense_last, 64);
MEMBER(retort_model_part, sparse_flags, 68);
MEMBER(retort_model_part, density, 72);

LAYOUT(retort_token, 24);
MEMBER(retort_token, size, 0);
MEMBER(retort_token, flags, 4);
MEMBER(retort_token, text, 8);

LAYOUT(retort_forward_item, 40);
MEMBER(retort_forward_item, size, 0);
MEMBER(retort_forward_item, logits_first, 4);
MEMBER(retort_forward_item, kv, 8);
MEMBER(retort_forward_item, tokens, 16);
MEMBER(retort_forward_item, token_count, 24);
MEMBER(retort_forward_item, parents, 32);

LAYOUT(retort_tensor, 104);
MEMBER(retort_tensor, size, 0);
MEMBER(retort_tensor, dtype, 4);
MEMBER(retort_tensor, data, 8);
MEMBER(retort_tensor, device_kind, 16);
MEMBER(retort_tensor, device_index, 20);
MEMBER(retort_tensor, stream, 24);
MEMBER(retort_tensor, shape, 32);
MEMBER(retort_tensor, stride, 64);
MEMBER(retort_tensor, rank, 96);
MEMBER(retort_tensor, reserved, 100);

LAYOUT(retort_logit_bias, 8);
MEMBER(retort_logit_bias, token, 0);
MEMBER(retort_logit_bias, bias, 4);

LAYOUT(retort_sampling, 80);
MEMBER(retort_sampling, size, 0);
MEMBER(retort_sampling, top_k, 4);
MEMBER(retort_sampling, temperature, 8);
MEMBER(retort_sampling, top_p, 16);
MEMBER(retort_sampling, min_p, 24);
MEMBER(retort_sampling, repetition_penalty, 32);
MEMBER(retort_sampling, repetition_window, 40);
MEMBER(retort_sampling, reserved, 44);
MEMBER(retort_sampling, bias, 48);
MEMBER(retort_sampling, bias_count, 56);
MEMBER(retort_sampling, allowed, 64);
MEMBER(retort_sampling, allowed_count, 72);

LAYOUT(retort_limits, 32);
MEMBER(retort_limits, size, 0);
MEMBER(retort_limits, max_tokens, 4);
MEMBER(retort_limits, stop, 8);
MEMBER(retort_limits, stop_count, 16);
MEMBER(retort_limits, ignore_eos, 24);
MEMBER(retort_limits, reserved, 28);

LAYOUT(retort_sequence_view, 40);
MEMBER(retort_sequence_view, size, 0);
MEMBER(retort_sequence_view, finish, 4);
MEMBER(retort_sequence_view, tokens, 8);
MEMBER(retort_sequence_view, token_count, 16);
MEMBER(retort_sequence_view, prompt_count, 24);
MEMBER(retort_sequence_view, max_tokens, 32);
MEMBER(retort_sequence_view, reserved, 36);

LAYOUT(retort_draft, 88);
MEMBER(retort_draft, size, 0);
MEMBER(retort_draft, kind, 4);
MEMBER(retort_draft, tokens, 8);
MEMBER(retort_draft, token_count, 16);
MEMBER(retort_draft, parents, 24);
MEMBER(retort_draft, q, 32);
MEMBER(retort_draft, drafter, 40);
MEMBER(retort_draft, step_seconds, 56);
MEMBER(retort_draft, begin_seconds, 64);
MEMBER(retort_draft, whole, 72);
MEMBER(retort_draft, steps, 76);
MEMBER(retort_draft, density, 80);

LAYOUT(retort_draft_draw, 56);
MEMBER(retort_draft_draw, size, 0);
MEMBER(retort_draft_draw, index, 4);
MEMBER(retort_draft_draw, logits, 8);
MEMBER(retort_draft_draw, vocab, 16);
MEMBER(retort_draft_draw, history, 24);
MEMBER(retort_draft_draw, history_count, 32);
MEMBER(retort_draft_draw, siblings, 40);
MEMBER(retort_draft_draw, sibling_count, 48);

LAYOUT(retort_acceptance, 56);
MEMBER(retort_acceptance, size, 0);
MEMBER(retort_acceptance, rule, 4);
MEMBER(retort_acceptance, block, 8);
MEMBER(retort_acceptance, reserved, 12);
MEMBER(retort_acceptance, lenience, 16);
MEMBER(retort_acceptance, typical_epsilon, 24);
MEMBER(retort_acceptance, typical_delta, 32);
MEMBER(retort_acceptance, threshold, 40);
MEMBER(retort_acceptance, threshold_temperature, 48);

LAYOUT(retort_verdict, 40);
MEMBER(retort_verdict, size, 0);
MEMBER(retort_verdict, reserved, 4);
MEMBER(retort_verdict, path, 8);
MEMBER(retort_verdict, path_count, 16);
MEMBER(retort_verdict, tokens, 24);
MEMBER(retort_verdict, token_count, 32);

LAYOUT(retort_host, 488);
MEMBER(retort_host, size, 0);
MEMBER(retort_host, abi_version, 4);
MEMBER(retort_host, set_error, 8);
MEMBER(retort_host, last_error, 16);
MEMBER(retort_host, log, 24);
MEMBER(retort_host, config_bool, 32);
MEMBER(retort_host, config_int, 40);
MEMBER(retort_host, config_float, 48);
MEMBER(retort_host, config_string, 56);
MEMBER(retort_host, config_list, 64);
MEMBER(retort_host, config_model, 72);
MEMBER(retort_host, config_stage_name, 80);
MEMBER(retort_host, context_emit, 88);
MEMBER(retort_host, context_complete, 96);
MEMBER(retort_host, context_fail, 104);
MEMBER(retort_host, context_skip, 112);
MEMBER(retort_host, context_cancelled, 120);
MEMBER(retort_host, context_create_record, 128);
MEMBER(retort_host, metric_count, 136);
MEMBER(retort_host, metric_sample, 144);
MEMBER(retort_host, record_id, 152);
MEMBER(retort_host, record_get_string, 160);
MEMBER(retort_host, record_get_json, 168);
MEMBER(retort_host, record_set_string, 176);
MEMBER(retort_host, record_set_json, 184);
MEMBER(retort_host, record_attach, 192);
MEMBER(retort_host, record_attachment, 200);
MEMBER(retort_host, model_info, 208);
MEMBER(retort_host, model_tokenize, 216);
MEMBER(retort_host, model_detokenize, 224);
MEMBER(retort_host, model_apply_chat_template, 232);
MEMBER(retort_host, model_same_tokens, 240);
MEMBER(retort_host, model_forward, 248);
MEMBER(retort_host, record_kv, 256);
MEMBER(retort_host, kv_length, 264);
MEMBER(retort_host, kv_truncate, 272);
MEMBER(retort_host, kv_keep_path, 280);
MEMBER(retort_host, kv_keep_common, 288);
MEMBER(retort_host, kv_fork, 296);
MEMBER(retort_host, kv_free, 304);
MEMBER(retort_host, sequence_begin, 312);
MEMBER(retort_host, sequence_set_limits, 320);
MEMBER(retort_host, sequence_view, 328);
MEMBER(retort_host, sequence_set_sampling, 336);
MEMBER(retort_host, sequence_sampling, 344);
MEMBER(retort_host, sequence_commit, 352);
MEMBER(retort_host, sequence_finish, 360);
MEMBER(retort_host, draft_set, 368);
MEMBER(retort_host, draft_view, 376);
MEMBER(retort_host, draft_clear, 384);
MEMBER(retort_host, draft_draw, 392);
MEMBER(retort_host, draft_verify, 400);
MEMBER(retort_host, sample, 408);
MEMBER(retort_host, distribution, 416);
MEMBER(retort_host, random_uniform, 424);
MEMBER(retort_host, model_part, 432);
MEMBER(retort_host, draft_set_budget, 440);
MEMBER(retort_host, draft_budget, 448);
MEMBER(retort_host, config_repeatable, 456);
MEMBER(retort_host, draft_ask, 464);
MEMBER(retort_host, draft_answers, 472);
MEMBER(retort_host, model_token, 480);

LAYOUT(retort_registrar, 24);
MEMBER(retort_registrar, size, 0);
MEMBER(retort_registrar, reserved, 4);
MEMBER(retort_registrar, state, 8);
MEMBER(retort_registrar, register_stage, 16);
