/* The Retort plugin ABI: plain C, version 1, frozen: nothing here moves, and structs grow at their end alone.
 *
 * A plugin is a shared library that exports two symbols:
 *   const uint32_t retort_plugin_abi_version = RETORT_ABI_VERSION;   read before any of its code is called
 *   retort_code retort_plugin_init(const retort_host*, retort_registrar*);
 * Authors in C++ write a class instead and include <retort/sdk.h>.
 *
 * Rules
 *  - Structs begin with `size` = sizeof as the writer was compiled. A reader uses only members inside that size and
 *    walks arrays of such structs with the first element's size as stride.
 *  - Strings are views: pointer and length, UTF-8, not NUL-terminated. Arguments live for the call. Views that the
 *    host returns live as long as said at the function.
 *  - Every function returns a retort_code. Before returning one that is not RETORT_OK, a plugin says why with
 *    host->set_error; after the host returned one, host->last_error() tells, until the thread's next host call.
 *  - No exception, signal or longjmp may cross. Libraries are never unloaded.
 *  - Handles (retort_record, retort_kv, ...) belong to the host unless a function says otherwise.
 */
#ifndef RETORT_PLUGIN_H_
#define RETORT_PLUGIN_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RETORT_ABI_VERSION 1u
#define RETORT_ABI_OLDEST 1u /* the oldest version that this host loads */

#if defined(_WIN32)
#define RETORT_EXPORT __declspec(dllexport)
#else
#define RETORT_EXPORT __attribute__((visibility("default")))
#endif

typedef struct retort_string {
  const char* data;
  size_t length;
} retort_string;

typedef int32_t retort_code;
enum {
  RETORT_OK = 0,
  RETORT_INVALID_ARGUMENT = 1,
  RETORT_NOT_FOUND = 2,
  RETORT_ALREADY_EXISTS = 3,
  RETORT_UNSUPPORTED = 4,
  RETORT_DATA_LOSS = 5,
  RETORT_RESOURCE_EXHAUSTED = 6,
  RETORT_CANCELLED = 7,
  RETORT_INTERNAL = 8,
  RETORT_END = 100 /* a source has no more records, or a list no more items; not an error */
};

/* ---- what a stage says of itself: the one source of lint, plan, describe, schema and docs -------------------- */

typedef int32_t retort_option_type;
enum {
  RETORT_OPTION_BOOL = 1,
  RETORT_OPTION_INT = 2,
  RETORT_OPTION_FLOAT = 3,
  RETORT_OPTION_STRING = 4,
  RETORT_OPTION_ENUM = 5,       /* one of `choices` */
  RETORT_OPTION_PATH = 6,       /* a file; relative paths are taken from the working directory */
  RETORT_OPTION_MODEL = 7,      /* a name under `models:` of the pipeline */
  RETORT_OPTION_STRING_LIST = 8 /* a YAML list of strings; one string alone is a list of one */
};

typedef struct retort_option_spec {
  uint32_t size;
  retort_option_type type;
  retort_string name;          /* snake_case, as in YAML */
  retort_string text;          /* one or two sentences */
  retort_string unit;          /* "tokens", "bytes", ...; may be empty */
  retort_string default_value; /* as written in YAML; ignored where required; for lists a YAML flow list */
  retort_string example;       /* as written in YAML; may be empty */
  int32_t required;            /* 1: no default, the pipeline must set it */
  int32_t reserved;
  double minimum; /* INT and FLOAT, inclusive; NAN = no bound */
  double maximum;
  const retort_string* choices; /* ENUM */
  size_t choice_count;
} retort_option_spec;

/* Payload types form a line of "is also a": "draft:point-mass" < "draft:sampled" < "draft:tree" < "draft" < "sequence"
 * < "record". (A token chosen without chance is one drawn from a q of 1; a chain is a tree without branches.) An edge
 * is valid where the output's type is the input's type or below it. Any other name is a type of its own below "record".
 */
typedef struct retort_port_spec {
  uint32_t size;
  int32_t optional; /* outputs: 1 = may stay unconnected; records emitted there count as completed */
  retort_string name;
  retort_string payload;
  retort_string text;
} retort_port_spec;

typedef struct retort_config retort_config;   /* checked option values of one stage */
typedef struct retort_context retort_context; /* one process call */
typedef struct retort_record retort_record;   /* one JSONL object on its way through the graph */
typedef struct retort_model retort_model;     /* a model named under `models:` */
typedef struct retort_kv retort_kv;           /* keys and values of one sequence in one model */

/* A remark on option values that are allowed: what they do not do, or what they give up. The host sets `size` and
 * zeroes the rest; the plugin fills it as far as `size` goes. */
typedef struct retort_advice {
  uint32_t size;
  uint32_t reserved;
  retort_string option;  /* the remark stands at its value, and is left out where the pipeline gives none; empty = at
                            the stage */
  retort_string message; /* what this means, in one line */
  retort_string value;   /* what the option had better be; empty = nothing in particular */
  retort_string because; /* the option by whose value this is so; the remark is left out where that value comes from a
                            variable, which a run may set otherwise. Empty = none */
} retort_advice;

typedef struct retort_stage_functions {
  uint32_t size;
  uint32_t reserved;
  /* Make an instance from checked options. Called once per stage of a pipeline, before anything runs. */
  retort_code (*create)(void* user_data, const retort_config* config, void** instance);
  /* Take resources (files, ...). Called once, after every stage was created; may be null. */
  retort_code (*open)(void* instance);
  /* Handle `count` records: give each to exactly one of context_emit, context_complete, context_fail, context_skip
   * before returning. A code other than RETORT_OK fails the records not yet given away, and the run goes on; but
   * RETORT_RESOURCE_EXHAUSTED of a last stage without a model (its output takes nothing any more) aborts it. Sources
   * (no input port): `records` is null and `count` is how many records may be created now; return RETORT_END once there
   * are no more. Never called concurrently on one instance, unless the stage is RETORT_STAGE_CONCURRENT; the thread is
   * not fixed. */
  retort_code (*process)(void* instance, retort_context* context, retort_record* const* records, size_t count);
  /* Flush and release. Called once after the last process; may be null. `cut_short` is 1 where the run was stopped or
   * aborted, so that records are missing which it had taken in: what stands under a final name is then better left
   * alone. A failure aborts the run; RETORT_CANCELLED is none, its message (where the output is) joins the run's. */
  retort_code (*close)(void* instance, int32_t cut_short);
  void (*destroy)(void* instance);
  /* Say what is wrong with option values that are all right each for itself. `lint` and `plan` call it before any model
   * is loaded, so that config_model fails; create must check for itself. May be null. */
  retort_code (*check)(void* user_data, const retort_config* config);
  /* Say what an output, or with -1 the input, carries under these option values: the payload of the port's descriptor
   * or one below it. `lint` and `plan` check edges by it; no model is loaded then. The view lives until the thread's
   * next call. May be null: the descriptor's. */
  retort_code (*payload)(void* user_data, const retort_config* config, int32_t output, retort_string* payload);
  /* Say whether the stage runs the model of this MODEL option under these option values (1), or only looks at its
   * tokens and sizes (0): stages that run the same model never run at the same time. May be null: it runs all. */
  retort_code (*runs_model)(void* user_data, const retort_config* config, retort_string option, int32_t* runs);
  /* Give remark `index`, from 0, on option values that check lets pass, or RETORT_END after the last. `lint` prints
   * them as notes; no model is loaded then. The strings live until the thread's next call of advise. May be null:
   * none. */
  retort_code (*advise)(void* user_data, const retort_config* config, uint32_t index, retort_advice* advice);
} retort_stage_functions;

enum {
  RETORT_STAGE_CONCURRENT = 1 << 0, /* process may run on several threads at once */
  RETORT_STAGE_ORDERED = 1 << 1,    /* by default records arrive in input order (the pipeline may say otherwise) */
  RETORT_STAGE_BLOCKING = 1 << 2    /* process waits for files or devices: run it off the compute threads */
};

typedef struct retort_stage_spec {
  uint32_t size;
  uint32_t flags;
  retort_string name;             /* kebab-case, as in `uses:` */
  retort_string summary;          /* one line */
  retort_string text;             /* Markdown paragraphs */
  retort_string example;          /* a YAML value for `with:` */
  const retort_port_spec* inputs; /* none (a source) or one */
  size_t input_count;
  const retort_port_spec* outputs; /* none (a sink) or more */
  size_t output_count;
  const retort_option_spec* options;
  size_t option_count;
  uint32_t default_max_batch; /* records a call at most; 0 = 1 */
  uint32_t reserved;
  void* user_data; /* handed to create */
  const retort_stage_functions* functions;
} retort_stage_spec;

/* ---- models ------------------------------------------------------------------------------------------------- */

typedef struct retort_model_info {
  uint32_t size;
  int32_t vocab_size;
  int32_t context_length; /* tokens */
  int32_t layers;
  int32_t bos_token;   /* -1: none */
  int32_t eos_token;   /* -1: none */
  int32_t device_kind; /* 0 ref, 1 cpu, 2 cuda */
  int32_t reserved;
  retort_string name; /* under `models:`; lives as long as the model */
  double density;     /* of a part: the parameters that a step reads, over those of the whole model, which has 1 */
} retort_model_info;

enum {
  RETORT_SPARSITY_NONE = 0,
  RETORT_SPARSITY_COARSE = 1, /* neurons chosen once, by what the record's prompt used most (GRIFFIN) */
  RETORT_SPARSITY_FINE = 2    /* for each token, by the magnitude of what the gate lets through (CATS) */
};
enum {
  RETORT_SPARSE_SHARED = 1 << 0,    /* one choice for all tokens of a step, which then read the same weights */
  RETORT_SPARSE_THRESHOLDS = 1 << 1 /* FINE: what exceeds the thresholds of the profile runs, however many that is */
};

/* What a part of a model runs. Of the layers either `exit_layer`, or `profile`, or the lists, or all; they count from 0
 * and are written as "8", "8-11", or several of these with commas between. Of the neurons of their feed-forward parts
 * the share `density`, where `sparsity` is not 0; then `profile` is one of neurons, and says how the density is spread
 * over the layers. */
typedef struct retort_model_part {
  uint32_t size;
  int32_t exit_layer;                  /* the first so many layers, then the final norm; 0 = see below */
  const retort_string* skip_attention; /* layers whose attention is left out */
  size_t skip_attention_count;
  const retort_string* skip_mlp; /* layers whose feed-forward part is left out */
  size_t skip_mlp_count;
  retort_string profile; /* a file that `retort skip search`, or with sparsity `retort sparse calibrate`, wrote for this
                            model; empty = see above */
  int32_t sparsity;      /* RETORT_SPARSITY_ */
  int32_t dense_first;   /* so many layers at the beginning run all their neurons, */
  int32_t dense_last;    /* and so many at the end */
  uint32_t sparse_flags; /* RETORT_SPARSE_ */
  double density;        /* above 0, 1 at most */
} retort_model_part;

enum {
  RETORT_TOKEN_SPECIAL = 1 << 0, /* model_detokenize leaves it out */
  RETORT_TOKEN_END = 1 << 1      /* ends a turn or the text */
};

/* What a token stands for. */
typedef struct retort_token {
  uint32_t size;
  uint32_t flags;     /* RETORT_TOKEN_ */
  retort_string text; /* its bytes, maybe a part of a character; of a special token its name; empty where it only pads
                         the vocabulary. Lives as long as the model */
} retort_token;

enum {
  RETORT_TOKENIZE_ADD_SPECIAL = 1 << 0,  /* begin-of-sequence where the model wants one */
  RETORT_TOKENIZE_PARSE_SPECIAL = 1 << 1 /* text of special tokens becomes these tokens */
};

/* A sequence's share of one forward step: `tokens` are appended to `kv`. With `parents` they are nodes of a tree that
 * follows what `kv` holds; it may be run in several steps, and holds 64 nodes at most. Then only kv_keep_path,
 * kv_keep_common, kv_truncate to what stood before the tree, or more nodes can follow. */
typedef struct retort_forward_item {
  uint32_t size;
  uint32_t logits_first; /* logits are wanted for tokens [logits_first, token_count); token_count = none */
  retort_kv* kv;
  const int32_t* tokens;
  size_t token_count;
  const int32_t* parents; /* [token_count]: a node of the tree, counted from its first; -1 = the end of what stood
                             before. null: each token follows the one before it */
} retort_forward_item;

/* A plain view. On `device_kind` 0 and 1 `data` may be read by the host. */
typedef struct retort_tensor {
  uint32_t size;
  int32_t dtype; /* 0 = f32 */
  void* data;
  int32_t device_kind;
  int32_t device_index;
  void* stream;      /* the device's stream that produces it; null on ref and cpu */
  int64_t shape[4];  /* rank entries */
  int64_t stride[4]; /* in elements */
  int32_t rank;
  int32_t reserved;
} retort_tensor;

typedef struct retort_logit_bias {
  int32_t token;
  float bias; /* finite, or -inf to forbid the token */
} retort_logit_bias;

/* Transforms apply in this order: bias, repetition_penalty, allowed, temperature, top_k, top_p, min_p; neutral values
 * switch off. */
typedef struct retort_sampling {
  uint32_t size;
  int32_t top_k;             /* keep the k most likely; 0 = all */
  double temperature;        /* 0 = argmax of the penalised logits */
  double top_p;              /* smallest set with at least this mass; 1 = all */
  double min_p;              /* keep p >= min_p * max p; 0 = all */
  double repetition_penalty; /* > 0; 1 = none. Keskar et al. 2019 */
  int32_t repetition_window; /* tokens looked back at, the prompt included; -1 = all */
  int32_t reserved;
  const retort_logit_bias* bias; /* [bias_count]: added to the logits */
  size_t bias_count;
  const int32_t* allowed; /* [allowed_count]: the only tokens that may come */
  size_t allowed_count;   /* 0 = all tokens may */
} retort_sampling;

/* ---- sequences and drafts, carried by records --------------------------------------------------------------- */

typedef int32_t retort_finish;
enum { RETORT_FINISH_NONE = 0, RETORT_FINISH_STOP = 1 /* end token or stop string */, RETORT_FINISH_LENGTH = 2 };

typedef struct retort_limits {
  uint32_t size;
  int32_t max_tokens;        /* generated at most; 0 is allowed and finishes at once */
  const retort_string* stop; /* text that ends the completion, itself left out */
  size_t stop_count;
  int32_t ignore_eos; /* 1: go on past the end token */
  int32_t reserved;
} retort_limits;

/* Views live until the next sequence_* call on the record. */
typedef struct retort_sequence_view {
  uint32_t size;
  retort_finish finish;
  const int32_t* tokens; /* prompt, then what was generated */
  size_t token_count;
  size_t prompt_count;
  int32_t max_tokens; /* -1: limits not set yet */
  int32_t reserved;
} retort_sequence_view;

typedef int32_t retort_draft_kind; /* what q the tokens were drawn from: decides the only exact verification rule */
enum {
  RETORT_DRAFT_POINT_MASS = 1, /* chosen without chance (n-gram, argmax): q is 1 at the token */
  RETORT_DRAFT_SAMPLED = 2,    /* a chain, each token drawn from its q after all transforms */
  RETORT_DRAFT_TREE = 3        /* chosen without chance, or with q each drawn given the siblings before it */
};

typedef struct retort_draft {
  uint32_t size;
  retort_draft_kind kind;
  const int32_t* tokens;
  size_t token_count;
  const int32_t* parents; /* TREE: index of each token's parent, -1 = the sequence's last token; else null */
  const float* q;         /* SAMPLED, and TREE where its tokens were drawn: [token_count, vocab_size]; else null */
  retort_string drafter;  /* who made it; for the report */
  double step_seconds;    /* what one token more in a row costs the drafter, for the whole batch; 0: next to nothing */
  double begin_seconds;   /* what its next draft costs beyond that, such as a prompt that it has not run yet */
  int32_t whole;          /* 1: its tokens help together only (a window of guesses): a step runs all of them or none */
  int32_t steps;          /* of a drafting model, in a row, that it took; 0: not told */
  double density;         /* of a drafter that is a part of the target: retort_model_info.density; 0: of none */
} retort_draft;

/* A token of a draft is to be drawn. Whether it is drafted at all must not depend on what is drawn: a draft that leaves
 * out what it does not trust has another law than its q. */
typedef struct retort_draft_draw {
  uint32_t size;
  uint32_t index;      /* of the draw in the record's block, from 0, each once */
  const float* logits; /* [vocab] of the drafter; what it has beyond the sequence's vocabulary is left out */
  size_t vocab;
  const int32_t* history; /* the tokens before it */
  size_t history_count;
  const int32_t* siblings; /* children of the same node, drawn before, which do not come again */
  size_t sibling_count;
} retort_draft_draw;

typedef int32_t retort_rule;
enum {
  RETORT_RULE_GREEDY = 1,   /* the argmax; temperature 0 only */
  RETORT_RULE_LOSSLESS = 2, /* the model's own law, by the rule that is exact for the draft's kind */
  RETORT_RULE_LENIENT = 3,  /* accept with min(1, p / (lenience * q)). Leviathan et al., arXiv 2211.17192, A.5 */
  RETORT_RULE_TYPICAL = 4,  /* accept p > min(epsilon, delta * exp(-entropy)). Medusa, arXiv 2401.10774 */
  RETORT_RULE_THRESHOLD = 5 /* accept p >= threshold at a temperature of its own. Sirius, arXiv 2409.03856 */
};

typedef struct retort_acceptance {
  uint32_t size;
  retort_rule rule;
  int32_t block; /* LOSSLESS over SAMPLED drafts: 1 = decide the block as a whole. Sun et al., arXiv 2403.10444 */
  int32_t reserved;
  double lenience; /* (0, 1]; 1 = lossless */
  double typical_epsilon;
  double typical_delta;
  double threshold;
  double threshold_temperature;
} retort_acceptance;

/* Views live until the thread's next draft_verify. */
typedef struct retort_verdict {
  uint32_t size;
  uint32_t reserved;
  const int32_t* path; /* the draft's tokens that stand, by index: each the parent of the next */
  size_t path_count;
  const int32_t* tokens; /* these tokens and the one that follows them */
  size_t token_count;    /* path_count + 1 */
} retort_verdict;

/* ---- what the host does for a plugin ------------------------------------------------------------------------ */

typedef struct retort_host {
  uint32_t size;
  uint32_t abi_version; /* of the host */

  /* errors and log */
  retort_code (*set_error)(retort_code code, retort_string message); /* returns `code` */
  retort_string (*last_error)(void);
  void (*log)(int32_t level /* 0 debug, 1 info, 2 warning, 3 error */, retort_string message);

  /* options; `name` must be in the stage's descriptor. Views live as long as the config. */
  retort_code (*config_bool)(const retort_config*, retort_string name, int32_t* value);
  retort_code (*config_int)(const retort_config*, retort_string name, int64_t* value);
  retort_code (*config_float)(const retort_config*, retort_string name, double* value);
  retort_code (*config_string)(const retort_config*, retort_string name, retort_string* value); /* also ENUM, PATH */
  retort_code (*config_list)(const retort_config*, retort_string name, const retort_string** items, size_t* count);
  retort_code (*config_model)(const retort_config*, retort_string name, retort_model** model);
  retort_string (*config_stage_name)(const retort_config*); /* the stage's name in this pipeline */

  /* one process call */
  retort_code (*context_emit)(retort_context*, uint32_t output_port, retort_record*); /* index into `outputs` */
  retort_code (*context_complete)(retort_context*, retort_record*);                   /* sinks: done with it */
  retort_code (*context_fail)(retort_context*, retort_record*, retort_code, retort_string message);
  retort_code (*context_skip)(retort_context*, retort_record*, retort_string reason); /* left out on purpose */
  int32_t (*context_cancelled)(retort_context*); /* 1: return soon; records not given away count as cancelled */
  /* Sources: make a record from one line of JSON. `line` counts from 1. A line that is no JSON object makes a record
   * that has failed already: RETORT_OK is returned and *record is null. Its id is the field `id`, else the line number.
   */
  retort_code (*context_create_record)(retort_context*, retort_string json, uint64_t line, retort_record** record);

  /* metrics: names in snake_case; counters add, samples feed a distribution (count, sum, min, max) */
  void (*metric_count)(retort_context*, retort_string name, double amount);
  void (*metric_sample)(retort_context*, retort_string name, double value);

  /* records; views live until the record is changed or given away. `key` is a top-level field. */
  retort_string (*record_id)(const retort_record*);
  retort_code (*record_get_string)(const retort_record*, retort_string key, retort_string* value);
  retort_code (*record_get_json)(const retort_record*, retort_string key /* empty: all */, retort_string* json);
  retort_code (*record_set_string)(retort_record*, retort_string key, retort_string value);
  retort_code (*record_set_json)(retort_record*, retort_string key, retort_string json);
  /* Hang an object of the plugin's own on the record; `destroy` runs when the record leaves or the name is set anew. */
  retort_code (*record_attach)(retort_record*, retort_string name, void* object, void (*destroy)(void*));
  void* (*record_attachment)(const retort_record*, retort_string name); /* null: none */

  /* models */
  retort_code (*model_info)(const retort_model*, retort_model_info* info);
  /* Buffers below belong to the host and live until the thread's next call of the same function. */
  retort_code (*model_tokenize)(const retort_model*, retort_string text, uint32_t flags, const int32_t** tokens,
                                size_t* count);
  retort_code (*model_detokenize)(const retort_model*, const int32_t* tokens, size_t count, retort_string* text);
  /* `messages`: JSON list of {role, content}. Gives the prompt's text with the marker of the answer's beginning. */
  retort_code (*model_apply_chat_template)(const retort_model*, retort_string messages, retort_string* text);
  /* RETORT_OK where both have the same tokens under the same numbers, so that one can draft for the other; else
   * RETORT_UNSUPPORTED, with the first token that differs. Rows of an embedding beyond the tokens do not count. */
  retort_code (*model_same_tokens)(const retort_model*, const retort_model*);
  /* Run one step over all items. *logits is [rows wanted in item order, vocab], valid until the next step of this
   * model. Fails as a whole (no item is appended) with RETORT_RESOURCE_EXHAUSTED where an item would outgrow the
   * context. */
  retort_code (*model_forward)(retort_model*, const retort_forward_item* items, size_t count, retort_tensor* logits);

  /* The record's own key/value sequence in `model`, made on first use and freed with the record. Where the record has
   * a sequence, it may hold the beginning of its tokens already (of an earlier prompt that began alike): kv_length
   * says how many. At least one of the tokens is left. */
  retort_code (*record_kv)(retort_record*, retort_model*, retort_kv** kv);
  size_t (*kv_length)(const retort_kv*);                 /* tokens stored */
  retort_code (*kv_truncate)(retort_kv*, size_t length); /* keep the first `length` */
  /* Keep the nodes `path` of the tree, each the parent of the next, as if they had been appended. */
  retort_code (*kv_keep_path)(retort_kv*, const int32_t* path, size_t count);
  /* Keep what is stored of the beginning of `tokens`, also along a path of a tree, but leave one of `tokens` out at
   * least, for the next step to run. What else is stored goes. */
  retort_code (*kv_keep_common)(retort_kv*, const int32_t* tokens, size_t count);
  retort_code (*kv_fork)(const retort_kv*, retort_kv** fork); /* shares pages until written; free with kv_free */
  void (*kv_free)(retort_kv*);                                /* only what kv_fork made */

  /* sequences */
  retort_code (*sequence_begin)(retort_record*, retort_model*, const int32_t* prompt, size_t count);
  retort_code (*sequence_set_limits)(retort_record*, const retort_limits*); /* once; later calls are ignored */
  retort_code (*sequence_view)(const retort_record*, retort_sequence_view* view);
  /* How the sequence's tokens are drawn: `sampling`, and over it what the record's field `sampling` says (an object
   * with the same names, `logit_bias` {"TOKEN": number} and `allowed_tokens`). Once; later calls are ignored. */
  retort_code (*sequence_set_sampling)(retort_record*, const retort_sampling* sampling);
  /* RETORT_NOT_FOUND before the first sequence_set_sampling. Views live as long as the sequence. */
  retort_code (*sequence_sampling)(const retort_record*, retort_sampling* sampling);
  /* Append generated tokens up to the first that finishes the sequence. *committed counts those kept (an end token is
   * kept and counted, but its text is left out). */
  retort_code (*sequence_commit)(retort_record*, const int32_t* tokens, size_t count, size_t* committed,
                                 retort_finish* finish);
  /* Write `completion`, `finish_reason` and `usage` into the record. */
  retort_code (*sequence_finish)(retort_record*);

  /* drafts: copied into the record; draft_view fails with RETORT_NOT_FOUND where there is none */
  retort_code (*draft_set)(retort_record*, const retort_draft*);
  retort_code (*draft_view)(const retort_record*, retort_draft* view);
  retort_code (*draft_clear)(retort_record*);
  /* Draw a token of the next draft by the sequence's own sampling. `q`: [vocab of the sequence], becomes the row that
   * it was drawn from. *token -1: the siblings left nothing. */
  retort_code (*draft_draw)(retort_record*, const retort_draft_draw* draw, float* q, int32_t* token);
  /* Decide on the first rows - 1 tokens of the record's draft by the sequence's own sampling. `logits`: [rows, vocab]
   * of the target, row 0 follows the sequence and row 1 + i draft token i. Nothing is committed. */
  retort_code (*draft_verify)(retort_record*, const retort_acceptance*, const float* logits, size_t rows, size_t vocab,
                              retort_verdict* verdict);

  /* Draw the token at index `position` of the record's sequence from one row of logits, after all transforms.
   * `history`: the tokens before it. Chance is keyed by (run seed, record id, position) alone, so that plain and
   * speculative decoding draw the same token from the same logits. `sampling` null: the sequence's own. */
  retort_code (*sample)(retort_record*, const retort_sampling*, const float* logits, size_t vocab,
                        const int32_t* history, size_t history_count, uint64_t position, int32_t* token);
  /* The probabilities themselves, [vocab], after all transforms; temperature 0 gives a point mass. */
  retort_code (*distribution)(const retort_sampling*, const float* logits, size_t vocab, const int32_t* history,
                              size_t history_count, float* probabilities);
  /* Uniform in [0, 1) for the record, keyed by (run seed, record id, stream, position, draw). */
  double (*random_uniform)(const retort_record*, retort_string stream, uint64_t position, uint32_t draw);

  /* The same model with layers or neurons left out, for drafting: another handle to its tokens, its sequences, and a
   * step of its own. It lives as long as `model`'s. What it runs stays out of what kv_keep_common keeps, and no step of
   * the whole model can follow it: cut it off first. Earlier tokens that the whole model ran serve it as they are. A
   * sparse part packs the weights of the model's feed-forward parts a second time, once for all such parts; a coarse
   * one also needs the first tokens of a sequence to be run by the whole model, after the part is made.
   * RETORT_INVALID_ARGUMENT for layers or a density that the model has not, or where nothing is left;
   * RETORT_UNSUPPORTED for a profile of another model, and for sparsity on a device without kernels for it. */
  retort_code (*model_part)(retort_model* model, const retort_model_part*, retort_model** part);

  /* How many tokens of a draft pay for this record, as the verifier sees it: a drafter whose tokens cost something
   * (step_seconds) drafts no more. SIZE_MAX: nobody has said. */
  retort_code (*draft_set_budget)(retort_record*, size_t tokens);
  size_t (*draft_budget)(const retort_record*);
  /* 1: the run is to be the same each time (`engine.deterministic`), so nothing may follow the clock. */
  int32_t (*config_repeatable)(const retort_config*);

  /* A drafter that learns from the verification asks, after draft_set, what the target says after `nodes` of its draft,
   * by index; -1: after the sequence. draft_verify then draws the token that the target puts there, after all
   * transforms and with the chance of plain decoding at that position (at temperature 0 the argmax), whether the node
   * is accepted or not. The next draft_set forgets the question. Costs nothing where nobody asks. */
  retort_code (*draft_ask)(retort_record*, const int32_t* nodes, size_t count);
  /* The answers to what was last asked and verified, in order; -1 for a node that was not run, or whose logits give no
   * token. The view lives until the record's next draft_set or draft_verify, also past draft_clear.
   * RETORT_NOT_FOUND where nothing was asked, or not verified yet. */
  retort_code (*draft_answers)(const retort_record*, const int32_t** tokens, size_t* count);
  /* RETORT_INVALID_ARGUMENT for a token that is none of the model's. */
  retort_code (*model_token)(const retort_model*, int32_t token, retort_token* out);
} retort_host;

typedef struct retort_registrar retort_registrar;

/* What retort_plugin_init gets besides the host: register_stage copies the whole descriptor (not the functions' code
 * or user_data). Both tables live as long as the process. */
struct retort_registrar {
  uint32_t size;
  uint32_t reserved;
  void* state; /* the host's */
  retort_code (*register_stage)(retort_registrar*, const retort_stage_spec*);
};

RETORT_EXPORT extern const uint32_t retort_plugin_abi_version;
RETORT_EXPORT retort_code retort_plugin_init(const retort_host* host, retort_registrar* registrar);

#ifdef __cplusplus
}
#endif
#endif /* RETORT_PLUGIN_H_ */
