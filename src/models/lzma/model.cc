// LZMA as a model: a State over the engine that measures to fractions of a bit.

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_map>

#include "core/marks.h"
#include "kraft/compressor_model.h"
#include "kraft/error.h"
#include "models/lzma/engine.h"
#include "models/lzma/flips.h"
#include "models/lzma/model.h"

namespace kraft::lzma {
namespace {

struct Shared {
  Shared(const lzma_options_lzma& encoder, std::uint64_t tail, double container,
         const ModelOptions& model_options)
      : engine(encoder, model_options.threads, model_options.cancelled),
        options(encoder),
        dictionary_bytes(encoder.dict_size),
        tail_bytes(tail),
        container_bits(container) {}

  Engine engine;
  lzma_options_lzma options;
  std::uint64_t dictionary_bytes;
  std::uint64_t tail_bytes;
  double container_bits;
};

class LzmaState final : public State, private StockDecoder {
 public:
  explicit LzmaState(std::shared_ptr<Shared> shared)
      : shared_(std::move(shared)), trailing_(shared_->engine.start()) {}

  void observe(ByteView bytes) override {
    constexpr std::size_t kPiece = std::size_t{1} << 16;
    if (!bytes.empty()) base_bits_.reset();
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(kPiece, bytes.size()))) {
      append(kept_, bytes.first(std::min(kPiece, bytes.size())));
      if (position_bytes() - trailing_->position_bytes >= 2 * kPiece) follow();
    }
  }

  std::uint64_t position_bytes() const override { return begin_ + kept_.size(); }

  double context_bits() override {
    if (!base_bits_) {
      const ByteView nothing;
      double bits = 0;
      lengths({&nothing, 1}, {&bits, 1});
      base_bits_ = bits;
    }
    return *base_bits_ + shared_->container_bits;
  }

  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    const double base_bits = context_bits() - shared_->container_bits;
    std::unordered_map<std::string_view, std::size_t> place;
    std::vector<ByteView> distinct;
    for (ByteView continuation : continuations) {
      if (place.emplace(as_text(continuation), distinct.size()).second)
        distinct.push_back(continuation);
    }
    std::vector<double> lengths_bits(distinct.size());
    lengths(distinct, lengths_bits);
    for (std::size_t i = 0; i < continuations.size(); ++i)
      bits[i] = lengths_bits[place.at(as_text(continuations[i]))] - base_bits;
  }

  const StockDecoder* stock_decoder() const override { return this; }
  std::unique_ptr<CoinFlips> coin_flips(double temperature) const override {
    if (temperature != 1)
      throw UsageError("LZMA's probabilities have no temperature for coin flips; gzip's codes do");
    return std::make_unique<Flips>(kept_, shared_->options);
  }

  Mark mark() override { return marks_.push({position_bytes(), trailing_}); }

  void rewind(Mark mark) override {
    const Saved& saved = marks_.back_to(mark);
    kept_.resize(saved.position_bytes - begin_);
    if (trailing_->position_bytes > far_flush(saved.position_bytes)) trailing_ = saved.trailing;
    std::erase_if(flushed_, [&](const std::shared_ptr<const Checkpoint>& checkpoint) {
      return checkpoint->position_bytes > saved.position_bytes;
    });
    base_bits_.reset();
  }

  void forget(Mark mark) override { marks_.forget(mark); }

  std::unique_ptr<State> clone() const override {
    auto copy = std::make_unique<LzmaState>(*this);
    copy->marks_.clear();
    return copy;
  }

 private:
  struct Saved {
    std::uint64_t position_bytes;
    std::shared_ptr<const Checkpoint> trailing;
  };

  Text text(ByteView continuation = {}) const {
    return {.begin = begin_, .context = kept_, .continuation = continuation};
  }

  // Moves the unflushed encoder on, and drops what neither it nor a mark can need any more.
  void follow() {
    const std::uint64_t position = far_flush(position_bytes());
    if (position > trailing_->position_bytes)
      trailing_ = shared_->engine.advance(*trailing_, text(), position, /*flush=*/false);
    if (!marks_.empty()) return;
    const std::uint64_t needed = trailing_->reader.position_bytes();
    const std::uint64_t first = needed - std::min(needed, shared_->dictionary_bytes);
    if (first - begin_ <= kept_.size() / 2) return;  // each byte moves at most once on average
    kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(first - begin_));
    begin_ = first;
  }

  // The flushed encoder at a place within the context.
  std::shared_ptr<const Checkpoint> flushed_at(std::uint64_t flush) {
    if (flush == 0) return shared_->engine.start();
    const auto found = std::ranges::find(
        flushed_, flush, [](const auto& checkpoint) { return checkpoint->position_bytes; });
    if (found != flushed_.end()) return *found;
    // A growing context asks for the latest two near places, and perhaps two far ones.
    constexpr std::size_t kMost = 4;
    if (flushed_.size() == kMost) flushed_.erase(flushed_.begin());
    flushed_.push_back(shared_->engine.advance(*trailing_, text(), flush, /*flush=*/true));
    return flushed_.back();
  }

  Engine::Task task(ByteView continuation, std::uint64_t flush,
                    std::vector<std::shared_ptr<const Checkpoint>>& in_use) {
    // A flush within the continuation is made for it alone.
    const bool within_context = flush <= position_bytes();
    in_use.push_back(within_context ? flushed_at(flush) : trailing_);
    return {.from = in_use.back().get(),
            .flush = within_context ? std::nullopt : std::optional(flush),
            .text = text(continuation)};
  }

  // Sets bits[i] = l(context + continuations[i]) without the container.
  void lengths(std::span<const ByteView> continuations, std::span<double> bits) {
    follow();
    const auto message_bytes = [&](ByteView c) { return position_bytes() + c.size(); };
    std::vector<std::shared_ptr<const Checkpoint>> in_use;
    std::vector<Engine::Task> tasks;
    for (ByteView c : continuations)
      tasks.push_back(task(c, near_flush(message_bytes(c), shared_->tail_bytes), in_use));
    std::vector<Length> lengths(tasks.size());
    shared_->engine.lengths(tasks, lengths);

    // What was stored near the end is measured again from further back.
    std::vector<std::size_t> again;
    tasks.clear();
    for (std::size_t i = 0; i < continuations.size(); ++i) {
      bits[i] = lengths[i].bits;
      const std::uint64_t bytes = message_bytes(continuations[i]);
      const std::uint64_t far = far_flush(bytes);
      if (!lengths[i].stored || far == near_flush(bytes, shared_->tail_bytes)) continue;
      again.push_back(i);
      tasks.push_back(task(continuations[i], far, in_use));
    }
    shared_->engine.lengths(tasks, lengths);
    for (std::size_t i = 0; i < again.size(); ++i) bits[again[i]] = lengths[i].bits;
  }

  std::shared_ptr<Shared> shared_;
  Bytes kept_;  // the end of the context
  std::uint64_t begin_ = 0;
  std::shared_ptr<const Checkpoint> trailing_;  // never flushed, at least 2 KiB behind
  std::vector<std::shared_ptr<const Checkpoint>> flushed_;
  std::optional<double> base_bits_;
  MarkStack<Saved> marks_;
};

class LzmaModel final : public Model, public CompressorModel {
 public:
  LzmaModel(std::string spec, std::shared_ptr<Shared> shared)
      : spec_(std::move(spec)), shared_(std::move(shared)) {}

  std::unique_ptr<State> start() const override { return std::make_unique<LzmaState>(shared_); }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return Granularity::fractional; }
  std::optional<std::uint64_t> window_bytes() const override { return shared_->dictionary_bytes; }

 private:
  std::string spec_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace

std::shared_ptr<const Model> make_model(const lzma_options_lzma& options, std::uint64_t tail_bytes,
                                        double container_bits, const Arguments& arguments,
                                        const ModelOptions& model_options) {
  static const bool usable = rewind_self_check();
  if (!usable)
    throw Error(arguments.spec() + ": liblzma " + lzma_version_string() +
                " cannot be rewound; use bits=byte");
  auto shared = std::make_shared<Shared>(options, tail_bytes, container_bits, model_options);
  return std::make_shared<LzmaModel>(arguments.spec(), std::move(shared));
}

}  // namespace kraft::lzma
