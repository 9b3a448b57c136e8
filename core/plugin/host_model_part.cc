// Host function: a model with layers or neurons left out.
#include <string>
#include <utility>
#include <vector>

#include "core/model/model.h"
#include "core/model/skip_profile.h"
#include "core/model/sparse_densities.h"
#include "core/plugin/handles.h"
#include "core/plugin/host_call.h"
#include "core/plugin/host_services.h"

namespace retort {
namespace {

Result<std::vector<int32_t>> Layers(const retort_string* items, size_t count, int32_t layers, const std::string& name) {
  if (count > 0) RETORT_RETURN_IF_ERROR(NotNull({{items, "skip_attention or skip_mlp"}}));
  std::vector<std::string_view> views;
  for (size_t i = 0; i < count; ++i) views.push_back(ViewOf(items[i]));
  return ParseLayers(views, layers, name);
}

Result<LayerChoice> ChoiceOf(const Model& model, const retort_model_part& part) {
  const int32_t layers = model.hyper().layers;
  const bool lists = part.skip_attention_count + part.skip_mlp_count > 0;
  const bool profile = part.profile.length > 0 && part.sparsity == RETORT_SPARSITY_NONE;
  if ((part.exit_layer != 0) + profile + lists > 1)
    return InvalidArgument("expected one of exit_layer, profile, and lists of layers, got several");
  if (profile) {
    RETORT_ASSIGN_OR_RETURN(const SkipProfile skip, ReadSkipProfile(std::string(ViewOf(part.profile))));
    RETORT_RETURN_IF_ERROR(skip.CheckFits(model).Annotate(std::string(ViewOf(part.profile))));
    return skip.Choice();
  }
  if (part.exit_layer != 0) {
    if (part.exit_layer >= 1 && part.exit_layer < layers) return LayerChoice::First(part.exit_layer, layers);
    return InvalidArgument("exit_layer: expected 1 to " + std::to_string(layers - 1) + " of the model's " +
                           std::to_string(layers) + " layers, got " + std::to_string(part.exit_layer));
  }
  RETORT_ASSIGN_OR_RETURN(const std::vector<int32_t> attention,
                          Layers(part.skip_attention, part.skip_attention_count, layers, "skip_attention"));
  RETORT_ASSIGN_OR_RETURN(const std::vector<int32_t> mlp,
                          Layers(part.skip_mlp, part.skip_mlp_count, layers, "skip_mlp"));
  LayerChoice choice = LayerChoice::Without(attention, mlp, layers);
  if (choice.parts() > 0) return choice;
  return InvalidArgument("skip_attention and skip_mlp: all " + std::to_string(layers) +
                         " layers are left out, so that a draft would know the last token alone; leave a part to run");
}

/// Alike in all layers, or as the profile at `path` spreads them.
Result<Sparsity> DensitiesOf(const Model& model, const SparsityRequest& request, const std::string& path) {
  if (path.empty() && request.by_threshold)
    return InvalidArgument("thresholds are those of a profile; expected one, as `retort sparse calibrate` writes it");
  if (path.empty()) {
    return Sparsity::Even(request.kind, request.density, request.dense_first, request.dense_last, model.hyper().layers);
  }
  RETORT_ASSIGN_OR_RETURN(const SparseProfile profile, ReadSparseProfile(path));
  RETORT_RETURN_IF_ERROR(profile.CheckFits(model).Annotate(path));
  Result<Sparsity> sparsity = SparsityFrom(profile, request);
  if (!sparsity.ok()) return sparsity.status().Annotate(path);
  return sparsity;
}

Result<Sparsity> SparsityOf(const Model& model, const retort_model_part& part) {
  if (part.sparsity == RETORT_SPARSITY_NONE) return Sparsity();
  if (part.sparsity != RETORT_SPARSITY_COARSE && part.sparsity != RETORT_SPARSITY_FINE)
    return InvalidArgument("sparsity: expected a RETORT_SPARSITY_ constant, got " + std::to_string(part.sparsity));
  const SparsityRequest request = {.kind = static_cast<SparsityKind>(part.sparsity),
                                   .density = part.density,
                                   .by_threshold = (part.sparse_flags & RETORT_SPARSE_THRESHOLDS) != 0,
                                   .dense_first = part.dense_first,
                                   .dense_last = part.dense_last};
  RETORT_RETURN_IF_ERROR(CheckRequest(request, model.hyper().layers));
  RETORT_ASSIGN_OR_RETURN(Sparsity sparsity, DensitiesOf(model, request, std::string(ViewOf(part.profile))));
  sparsity.shared = (part.sparse_flags & RETORT_SPARSE_SHARED) != 0;
  return sparsity;
}

Result<ModelPart> PartOf(const Model& model, const retort_model_part& part) {
  RETORT_ASSIGN_OR_RETURN(LayerChoice layers, ChoiceOf(model, part));
  RETORT_ASSIGN_OR_RETURN(Sparsity sparsity, SparsityOf(model, part));
  return ModelPart(std::move(layers), std::move(sparsity));
}

retort_code MakePart(retort_model* model, const retort_model_part* part, retort_model** out) {
  return HostCall([&]() -> Status {
    RETORT_RETURN_IF_ERROR(NotNull({{model, "model"}, {out, "part"}}));
    RETORT_RETURN_IF_ERROR(CheckStruct("retort_model_part", part));
    if (model->part != nullptr) return InvalidArgument("model: expected a whole model, got a part of one");
    const auto named = [&](const Status& status) {
      return status.Annotate("model `" + model->model->config().name + "`");
    };
    Result<ModelPart> made = PartOf(*model->model, *part);
    if (!made.ok()) return named(made.status());
    if (const Status ready = model->model->Prepare(*made); !ready.ok()) return named(ready);
    model->parts.push_back(std::make_unique<retort_model>(
        retort_model{model->model, std::make_unique<const ModelPart>(*std::move(made))}));
    *out = model->parts.back().get();
    return {};
  });
}

}  // namespace

void FillModelPartServices(retort_host& host) { host.model_part = MakePart; }

}  // namespace retort
