#include "core/graph/plan.h"

#include <map>

#include "core/model/model_file.h"
#include "core/model/weights.h"

namespace retort {
namespace {

/// The type of a tensor once matrices are converted to `weights`.
Result<DType> LoadedType(const ModelTensor& tensor, const std::string& weights) {
  if (weights == "native" || tensor.shape.size() < 2) return tensor.type;
  RETORT_ASSIGN_OR_RETURN(const DType type, DTypeFromName(weights));
  return CanConvertRows(tensor.shape[0], type) ? type : tensor.type;
}

Result<uint64_t> LoadedBytes(const ModelTensor& tensor, const std::string& weights) {
  RETORT_ASSIGN_OR_RETURN(const DType type, LoadedType(tensor, weights));
  if (!tensor.supported || type == tensor.type) return uint64_t{tensor.bytes};
  return DTypeRowBytes(type, tensor.shape[0]) * static_cast<uint64_t>(tensor.elements() / tensor.shape[0]);
}

Result<uint64_t> WeightBytes(const TensorFile& file, const std::string& weights) {
  uint64_t sum = 0;
  for (const ModelTensor* const tensor : file.AllTensors()) {
    if (tensor->ignorable) continue;
    RETORT_ASSIGN_OR_RETURN(const uint64_t bytes, LoadedBytes(*tensor, weights));
    sum += bytes;
  }
  return sum;
}

/// Of the feed-forward matrices, which sparse parts hold once more, neuron by neuron: floats as they are, and all
/// quantised types as q8_0.
Result<uint64_t> NeuronBytes(const TensorFile& file, const std::string& weights) {
  const auto is = [](const ModelTensor& tensor, std::string_view gguf, std::string_view hf) {
    return tensor.name.ends_with(gguf) || tensor.name.ends_with(hf);
  };
  uint64_t sum = 0;
  bool gated = false;
  for (const ModelTensor* const tensor : file.AllTensors()) {
    const bool gate = is(*tensor, ".ffn_gate.weight", ".mlp.gate_proj.weight");
    if (!gate && !is(*tensor, ".ffn_up.weight", ".mlp.up_proj.weight") &&
        !is(*tensor, ".ffn_down.weight", ".mlp.down_proj.weight"))
      continue;
    RETORT_ASSIGN_OR_RETURN(const DType type, LoadedType(*tensor, weights));
    const int64_t columns = tensor->shape[0];
    sum += DTypeRowBytes(DTypeIsQuantised(type) ? DType::kQ8_0 : type, columns) *
           static_cast<uint64_t>(tensor->elements() / columns);
    gated = gated || gate;
  }
  return gated ? sum : 0;
}

/// What the model will keep keys and values in: halves, but floats where exact or on the reference device.
DType KvType(Precision precision, DeviceKind device) {
  return precision == Precision::kFast && device != DeviceKind::kRef ? DType::kF16 : DType::kF32;
}

Result<PlannedModel> PlanModel(const ModelDescription& model, uint64_t credits) {
  const ModelConfig& config = model.config;
  PlannedModel planned;
  planned.name = model.name;
  planned.source = config.source;
  planned.device = config.device;
  planned.weights = config.weights;
  planned.precision = config.precision == Precision::kExact ? "exact" : "fast";
  RETORT_ASSIGN_OR_RETURN(planned.path, ResolveModelSource(config.source));
  RETORT_ASSIGN_OR_RETURN(const auto file, ModelFile::Open(planned.path));
  RETORT_ASSIGN_OR_RETURN(const ModelHyper hyper, file->Hyper());
  RETORT_ASSIGN_OR_RETURN(const auto device, OpenDevice(config.device, config.threads));
  RETORT_ASSIGN_OR_RETURN(const auto ops, MakeOpSet(*device));
  RETORT_ASSIGN_OR_RETURN(planned.weight_bytes, WeightBytes(file->tensors(), config.weights));
  RETORT_ASSIGN_OR_RETURN(planned.neuron_bytes, NeuronBytes(file->tensors(), config.weights));
  planned.device_text = device->info().description;
  planned.architecture = hyper.architecture;
  planned.layers = hyper.layers;
  planned.hidden = hyper.hidden;
  planned.vocab = hyper.vocab;
  planned.context_length = config.context_length > 0 ? config.context_length : hyper.context_length;
  const KvLayout layout{hyper.layers, hyper.kv_heads, hyper.head_dim, KvType(config.precision, device->info().kind)};
  planned.kv_bytes_per_token = layout.page_bytes() / kKvPageTokens;
  planned.kv_bytes_bound = planned.kv_bytes_per_token * static_cast<uint64_t>(planned.context_length) * credits;
  planned.device_bytes = device->info().total_memory;
  planned.dispatch = ops->DispatchReport();
  RETORT_ASSIGN_OR_RETURN(const StepWork work, WorkOfStep(file->tensors(), config.weights));
  planned.step = {hyper, work, planned.kv_bytes_per_token, config.precision == Precision::kFast};
  return planned;
}

constexpr int kPlannedSteps[] = {1, 4, 16};  // sequences
constexpr double kPlannedContext = 256;      // tokens of each

}  // namespace

Result<StepWork> WorkOfStep(const TensorFile& file, const std::string& weights) {
  StepWork work;
  const bool tied = file.FindTensor("output.weight") == nullptr;
  const ModelTensor* const embedding = file.FindTensor("token_embd.weight");
  for (const ModelTensor* const tensor : file.AllTensors()) {
    if (tensor->ignorable || (tensor == embedding && !tied)) continue;
    RETORT_ASSIGN_OR_RETURN(const uint64_t bytes, LoadedBytes(*tensor, weights));
    work.bytes += bytes;
    if (tensor->shape.size() < 2) continue;
    RETORT_ASSIGN_OR_RETURN(const DType type, LoadedType(*tensor, weights));
    (DTypeIsQuantised(type) ? work.quantised_products : work.float_products) +=
        static_cast<uint64_t>(tensor->elements());
  }
  return work;
}

Result<Plan> MakePlan(const PipelineDescription& pipeline, const std::string& file) {
  Plan plan{&pipeline, file, {}};
  std::string faults;
  StatusCode code = StatusCode::kOk;
  for (const ModelDescription& model : pipeline.models) {
    auto planned = PlanModel(model, pipeline.engine.credits);
    if (planned.ok()) {
      plan.models.push_back(*std::move(planned));
      continue;
    }
    if (code == StatusCode::kOk) code = planned.status().code();
    faults += (faults.empty() ? "" : "\n") + pipeline.At(file, model.place) + ": error: model `" + model.name +
              "`: " + planned.status().message();
  }
  if (code != StatusCode::kOk) return Status(code, faults);
  return plan;
}

void EstimateSteps(const Calibration& machine, Plan* plan) {
  for (PlannedModel& model : plan->models) {
    if (model.device != "cpu") continue;
    for (const int sequences : kPlannedSteps)
      model.steps.push_back(
          {sequences, LeastStepSeconds(model.step, machine, sequences, sequences, kPlannedContext, sequences)});
  }
}

std::vector<Diagnostic> MemoryWarnings(const Plan& plan) {
  std::vector<Diagnostic> warnings;
  std::map<std::string, uint64_t> taken;  // by device, of the models before
  for (const PlannedModel& model : plan.models) {
    uint64_t& bytes = taken[model.device];
    const std::string before = bytes > 0 ? " with those of the models before it" : "";
    bytes += model.weight_bytes;
    if (model.device_bytes == 0 || bytes <= model.device_bytes) continue;
    warnings.push_back({Severity::kWarning, Rule::kMemory, plan.file, plan.pipeline->FindModel(model.name)->place,
                        "model `" + model.name + "`: its weights take " + BytesText(bytes) + before + ", and `" +
                            model.device + "` has " + BytesText(model.device_bytes),
                        "smaller `weights:` (q8_0, q4_1), a smaller model, or another device", ""});
  }
  return warnings;
}

}  // namespace retort
