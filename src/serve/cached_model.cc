#include "serve/cached_model.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "core/drawing.h"
#include "core/observing.h"
#include "kraft/compressor_model.h"
#include "kraft/context_bits.h"
#include "kraft/text_temperature.h"
#include "serve/work.h"

namespace kraft::serve {
namespace {

struct Source {
  std::shared_ptr<const Model> model;
  StateCache* cache;
  std::size_t corpus_bytes;
};

// Waits for what it is to observe first, the whole context, before it is made.
class CachedState final : public State, public ReadsAtOnce, public DrawnState {
 public:
  explicit CachedState(const Source& source) : source_(source) {}

  ~CachedState() override {
    if (!inner_ || !sound_ || kept_) return;
    try {
      source_.cache->put(source_.model, std::move(context_), std::move(inner_));
    } catch (...) {  // it is not kept, then
    }
  }

  void observe(ByteView bytes) override {
    if (!inner_) return begin(bytes);
    guarded([&] { kraft::observe(*inner_, bytes, Work::current_is_cancelled); });
    if (!kept_) append(context_, bytes);
  }

  void set_drawing(bool drawing) override {
    if (kraft::learns_what_is_drawn(begun())) return;
    keep();
    kraft::set_drawing(begun(), drawing);
  }
  bool learns_what_is_drawn() const override {
    return inner_ == nullptr || kraft::learns_what_is_drawn(*inner_);
  }

  std::uint64_t position_bytes() const override { return inner_ ? inner_->position_bytes() : 0; }
  double context_bits() override {
    return guarded([&] { return begun().context_bits(); });
  }
  std::uint64_t context_bytes() const override { return inner_ ? inner_->context_bytes() : 0; }
  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    guarded([&] { begun().measure(continuations, bits); });
  }
  void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
              std::span<double> bits) override {
    guarded([&] { begun().extend(prefixes, alphabet, bits); });
  }

  void next_distribution(IntegerDistribution& distribution) override {
    guarded([&] { begun().next_distribution(distribution); });
  }

  UnitState* by_units() override {
    keep();
    return begun().by_units();
  }
  ChoiceState* by_choices() override {
    keep();
    return begun().by_choices();
  }
  const StockDecoder* stock_decoder() const override {
    return inner_ ? inner_->stock_decoder() : fresh_decoder();
  }

  Mark mark() override {
    keep();
    return begun().mark();
  }
  void rewind(Mark mark) override { begun().rewind(mark); }
  void forget(Mark mark) override { begun().forget(mark); }

  std::unique_ptr<State> clone() const override {
    return inner_ ? inner_->clone() : std::make_unique<CachedState>(source_);
  }

 private:
  State& begun() {
    if (!inner_) begin({});
    return *inner_;
  }

  void begin(ByteView context) {
    auto found = source_.cache->longest_prefix(*source_.model, context);
    std::size_t observed = found ? found->bytes : 0;
    auto state = found ? std::move(found->state) : source_.model->start();
    const auto observe_up_to = [&](std::size_t end) {
      Work::stop_if_current_is_cancelled();
      kraft::observe(*state, context.subspan(observed, end - observed), Work::current_is_cancelled);
      observed = end;
    };
    if (observed < source_.corpus_bytes && source_.corpus_bytes < context.size()) {
      observe_up_to(source_.corpus_bytes);
      const ByteView corpus = context.first(source_.corpus_bytes);
      source_.cache->put(source_.model, Bytes(corpus.begin(), corpus.end()), state->clone());
    }
    observe_up_to(context.size());
    inner_ = std::move(state);
    context_.assign(context.begin(), context.end());
    sound_ = true;
  }

  // From here on, the state may move in ways that are not followed: what there is now is kept.
  void keep() {
    begun();
    if (kept_ || !sound_) return;
    kept_ = true;
    source_.cache->put(source_.model, std::move(context_), inner_->clone());
  }

  // A state that has failed is kept no more.
  template <class Call>
  std::invoke_result_t<Call> guarded(Call call) {
    try {
      return call();
    } catch (...) {
      sound_ = false;
      throw;
    }
  }

  // Of a state that has observed nothing, whoever asks before it does.
  const StockDecoder* fresh_decoder() const {
    if (!fresh_) fresh_ = source_.model->start();
    return fresh_->stock_decoder();
  }

  Source source_;
  std::unique_ptr<State> inner_;
  mutable std::unique_ptr<State> fresh_;
  Bytes context_;       // that inner_ has observed, as long as it is not kept
  bool sound_ = false;  // inner_ is what it should be after the context
  bool kept_ = false;   // the cache has a copy
};

class CachedModel : public Model,
                    public PricesContextWhenAsked,
                    public DrawingModel,
                    public WritesAtTemperature {
 public:
  explicit CachedModel(Source source) : source_(std::move(source)) {}

  std::unique_ptr<State> start() const override { return std::make_unique<CachedState>(source_); }
  std::unique_ptr<State> start_drawing() const override {
    if (dynamic_cast<const DrawingModel*>(&inner()) != nullptr)
      return kraft::start_drawing(inner());  // another state than that for predicting
    return start();
  }
  const std::string& spec() const override { return inner().spec(); }
  Granularity granularity() const override { return inner().granularity(); }
  std::optional<std::uint64_t> window_bytes() const override { return inner().window_bytes(); }
  std::string fingerprint() const override { return inner().fingerprint(); }
  bool portable() const override { return inner().portable(); }
  std::uint64_t parameters() const override { return inner().parameters(); }
  std::span<const Bytes> units() const override { return inner().units(); }
  bool context_bits_cost_more() const override { return kraft::context_bits_cost_more(inner()); }
  double text_temperature() const override { return kraft::text_temperature(inner()); }

 private:
  const Model& inner() const { return *source_.model; }

  Source source_;
};

class CachedCompressorModel final : public CachedModel, public CompressorModel {
  using CachedModel::CachedModel;
};

}  // namespace

std::shared_ptr<const Model> cached(std::shared_ptr<const Model> model, StateCache& cache,
                                    std::size_t corpus_bytes) {
  const bool compressor = measures_compressor(*model);
  Source source{std::move(model), &cache, corpus_bytes};
  if (compressor) return std::make_shared<CachedCompressorModel>(std::move(source));
  return std::make_shared<CachedModel>(std::move(source));
}

}  // namespace kraft::serve
