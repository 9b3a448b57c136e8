// The loop of Sirius (arXiv 2409.03856) as slowly and plainly as can be: every token is run in a sequence of its own,
// from the prompt on. No key or value is written over, nothing is rolled back.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "core/model/model.h"

namespace retort::testing {

struct SiriusSettings {
  ModelPart part;
  size_t kernel = 8, width = 1;
  double threshold = 0.1;
  size_t max_tokens = 24;
};

/// What a run of it wrote.
struct SiriusRun {
  std::vector<int32_t> tokens;  // without the prompt
  std::vector<double> kept;     // of each check, the whole model's own token among them
  double cost = 0;              // sum over checks of sparse steps times their density, and 1
};

class SiriusReference {
 public:
  SiriusReference(Model& model, SiriusSettings settings, double step_density)
      : model_(model), settings_(std::move(settings)), step_density_(step_density) {}

  SiriusRun Write(const std::vector<int32_t>& prompt) const {
    SiriusRun run;
    run.tokens = {Best(Row(prompt, {}, {}))};
    while (run.tokens.size() < settings_.max_tokens) {
      const size_t sparse = std::min(settings_.kernel - 1, settings_.max_tokens - run.tokens.size() - 1);
      const auto [chunk, next] = Check(prompt, run.tokens, Beam(prompt, run.tokens, sparse));
      run.tokens.insert(run.tokens.end(), chunk.begin(), chunk.end());
      run.tokens.push_back(next);
      run.kept.push_back(static_cast<double>(chunk.size() + 1));
      run.cost += static_cast<double>(sparse) * step_density_ + 1;
    }
    return run;
  }

 private:
  struct Member {
    std::vector<int32_t> tokens;
    double score = 0;
  };

  /// Logits after `prompt`, `whole` by the whole model, and `sparse` by its part.
  std::vector<float> Row(const std::vector<int32_t>& prompt, std::span<const int32_t> whole,
                         std::span<const int32_t> sparse) const {
    auto kv = *model_.CreateSequence();
    std::span<const float> logits;
    const ForwardItem first{kv.get(), prompt, prompt.size() - 1};
    EXPECT_TRUE(model_.Forward({&first, 1}, &logits).ok());
    const auto each = [&](std::span<const int32_t> tokens, auto run) {
      for (const int32_t& token : tokens) {
        const ForwardItem item{kv.get(), {&token, 1}};
        const Status status = run(item);
        EXPECT_TRUE(status.ok()) << status.ToString();
      }
    };
    each(whole, [&](const ForwardItem& item) { return model_.Forward({&item, 1}, &logits); });
    each(sparse, [&](const ForwardItem& item) { return model_.ForwardPart({&item, 1}, settings_.part, &logits); });
    return {logits.begin(), logits.end()};
  }
  static int32_t Best(const std::vector<float>& logits) {
    return static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  }
  static std::vector<double> LogSoftmax(const std::vector<float>& logits) {
    constexpr double kTemperature = 0.6;  // fixed in that code
    std::vector<double> logs(logits.begin(), logits.end());
    const double most = *std::max_element(logs.begin(), logs.end());
    double sum = 0;
    for (const double log : logs) sum += std::exp((log - most) / kTemperature);
    for (double& log : logs) log = (log - most) / kTemperature - std::log(sum);
    return logs;
  }

  /// `sparse` tokens of the likeliest continuations, the likeliest first; none ends the text.
  std::vector<Member> Beam(const std::vector<int32_t>& prompt, std::span<const int32_t> own, size_t sparse) const {
    std::vector<Member> beam(1);
    for (size_t step = 0; step < sparse; ++step) {
      std::vector<Member> grown;
      for (const Member& member : beam) {
        std::vector<int32_t> run = {own.back()};
        run.insert(run.end(), member.tokens.begin(), member.tokens.end());
        std::vector<float> logits = Row(prompt, own.first(own.size() - 1), run);
        for (int32_t token = 0; token < model_.tokenizer().vocab_size(); ++token) {
          if (model_.tokenizer().IsEndToken(token))
            logits[static_cast<size_t>(token)] = -std::numeric_limits<float>::infinity();
        }
        const std::vector<double> logs = LogSoftmax(logits);
        std::vector<int32_t> order(logs.size());
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
          return logs[static_cast<size_t>(a)] > logs[static_cast<size_t>(b)];
        });
        for (size_t i = 0; i < settings_.width; ++i) {
          grown.push_back(member);
          grown.back().tokens.push_back(order[i]);
          grown.back().score += logs[static_cast<size_t>(order[i])];
        }
      }
      std::stable_sort(grown.begin(), grown.end(), [](const Member& a, const Member& b) { return a.score > b.score; });
      grown.resize(std::min(grown.size(), settings_.width));
      beam = std::move(grown);
    }
    return beam;
  }

  /// The longest leading run that stands, of the first member that has it, and the whole model's token after it.
  std::pair<std::vector<int32_t>, int32_t> Check(const std::vector<int32_t>& prompt, const std::vector<int32_t>& own,
                                                 const std::vector<Member>& beam) const {
    std::vector<int32_t> best;
    for (const Member& member : beam) {
      std::vector<int32_t> text = own;
      size_t stood = 0;
      for (; stood < member.tokens.size(); ++stood) {
        const auto token = static_cast<size_t>(member.tokens[stood]);
        if (std::exp(LogSoftmax(Row(prompt, text, {}))[token]) < settings_.threshold) break;
        text.push_back(member.tokens[stood]);
      }
      if (stood > best.size())
        best.assign(member.tokens.begin(), member.tokens.begin() + static_cast<std::ptrdiff_t>(stood));
    }
    std::vector<int32_t> text = own;
    text.insert(text.end(), best.begin(), best.end());
    return {best, Best(Row(prompt, text, {}))};
  }

  Model& model_;
  const SiriusSettings settings_;
  const double step_density_;
};

}  // namespace retort::testing
