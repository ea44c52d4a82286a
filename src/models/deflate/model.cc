// DEFLATE as a model: one State over whichever engine measures it.

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "core/history.h"
#include "kraft/compressor_model.h"
#include "kraft/error.h"
#include "models/deflate/clone.h"
#include "models/deflate/flips.h"
#include "models/deflate/model.h"
#include "models/deflate/twin.h"

namespace kraft::deflate {
namespace {

// An Engine has observe, position_bytes, bits, measure, mark, rewind, forget and a copy
// constructor; one that can walk prefixes as a trie has extend as well.
template <typename Engine>
class DeflateState final : public State, private StockDecoder {
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

  const StockDecoder* stock_decoder() const override { return this; }
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
    const Saved* saved = marks_.find(mark);
    if (saved == nullptr) return;
    engine_.forget(saved->engine);
    history_.forget(saved->history);
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
class DeflateModel final : public Model, public CompressorModel {
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

std::string usable_engine(const Parameters& parameters) {
  static std::mutex mutex;
  static std::vector<std::pair<Parameters, bool>> checked;  // whether the twin may be used
  const std::lock_guard lock(mutex);
  auto known = std::ranges::find(checked, parameters, [](const auto& one) { return one.first; });
  if (known == checked.end()) known = checked.insert(known, {parameters, self_check(parameters)});
  if (known->second) return "twin";
  static const bool can_clone = clone_self_check();
  return can_clone && parameters.level != 0 ? "clone" : "recompress";
}

std::string engine_for(const Arguments& arguments, const Parameters& parameters) {
  const std::string& asked = arguments.text("engine");
  if (asked == "clone" && parameters.level == 0)  // stored blocks have no state to clone
    throw UsageError("engine=clone needs a level of 1..9, not 0");
  return asked == "auto" ? usable_engine(parameters) : asked;
}

Parameter engine_parameter(std::string meaning) {
  Parameter parameter = Parameter::choice("engine", {"auto", "twin", "clone", "recompress"}, "auto",
                                          std::move(meaning));
  parameter.of_model = true;
  return parameter;
}

std::shared_ptr<const Model> make_model(const std::string& engine, std::string spec,
                                        const Parameters& parameters, Container container) {
  if (engine == "twin")
    return std::make_shared<DeflateModel<Twin>>(std::move(spec), parameters, container);
  return std::make_shared<DeflateModel<Clone>>(std::move(spec), parameters, container);
}

}  // namespace kraft::deflate
