#include "core/model/skip_search.h"

#include <algorithm>
#include <numeric>

#include "core/base/random.h"

namespace retort {
namespace {

/// Parts are numbered: attention of layer p at 2 p, feed-forward at 2 p + 1.
void Flip(size_t part, LayerChoice* choice) {
  std::vector<bool>& parts = part % 2 == 0 ? choice->attention : choice->feed_forward;
  parts[part / 2].flip();
}

class Search {
 public:
  Search(SkipTrials& trials, int32_t layers, const SkipSearchOptions& options)
      : trials_(trials), options_(options), all_(LayerChoice::All(layers)), parts_(static_cast<size_t>(2 * layers)) {}

  Result<SkipSearchResult> Run() {
    RETORT_RETURN_IF_ERROR(Rank());
    RETORT_RETURN_IF_ERROR(LeaveOutInOrder());
    RETORT_RETURN_IF_ERROR(Walk());
    best_.trials = trials_run_;
    best_.costs = trials_.costs();
    best_.texts = trials_.texts();
    best_.blocks = trials_.blocks();
    return best_;
  }

 private:
  bool Spent() const { return trials_run_ >= options_.trials; }

  Status Try(const LayerChoice& choice, SkipFigures* figures) {
    RETORT_ASSIGN_OR_RETURN(*figures, trials_.Measure(choice));
    ++trials_run_;
    if (best_.choice.layers() == 0 || figures->speed_up > best_.figures.speed_up) {
      best_.choice = choice;
      best_.figures = *figures;
    }
    if (options_.progress) options_.progress(trials_run_, choice, *figures, best_.figures);
    return {};
  }

  /// Each part left out alone: what it costs in foresight for the time that it saves.
  Status Rank() {
    std::vector<double> price(parts_, 0);
    order_.resize(parts_);
    std::iota(order_.begin(), order_.end(), size_t{0});
    SkipFigures whole, figures;
    RETORT_RETURN_IF_ERROR(Try(all_, &whole));
    for (size_t part = 0; part < parts_ && !Spent(); ++part) {
      LayerChoice choice = all_;
      Flip(part, &choice);
      RETORT_RETURN_IF_ERROR(Try(choice, &figures));
      price[part] = (figures.surprise - whole.surprise) / std::max(1e-9, whole.draft_cost - figures.draft_cost);
    }
    std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) { return price[a] < price[b]; });
    return {};
  }

  /// The cheapest part first, then the two cheapest, and so on, to all but one.
  Status LeaveOutInOrder() {
    LayerChoice choice = all_;
    SkipFigures figures;
    for (size_t count = 1; count < parts_ && !Spent(); ++count) {
      Flip(order_[count - 1], &choice);
      if (count > 1) RETORT_RETURN_IF_ERROR(Try(choice, &figures));
    }
    return {};
  }

  /// From the best so far, one or two parts changed at random, kept where it is better.
  Status Walk() {
    SkipFigures figures;
    for (uint64_t step = 0; !Spent(); ++step) {
      LayerChoice choice = best_.choice;
      const uint64_t changes = 1 + RandomBits({options_.seed, 0, HashName("skip search"), step, 0}) % 2;
      for (uint64_t i = 1; i <= changes; ++i)
        Flip(RandomBits({options_.seed, 0, HashName("skip search"), step, static_cast<uint32_t>(i)}) % parts_, &choice);
      if (choice.parts() == 0 || choice == best_.choice) {
        if (step > 100 * static_cast<uint64_t>(options_.trials)) break;
        continue;
      }
      RETORT_RETURN_IF_ERROR(Try(choice, &figures));
    }
    return {};
  }

  SkipTrials& trials_;
  const SkipSearchOptions& options_;
  const LayerChoice all_;
  const size_t parts_;
  std::vector<size_t> order_;
  SkipSearchResult best_;
  int32_t trials_run_ = 0;
};

}  // namespace

Result<SkipSearchResult> SearchSkips(Model& model, std::span<const std::vector<int32_t>> prompts,
                                     const SkipSearchOptions& options) {
  RETORT_ASSIGN_OR_RETURN(SkipTrials trials, SkipTrials::Create(model, prompts, options));
  return Search(trials, model.hyper().layers, options).Run();
}

}  // namespace retort
