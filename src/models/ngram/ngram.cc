// `ngram`: adaptive order-N byte model. Counts are updated by every observed byte, so that the
// model learns from the context and from nothing else; estimates.h makes probabilities of them.

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "core/marks.h"
#include "core/observing.h"
#include "kraft/registry.h"
#include "kraft/text_temperature.h"
#include "models/ngram/estimates.h"
#include "models/ngram/trie.h"
#include "registry/backends.h"

namespace kraft {
namespace ngram {
namespace {

// Observing a byte costs a step in the trie for each length of context, and so does rewinding it.
template <class Estimates>
class NgramState final : public State {
 public:
  NgramState(std::size_t order, std::function<bool()> cancelled)
      : cancelled_(std::move(cancelled)), trie_(order) {}

  void observe(ByteView bytes) override {
    for (const Byte byte : bytes) total_bits_ += step(byte);
    position_bytes_ += bytes.size();
  }

  std::uint64_t position_bytes() const override { return position_bytes_; }
  double context_bits() override { return total_bits_; }

  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    for (std::size_t i = 0; i < continuations.size(); ++i) bits[i] = bits_of(continuations[i]);
  }

  void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
              std::span<double> bits) override {
    std::array<double, 256> next;
    std::size_t at = 0;
    for (const ByteView prefix : prefixes) {
      const Excursion excursion(*this);
      double prefix_bits = 0;
      for (const Byte byte : prefix) prefix_bits += step(byte);
      Estimates(trie_).all_bits(next);
      for (const Byte byte : alphabet) bits[at++] = prefix_bits + next[byte];
    }
  }

  void next_distribution(IntegerDistribution& distribution) override {
    Estimates(trie_).assign_to(distribution);
  }

  Mark mark() override { return marks_.push({trie_.mark(), position_bytes_, total_bits_}); }

  void rewind(Mark mark) override {
    const Saved& saved = marks_.back_to(mark);
    trie_.rewind(saved.place);
    position_bytes_ = saved.position_bytes;
    total_bits_ = saved.total_bits;
  }

  void forget(Mark mark) override {
    marks_.forget(mark);
    trie_.keep_marks(!marks_.empty());
  }

  std::unique_ptr<State> clone() const override {
    auto copy = std::make_unique<NgramState>(*this);
    copy->marks_.clear();
    copy->trie_.keep_marks(false);
    return copy;
  }

 private:
  struct Saved {
    Trie::Place place;
    std::uint64_t position_bytes;
    double total_bits;
  };

  // Observes a byte; returns what it costs.
  double step(Byte byte) {
    const double bits = Estimates(trie_).bits(byte);
    trie_.learn(byte);
    return bits;
  }

  double bits_of(ByteView continuation) {
    if (continuation.size() == 1) return Estimates(trie_).bits(continuation[0]);
    const Excursion excursion(*this);
    double bits = 0;
    in_pieces(continuation, cancelled_, [&](ByteView piece) {
      for (const Byte byte : piece) bits += step(byte);
    });
    return bits;
  }

  std::function<bool()> cancelled_;
  Trie trie_;
  std::uint64_t position_bytes_ = 0;
  double total_bits_ = 0;
  MarkStack<Saved> marks_;
};

template <class Estimates>
class NgramModel final : public Model, public WritesAtTemperature {
 public:
  NgramModel(std::string spec, std::size_t order, std::function<bool()> cancelled)
      : spec_(std::move(spec)), order_(order), cancelled_(std::move(cancelled)) {}
  std::unique_ptr<State> start() const override {
    return std::make_unique<NgramState<Estimates>>(order_, cancelled_);
  }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return Granularity::fractional; }
  std::optional<std::uint64_t> window_bytes() const override { return std::nullopt; }
  bool portable() const override { return Estimates::kIntegers; }
  // Longer contexts have seen one continuation only: then, what is drawn is quoted.
  double text_temperature() const override {
    constexpr std::size_t kMostHedgedOrder = 5;
    return order_ <= kMostHedgedOrder ? kHedgedTextTemperature : 1;
  }

 private:
  std::string spec_;
  std::size_t order_;
  std::function<bool()> cancelled_;
};

template <class Estimates>
std::shared_ptr<const Model> model_with(const Arguments& arguments, const ModelOptions& options) {
  return std::make_shared<NgramModel<Estimates>>(
      arguments.spec(), static_cast<std::size_t>(arguments.integer("order")), options.cancelled);
}

}  // namespace
}  // namespace ngram

Backend ngram_backend() {
  Backend row;
  row.name = "ngram";
  row.summary = "adaptive order-N byte model, Witten-Bell interpolation";
  row.revision = 2;
  row.argument = Parameter::integer("order", 0, ngram::kMostOrder, "5",
                                    "bytes of context that predict the next");
  row.granularity = Granularity::fractional;
  row.window = "all of the context, N bytes at a time";
  row.library = [] { return std::string("kraft"); };
  row.make_model = [](const Arguments& arguments, const ModelOptions& options) {
    return arguments.revision() == 1 ? ngram::model_with<ngram::Doubles>(arguments, options)
                                     : ngram::model_with<ngram::Shares>(arguments, options);
  };
  return row;
}

}  // namespace kraft
