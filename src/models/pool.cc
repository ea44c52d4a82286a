// Models that combine models, by pooling what they say of the next byte. With p_i the normalised
// distribution of each part over the 256 bytes:
//
//     product:  p(b | x) proportional to the product of p_i(b | x)^w_i      (logarithmic pool)
//     mix:      p(b | x) = sum of w_i p_i(b | x) / sum of w_i               (linear pool)
//
// Genest and Zidek, "Combining Probability Distributions: A Critique and an Annotated
// Bibliography", Statistical Science 1(1), 1986, compare the two; as a way to train and combine
// models the product is Hinton's product of experts ("Training Products of Experts by Minimizing
// Contrastive Divergence", Neural Computation 14(8), 2002).
//
// The bits of a string are the sum over its bytes: a pool is a predictor, even of codecs. What a
// part finds impossible is impossible in the product. In the mix a part that finds every byte
// impossible has no say.

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/drawing.h"
#include "core/marks.h"
#include "core/observing.h"
#include "kraft/context_bits.h"
#include "kraft/error.h"
#include "models/parts.h"
#include "registry/backends.h"

namespace kraft {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
using Distribution = std::array<double, 256>;  // bits of each byte

enum class Pool { product, mix };

const Bytes& all_values() {
  static const Bytes values = [] {
    Bytes all(256);
    std::iota(all.begin(), all.end(), Byte{0});
    return all;
  }();
  return values;
}

// Adds a part's say to `pooled`: bits in a product, probability in a mix.
void add_to_product(std::span<const double> bits, double weight, Distribution& pooled) {
  const double least = *std::ranges::min_element(bits);
  if (std::isnan(least) || least == -kInfinity)
    throw Error("the model's code length is not a number of bits");
  for (std::size_t b = 0; b < 256; ++b) {
    const bool possible = std::isfinite(bits[b]);
    pooled[b] += possible ? weight * (bits[b] - least) : kInfinity;
  }
}

void add_to_mix(std::span<const double> bits, double weight, Distribution& pooled) {
  if (*std::ranges::min_element(bits) == kInfinity) return;
  Distribution share;
  normalise(bits, share);
  for (std::size_t b = 0; b < 256; ++b) pooled[b] += weight * share[b];
}

// Turns what add_to_... added up into bits of normalised probabilities, or into 256 infinities.
void finish(Pool pool, Distribution& pooled) {
  if (pool == Pool::mix) {
    const double sum = std::accumulate(pooled.begin(), pooled.end(), 0.0);
    for (double& value : pooled) value = value > 0 ? std::log2(sum) - std::log2(value) : kInfinity;
    return;
  }
  const double least = *std::ranges::min_element(pooled);
  if (least == kInfinity) return;
  double sum = 0;
  for (double bits : pooled) sum += std::exp2(least - bits);
  for (double& bits : pooled) bits += std::log2(sum) - least;
}

// Predicting a byte costs one extend() of every part. What was predicted is remembered until the
// state moves, so that a search or a chain that comes back to a beginning pays for it once: up to
// kMostKnown predictions, 9 MB. All that was observed is kept, for context_bits().
class PoolState final : public State, public ReadsAtOnce, public DrawnState {
 public:
  PoolState(Pool pool, std::shared_ptr<const Parts> parts, std::function<bool()> cancelled,
            bool drawing = false)
      : pool_(pool), parts_(std::move(parts)), cancelled_(std::move(cancelled)), drawing_(drawing) {
    for (const Part& part : parts_->parts)
      states_.push_back(drawing ? kraft::start_drawing(*part.model) : part.model->start());
  }
  PoolState(const PoolState& other)
      : pool_(other.pool_),
        parts_(other.parts_),
        cancelled_(other.cancelled_),
        drawing_(other.drawing_),
        observed_(other.observed_),
        changes_(other.changes_),
        summed_(other.summed_) {
    for (const auto& state : other.states_) states_.push_back(state->clone());
  }
  PoolState& operator=(const PoolState&) = delete;

  void observe(ByteView bytes) override {
    if (bytes.empty()) return;
    for (const auto& state : states_) state->observe(bytes);
    append(observed_, bytes);
    known_.clear();
  }

  void set_drawing(bool drawing) override {
    for (const auto& state : states_) kraft::set_drawing(*state, drawing);
    changes_.push_back({observed_.size(), drawing});
    known_.clear();
  }

  bool learns_what_is_drawn() const override {
    return std::ranges::all_of(
        states_, [](const auto& state) { return kraft::learns_what_is_drawn(*state); });
  }

  bool reads_at_once() const override {
    return std::ranges::all_of(states_,
                               [](const auto& state) { return kraft::reads_at_once(*state); });
  }

  std::uint64_t position_bytes() const override { return observed_.size(); }

  // Predicts all that was observed once more, or what came since it was asked the last time: every
  // byte costs one distribution of each part.
  double context_bits() override {
    if (summed_.bytes < observed_.size()) {
      PoolState from_start(pool_, parts_, cancelled_, drawing_);
      double total_bits = summed_.bits;
      const auto add = [&total_bits](double bits) { total_bits += bits; };
      auto change = changes_.begin();
      std::uint64_t at = 0;
      const auto go_to = [&](std::uint64_t end, const auto& read) {
        while (true) {
          for (; change != changes_.end() && change->at == at; ++change)
            from_start.set_drawing(change->drawing);
          if (at == end) return;
          const bool changes = change != changes_.end() && change->at < end;
          const std::uint64_t next = changes ? change->at : end;
          read(ByteView(observed_).subspan(at, next - at));
          at = next;
        }
      };
      go_to(summed_.bytes, [&](ByteView bytes) { kraft::observe(from_start, bytes, cancelled_); });
      go_to(observed_.size(), [&](ByteView bytes) { from_start.walk(bytes, add); });
      summed_ = {observed_.size(), total_bits};
    }
    return summed_.bits;
  }

  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    std::size_t begin = 0;
    while (begin < continuations.size()) {
      std::size_t total_bytes = 0, count = 0;
      for (ByteView continuation : continuations.subspan(begin)) {
        if (continuation.size() <= kLongestShared) total_bytes += continuation.size();
        if (count > 0 && total_bytes > kMostKnown / 2) break;
        ++count;
      }
      measure_together(continuations.subspan(begin, count), bits.subspan(begin, count));
      begin += count;
    }
  }

  void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
              std::span<double> bits) override {
    for (std::size_t begin = 0; begin < prefixes.size(); begin += kMostTogether) {
      const auto some = prefixes.subspan(begin, std::min(kMostTogether, prefixes.size() - begin));
      std::vector<double> prefix_bits(some.size());
      measure(some, prefix_bits);
      remember(some, prefix_bits);
      for (std::size_t p = 0; p < some.size(); ++p) {
        const Distribution& next = known_.at(std::string(as_text(some[p]))).next;
        double* to = &bits[(begin + p) * alphabet.size()];
        for (std::size_t a = 0; a < alphabet.size(); ++a)
          to[a] = prefix_bits[p] + next[alphabet[a]];
      }
    }
  }

  Mark mark() override {
    Saved saved{
        .marks = {}, .summed = summed_, .size = observed_.size(), .changes = changes_.size()};
    for (const auto& state : states_) saved.marks.push_back(state->mark());
    return marks_.push(std::move(saved));
  }

  void rewind(Mark mark) override {
    const Saved& saved = marks_.back_to(mark);
    for (std::size_t i = 0; i < states_.size(); ++i) states_[i]->rewind(saved.marks[i]);
    if (observed_.size() > saved.size || changes_.size() > saved.changes) known_.clear();
    observed_.resize(saved.size);
    changes_.resize(saved.changes);
    if (summed_.bytes > saved.size) summed_ = saved.summed;
  }

  void forget(Mark mark) override {
    const Saved* saved = marks_.find(mark);
    if (saved == nullptr) return;
    for (std::size_t i = 0; i < states_.size(); ++i) states_[i]->forget(saved->marks[i]);
    marks_.forget(mark);
  }

  std::unique_ptr<State> clone() const override { return std::make_unique<PoolState>(*this); }

 private:
  static constexpr std::size_t kMostKnown = 4096;
  static constexpr std::size_t kLongestShared = 64;  // of a continuation; others are walked through
  static constexpr std::size_t kMostTogether = 256;  // prefixes in one question

  // The context's bits, as far as they have been added up.
  struct Summed {
    std::uint64_t bytes = 0;
    double bits = 0;
  };

  // From where on what was observed was drawn, or given.
  struct Change {
    std::uint64_t at = 0;
    bool drawing = false;
  };

  struct Saved {
    std::vector<Mark> marks;
    Summed summed;
    std::size_t size;
    std::size_t changes;  // how many
  };

  // What comes after a prefix, and the bits of the prefix itself.
  struct Known {
    double bits = 0;
    Distribution next;
  };

  void predict(std::span<const ByteView> prefixes, std::span<Distribution> next) {
    for (Distribution& d : next) d.fill(0);
    scratch_.resize(256 * prefixes.size());
    for (std::size_t i = 0; i < states_.size(); ++i) {
      states_[i]->extend(prefixes, all_values(), scratch_);
      for (std::size_t p = 0; p < prefixes.size(); ++p) {
        const auto bits = std::span(scratch_).subspan(256 * p, 256);
        const double weight = parts_->parts[i].weight;
        pool_ == Pool::product ? add_to_product(bits, weight, next[p])
                               : add_to_mix(bits, weight / parts_->total_weight, next[p]);
      }
    }
    for (Distribution& d : next) finish(pool_, d);
  }

  const Known* find(ByteView prefix) const {
    const auto found = known_.find(std::string(as_text(prefix)));
    return found == known_.end() ? nullptr : &found->second;
  }

  // Bits of a string whose beginning, all but the last byte, is known.
  double bits_of(ByteView bytes) const {
    if (bytes.empty()) return 0;
    const Known& known = *find(bytes.first(bytes.size() - 1));
    return known.bits + known.next[bytes.back()];
  }

  // Predicts after those of the prefixes, whose bits are given, that are not known yet.
  void remember(std::span<const ByteView> prefixes, std::span<const double> bits) {
    std::vector<ByteView> unknown;
    std::vector<double> unknown_bits;
    for (std::size_t p = 0; p < prefixes.size(); ++p) {
      if (find(prefixes[p]) != nullptr) continue;
      unknown.push_back(prefixes[p]);
      unknown_bits.push_back(bits[p]);
    }
    std::vector<Distribution> next(unknown.size());
    predict(unknown, next);
    for (std::size_t p = 0; p < unknown.size(); ++p)
      known_[std::string(as_text(unknown[p]))] = {unknown_bits[p], next[p]};
  }

  void measure_together(std::span<const ByteView> continuations, std::span<double> bits) {
    if (known_.size() > kMostKnown / 2) known_.clear();
    learn_beginnings(continuations);
    for (std::size_t i = 0; i < continuations.size(); ++i) {
      const ByteView bytes = continuations[i];
      const bool known = bytes.empty() || find(bytes.first(bytes.size() - 1)) != nullptr;
      bits[i] = known ? bits_of(bytes) : walked_bits(bytes);
    }
  }

  // Predicts after all beginnings of those continuations that are short enough to share them.
  void learn_beginnings(std::span<const ByteView> continuations) {
    std::vector<ByteView> unknown;
    std::unordered_set<std::string_view> listed;
    for (ByteView continuation : continuations) {
      if (continuation.size() > kLongestShared) continue;
      for (std::size_t n = 0; n < continuation.size(); ++n) {
        const ByteView prefix = continuation.first(n);
        if (find(prefix) == nullptr && listed.insert(as_text(prefix)).second)
          unknown.push_back(prefix);
      }
    }
    std::ranges::stable_sort(unknown, {}, [](ByteView prefix) { return prefix.size(); });
    std::vector<Distribution> next(std::min(unknown.size(), kMostTogether));
    for (std::size_t begin = 0; begin < unknown.size(); begin += kMostTogether) {
      const auto some = std::span<const ByteView>(unknown).subspan(
          begin, std::min(kMostTogether, unknown.size() - begin));
      predict(some, std::span(next).first(some.size()));
      for (std::size_t p = 0; p < some.size(); ++p)
        known_[std::string(as_text(some[p]))] = {bits_of(some[p]), next[p]};
    }
  }

  double walked_bits(ByteView continuation) {
    double total_bits = 0;
    const Excursion excursion(*this);
    walk(continuation, [&total_bits](double bits) { total_bits += bits; });
    return total_bits;
  }

  // Observes byte after byte and tells the bits of each. Parts may take milliseconds for one.
  template <typename Visit>
  void walk(ByteView bytes, Visit visit) {
    const ByteView nothing;
    Distribution next;
    for (const Byte byte : bytes) {
      stop_if(cancelled_);
      predict({&nothing, 1}, {&next, 1});
      visit(next[byte]);
      observe({&byte, 1});
    }
  }

  Pool pool_;
  std::shared_ptr<const Parts> parts_;
  std::function<bool()> cancelled_;
  bool drawing_;
  std::vector<std::unique_ptr<State>> states_;
  Bytes observed_;
  std::vector<Change> changes_;
  Summed summed_;
  std::unordered_map<std::string, Known> known_;  // by prefix, from where the state is
  std::vector<double> scratch_;
  MarkStack<Saved> marks_;
};

class PoolModel final : public ModelOfParts, public PricesContextWhenAsked, public DrawingModel {
 public:
  PoolModel(std::string spec, Pool pool, Parts parts, std::function<bool()> cancelled)
      : ModelOfParts(std::move(spec), std::move(parts)),
        pool_(pool),
        cancelled_(std::move(cancelled)) {}

  std::unique_ptr<State> start() const override {
    return std::make_unique<PoolState>(pool_, shared_parts(), cancelled_);
  }
  std::unique_ptr<State> start_drawing() const override {
    return std::make_unique<PoolState>(pool_, shared_parts(), cancelled_, /*drawing=*/true);
  }

 private:
  Pool pool_;
  std::function<bool()> cancelled_;
};

const char* name_of(Pool pool) { return pool == Pool::product ? "product" : "mix"; }

Backend pool_backend(Pool pool, std::string summary, std::string meaning) {
  Backend row = parts_backend(name_of(pool), std::move(summary), pool == Pool::product ? '^' : '@',
                              std::move(meaning));
  row.make_model = [pool](const Arguments& arguments, const ModelOptions& options) {
    return std::make_shared<PoolModel>(
        arguments.spec(), pool, make_parts(name_of(pool), arguments, options), options.cancelled);
  };
  return row;
}

}  // namespace

Backend product_backend() {
  return pool_backend(Pool::product, "product of models: their distributions multiplied",
                      "models, and the exponent of each (1); quotes around one with commas");
}

Backend mix_backend() {
  return pool_backend(Pool::mix, "mixture of models: the mean of their distributions",
                      "models, and the weight of each (1); quotes around one with commas");
}

}  // namespace kraft
