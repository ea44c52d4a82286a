// DEFLATE as a model: one State over whichever engine measures it.

#include <vector>

#include "codecs/deflate.h"
#include "kraft/error.h"
#include "models/deflate/clone.h"
#include "models/deflate/flips.h"
#include "models/deflate/twin.h"
#include "models/history.h"

namespace kraft::deflate {
namespace {

// An Engine has observe, position_bytes, bits, measure, mark, rewind, forget and a copy
// constructor; one that can walk prefixes as a trie has extend as well.
template <typename Engine>
class DeflateState final : public State {
 public:
  DeflateState(const Parameters& parameters, Container container)
      : parameters_(parameters),
        engine_(parameters),
        history_(kFlipsContextBytes),
        container_bits_(static_cast<double>(container_bits(container))) {}

  void observe(ByteView bytes) override {
    engine_.observe(bytes);
    history_.observe(bytes);
    if (!bytes.empty()) base_bits_.reset();
  }

  std::uint64_t position_bytes() const override { return engine_.position_bytes(); }

  double context_bits() override { return static_cast<double>(base()) + container_bits_; }

  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    lengths_.resize(continuations.size());
    engine_.measure(continuations, lengths_);
    subtract_base(bits);
  }

  void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
              std::span<double> bits) override {
    if constexpr (requires { engine_.extend(prefixes, alphabet, std::span(lengths_)); }) {
      lengths_.resize(prefixes.size() * alphabet.size());
      engine_.extend(prefixes, alphabet, std::span(lengths_));
      subtract_base(bits);
    } else {
      State::extend(prefixes, alphabet, bits);
    }
  }

  std::unique_ptr<CoinFlips> coin_flips(double temperature) const override {
    return std::make_unique<Flips>(history_.context(), parameters_, temperature);
  }

  Mark mark() override { return marks_.push({engine_.mark(), history_.mark()}); }
  void rewind(Mark mark) override {
    const Saved saved = marks_.back_to(mark);
    engine_.rewind(saved.engine);
    history_.rewind(saved.history);
    base_bits_.reset();
  }
  void forget(Mark mark) override {
    if (!marks_.holds(mark)) return;
    const Saved saved = marks_.back_to(mark);
    engine_.forget(saved.engine);
    history_.forget(saved.history);
    marks_.forget(mark);
  }
  std::unique_ptr<State> clone() const override {
    auto copy = std::make_unique<DeflateState>(*this);
    copy->marks_.clear();
    copy->history_.forget_all();
    return copy;
  }

 private:
  struct Saved {
    Mark engine, history;
  };

  std::uint64_t base() {
    if (!base_bits_) base_bits_ = engine_.bits();
    return *base_bits_;
  }

  void subtract_base(std::span<double> bits) {
    const auto base_bits = static_cast<double>(base());
    for (std::size_t i = 0; i < lengths_.size(); ++i)
      bits[i] = static_cast<double>(lengths_[i]) - base_bits;
  }

  Parameters parameters_;
  Engine engine_;
  History history_;  // for coin flips
  MarkStack<Saved> marks_;
  double container_bits_;
  std::optional<std::uint64_t> base_bits_;
  std::vector<std::uint64_t> lengths_;
};

template <typename Engine>
class DeflateModel final : public Model {
 public:
  DeflateModel(std::string spec, const Parameters& parameters, Container container)
      : spec_(std::move(spec)), parameters_(parameters), container_(container) {}

  std::unique_ptr<State> start() const override {
    return std::make_unique<DeflateState<Engine>>(parameters_, container_);
  }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return Granularity::bit; }
  std::optional<std::uint64_t> window_bytes() const override {
    return std::uint64_t{1} << parameters_.window_bits;
  }

 private:
  std::string spec_;
  Parameters parameters_;
  Container container_;
};

}  // namespace

std::string usable_engine() {
  static const std::string engine = self_check()         ? "twin"
                                    : clone_self_check() ? "clone"
                                                         : "recompress";
  return engine;
}

std::shared_ptr<const Model> make_model(std::shared_ptr<const Codec> codec, Container container,
                                        const Parameters& parameters, const Arguments& arguments,
                                        const ModelOptions& options) {
  const bool automatic = arguments.text("engine") == "auto";
  std::string engine = automatic ? usable_engine() : arguments.text("engine");
  if (engine == "clone" && parameters.level == 0) {
    if (!automatic) throw UsageError("engine=clone needs a level of 1..9, not 0");
    engine = "recompress";
  }
  if (engine == "twin")
    return std::make_shared<DeflateModel<Twin>>(arguments.spec(), parameters, container);
  if (engine == "clone")
    return std::make_shared<DeflateModel<Clone>>(arguments.spec(), parameters, container);
  return model_of(std::move(codec), arguments.spec(), {}, options);
}

}  // namespace kraft::deflate
