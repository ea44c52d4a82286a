// The filters, in the order in which they apply: llama.cpp's default chain (penalties, top-k,
// typical, top-p, min-p, temperature). All mass is that of the choices the filters before left
// over, normalised. Between choices of equal bits the one of the lower unit counts as the more
// probable.

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "samplers/filters.h"
#include "samplers/options.h"
#include "samplers/repetition.h"

namespace kraft {
namespace {

// A choice's place in some order: by key, then by unit.
struct Rank {
  double key = 0;
  std::uint32_t unit = 0;
  double probability = 0;

  bool operator<(const Rank& other) const {
    return key != other.key ? key < other.key : unit < other.unit;
  }
};

// Keeps the choices up to the place of `last`, where key(choice) is what ranks were sorted by.
template <class Key>
void keep_up_to(std::vector<Choice>& choices, const Rank& last, Key&& key) {
  std::erase_if(choices, [&](const Choice& choice) {
    return last < Rank{key(choice), choice.unit};
  });
  normalise(choices);
}

double bits_of(const Choice& choice) { return choice.bits; }

// repeat-ngram: drops the units that would complete an n-gram that occurs among the bytes drawn, as
// if the unit's bytes were drawn one by one. Where that would drop every unit it drops none. (Known
// as no-repeat n-grams: Paulus, Xiong and Socher, "A Deep Reinforced Model for Abstractive
// Summarization", ICLR 2018.) Here n counts bytes, and the prompt may be repeated.
class RepeatFilter final : public Filter {
 public:
  explicit RepeatFilter(int ngram_bytes) : repeats_(ngram_bytes) {}

  void apply(std::vector<Choice>& choices, std::span<const ByteView> units,
             ByteView drawn) override {
    repeats_.completing(drawn, {}, first_);
    const auto end = std::remove_if(choices.begin(), choices.end(), [&](const Choice& choice) {
      return repeats(units[choice.unit], drawn);
    });
    if (end == choices.begin()) return;  // all of them: and then none was moved
    choices.erase(end, choices.end());
    normalise(choices);
  }

 private:
  bool repeats(ByteView unit, ByteView drawn) {
    if (first_.test(unit[0])) return true;
    for (std::size_t i = 1; i < unit.size(); ++i) {
      repeats_.completing(drawn, unit.first(i), later_);
      if (later_.test(unit[i])) return true;
    }
    return false;
  }

  RepeatIndex repeats_;
  ByteSet first_;
  ByteSet later_;
};

// top-k: keeps the k most probable units (Fan, Lewis and Dauphin, "Hierarchical Neural Story
// Generation", ACL 2018).
class TopKFilter final : public Filter {
 public:
  explicit TopKFilter(int k) : k_(static_cast<std::size_t>(k)) {}

  void apply(std::vector<Choice>& choices, std::span<const ByteView>, ByteView) override {
    if (choices.size() <= k_) return;
    ranks_.clear();
    for (const Choice& choice : choices) ranks_.push_back({choice.bits, choice.unit});
    const auto last = ranks_.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
    std::nth_element(ranks_.begin(), last, ranks_.end());
    keep_up_to(choices, *last, bits_of);
  }

 private:
  std::size_t k_;
  std::vector<Rank> ranks_;
};

// typical: keeps the units whose information is nearest to the entropy, nearest first, until their
// mass exceeds the given one (Meister, Pimentel, Wiher and Cotterell, "Locally Typical Sampling",
// TACL 2023, arXiv 2202.00666).
class TypicalFilter final : public Filter {
 public:
  explicit TypicalFilter(double mass) : mass_(mass) {}

  void apply(std::vector<Choice>& choices, std::span<const ByteView>, ByteView) override {
    // Information comes from the bits, which are exact where the probability is rounded to 0.
    const auto most_probable =
        std::min_element(choices.begin(), choices.end(),
                         [](const Choice& a, const Choice& b) { return a.bits < b.bits; });
    const double sum_bits = most_probable->bits + std::log2(most_probable->probability);
    double entropy_bits = 0;
    for (const Choice& choice : choices)
      entropy_bits += choice.probability * (choice.bits - sum_bits);
    const auto distance_bits = [&](const Choice& choice) {
      return std::abs(choice.bits - sum_bits - entropy_bits);
    };

    ranks_.clear();
    for (const Choice& choice : choices)
      ranks_.push_back({distance_bits(choice), choice.unit, choice.probability});
    std::sort(ranks_.begin(), ranks_.end());
    double mass = 0;
    for (const Rank& rank : ranks_) {
      mass += rank.probability;
      if (mass > mass_) return keep_up_to(choices, rank, distance_bits);
    }
  }

 private:
  double mass_;
  std::vector<Rank> ranks_;
};

// top-p: keeps the most probable units, most probable first, until their mass reaches the given one
// (Holtzman, Buys, Du, Forbes and Choi, "The Curious Case of Neural Text Degeneration", ICLR 2020).
class TopPFilter final : public Filter {
 public:
  explicit TopPFilter(double mass) : mass_(mass) {}

  void apply(std::vector<Choice>& choices, std::span<const ByteView>, ByteView) override {
    ranks_.clear();
    for (const Choice& choice : choices)
      ranks_.push_back({choice.bits, choice.unit, choice.probability});
    std::sort(ranks_.begin(), ranks_.end());
    double mass = 0;
    for (const Rank& rank : ranks_) {
      mass += rank.probability;
      if (mass >= mass_) return keep_up_to(choices, rank, bits_of);
    }
  }

 private:
  double mass_;
  std::vector<Rank> ranks_;
};

// min-p: drops the units below this share of the most probable one; at the share itself they stay
// (Nguyen et al., "Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM Outputs", ICLR
// 2025, arXiv 2407.01082).
class MinPFilter final : public Filter {
 public:
  explicit MinPFilter(double share) : allowance_bits_(-std::log2(share)) {}

  void apply(std::vector<Choice>& choices, std::span<const ByteView>, ByteView) override {
    double least = choices.front().bits;
    for (const Choice& choice : choices) least = std::min(least, choice.bits);
    std::erase_if(choices,
                  [&](const Choice& choice) { return choice.bits - least > allowance_bits_; });
    normalise(choices);
  }

 private:
  double allowance_bits_;
};

// temperature: divides the bits. At 0 the one most probable unit stays.
class TemperatureFilter final : public Filter {
 public:
  explicit TemperatureFilter(double temperature) : temperature_(temperature) {}

  void apply(std::vector<Choice>& choices, std::span<const ByteView>, ByteView) override {
    if (temperature_ > 0) return normalise(choices, temperature_);
    Choice best = *std::min_element(  // the first of the equal ones, so the lowest unit
        choices.begin(), choices.end(),
        [](const Choice& a, const Choice& b) { return a.bits < b.bits; });
    best.probability = 1;
    choices.assign(1, best);
  }

 private:
  double temperature_;
};

class Chain final : public Filter {
 public:
  void add(std::unique_ptr<Filter> filter) { filters_.push_back(std::move(filter)); }

  void apply(std::vector<Choice>& choices, std::span<const ByteView> units,
             ByteView drawn) override {
    for (const auto& filter : filters_) filter->apply(choices, units, drawn);
  }

 private:
  std::vector<std::unique_ptr<Filter>> filters_;
};

}  // namespace

void normalise(std::vector<Choice>& choices, double temperature) {
  double least = std::numeric_limits<double>::infinity();
  for (const Choice& choice : choices) least = std::min(least, choice.bits);
  double sum = 0;
  for (Choice& choice : choices) {
    choice.probability = std::exp2((least - choice.bits) / temperature);
    sum += choice.probability;
  }
  for (Choice& choice : choices) choice.probability /= sum;
}

std::vector<std::string> filter_names() {
  return {"repeat-ngram", "top-k", "typical", "top-p", "min-p"};
}

std::unique_ptr<Filter> make_filter(const SamplerOptions& o) {
  check_options(o, /*common_only=*/true);
  auto chain = std::make_unique<Chain>();
  if (o.repeat_ngram > 0) chain->add(std::make_unique<RepeatFilter>(o.repeat_ngram));
  if (o.top_k > 0) chain->add(std::make_unique<TopKFilter>(o.top_k));
  if (o.typical < 1) chain->add(std::make_unique<TypicalFilter>(o.typical));
  if (o.top_p < 1) chain->add(std::make_unique<TopPFilter>(o.top_p));
  if (o.min_p > 0) chain->add(std::make_unique<MinPFilter>(o.min_p));
  if (o.temperature != 1) chain->add(std::make_unique<TemperatureFilter>(o.temperature));
  return chain;
}

}  // namespace kraft
