// The general engine: a continuation's increment is the difference of the lengths of two whole
// streams, each compressed from the first byte; with dithering the mean of several such differences
// (MeasuredContext).

#include <algorithm>
#include <bit>
#include <functional>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "base/parallel.h"
#include "core/history.h"
#include "core/observing.h"
#include "kraft/compressor_model.h"
#include "kraft/error.h"
#include "kraft/registry.h"

namespace kraft {
namespace {

// What the states of one model share: the codec, the threads, an encoder for each.
class Recompressor {
 public:
  Recompressor(std::shared_ptr<const Codec> codec, const ModelOptions& options)
      : codec_(std::move(codec)),
        cancelled_(options.cancelled),
        pool_(options.threads),
        encoders_(pool_.size()),
        messages_(pool_.size()) {}

  // Sets lengths_bits[c * continuations.size() + i] = l(contexts[c] + continuations[i]).
  void lengths(std::span<const ByteView> contexts, std::span<const ByteView> continuations,
               std::span<double> lengths_bits) {
    pool_.run(lengths_bits.size(), [&](std::size_t at, unsigned worker) {
      stop_if_cancelled();
      try {
        const std::size_t count = continuations.size();
        lengths_bits[at] = length(worker, contexts[at / count], continuations[at % count]);
      } catch (const Error&) {
        stop_if_cancelled();  // a command that was killed with the interrupt did not fail
        throw;
      }
    });
  }

 private:
  double length(unsigned worker, ByteView context, ByteView continuation) {
    const bool first = !encoders_[worker];
    if (first) encoders_[worker] = codec_->encoder();
    Bytes& message = messages_[worker];
    message.assign(context.begin(), context.end());
    append(message, continuation);
    const double bits = encoders_[worker]->code_length(message);
    // Whose lengths are a matter of luck (some command's, say) cannot be a model.
    if (first && encoders_[worker]->code_length(message) != bits)
      throw Error("the compressor gives two lengths for the same message: it is no model");
    return bits;
  }

  void stop_if_cancelled() const { stop_if(cancelled_); }

  std::shared_ptr<const Codec> codec_;
  std::function<bool()> cancelled_;
  ThreadPool pool_;
  std::vector<std::unique_ptr<Encoder>> encoders_;  // one for each worker, made when first needed
  std::vector<Bytes> messages_;
};

class RecompressionState final : public State {
 public:
  // A context of less than one aligned piece could never begin.
  RecompressionState(std::shared_ptr<Recompressor> recompressor, const MeasuredContext& measured,
                     std::uint64_t alignment_bytes)
      : recompressor_(std::move(recompressor)),
        dither_(measured.dither),
        alignment_bytes_(alignment_bytes),
        history_(measured.bytes == 0 ? 0 : std::max(measured.bytes, alignment_bytes)) {}

  void observe(ByteView bytes) override {
    history_.observe(bytes);
    if (!bytes.empty()) base_bits_.clear();
  }

  std::uint64_t position_bytes() const override { return history_.position_bytes(); }

  // Of the longest one, with dithering.
  std::uint64_t context_bytes() const override { return contexts().front().size(); }

  double context_bits() override {
    measure_bases();
    return std::accumulate(base_bits_.begin(), base_bits_.end(), 0.0) /
           static_cast<double>(base_bits_.size());
  }

  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    measure_bases();
    std::unordered_map<std::string_view, std::size_t> place;
    std::vector<ByteView> distinct;
    for (ByteView continuation : continuations) {
      if (place.emplace(as_text(continuation), distinct.size()).second)
        distinct.push_back(continuation);
    }
    const std::vector<ByteView> contexts = this->contexts();
    std::vector<double> lengths(contexts.size() * distinct.size());
    recompressor_->lengths(contexts, distinct, lengths);
    for (std::size_t i = 0; i < continuations.size(); ++i) {
      double sum_bits = 0;
      for (std::size_t c = 0; c < contexts.size(); ++c)
        sum_bits +=
            lengths[c * distinct.size() + place.at(as_text(continuations[i]))] - base_bits_[c];
      bits[i] = sum_bits / static_cast<double>(contexts.size());
    }
  }

  Mark mark() override { return history_.mark(); }

  void rewind(Mark mark) override {
    history_.rewind(mark);
    base_bits_.clear();
  }

  void forget(Mark mark) override { history_.forget(mark); }

  std::unique_ptr<State> clone() const override {
    auto copy = std::make_unique<RecompressionState>(*this);
    copy->history_.forget_all();
    return copy;
  }

 private:
  void measure_bases() {
    if (!base_bits_.empty()) return;
    const std::vector<ByteView> contexts = this->contexts();
    const ByteView nothing;
    std::vector<double> lengths(contexts.size());
    recompressor_->lengths(contexts, {&nothing, 1}, lengths);
    base_bits_ = std::move(lengths);
  }

  // What there is of the context from an aligned place on.
  ByteView context() const {
    const ByteView all = history_.context();
    const std::uint64_t begin = history_.position_bytes() - all.size();
    const std::uint64_t skip = (alignment_bytes_ - begin % alignment_bytes_) % alignment_bytes_;
    return all.subspan(std::min<std::size_t>(all.size(), skip));
  }

  // All that a measurement compresses, the longest one first.
  std::vector<ByteView> contexts() const {
    const ByteView longest = context();
    if (dither_ == 1) return {longest};
    constexpr std::size_t kLeastPower = 256;
    std::vector<ByteView> contexts;
    for (std::size_t dropped = 0; contexts.size() < dither_ && dropped <= longest.size() / 2;
         dropped += alignment_bytes_) {
      const ByteView rest = longest.subspan(dropped);
      if (rest.size() < kLeastPower || !std::has_single_bit(rest.size())) contexts.push_back(rest);
    }
    if (contexts.empty()) contexts.push_back(longest);
    return contexts;
  }

  std::shared_ptr<Recompressor> recompressor_;
  std::uint64_t dither_;
  std::uint64_t alignment_bytes_;
  History history_;
  std::vector<double> base_bits_;  // of each context; empty: not known
};

class RecompressionModel final : public Model, public CompressorModel {
 public:
  RecompressionModel(std::shared_ptr<const Codec> codec, std::string spec,
                     const MeasuredContext& measured, const ModelOptions& options)
      : spec_(std::move(spec)),
        granularity_(measured.dither == 1 ? codec->granularity() : Granularity::fractional),
        measured_(measured),
        alignment_bytes_(codec->alignment_bytes()),
        recompressor_(std::make_shared<Recompressor>(std::move(codec), options)) {}

  std::unique_ptr<State> start() const override {
    return std::make_unique<RecompressionState>(recompressor_, measured_, alignment_bytes_);
  }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return granularity_; }
  std::optional<std::uint64_t> window_bytes() const override {
    return measured_.bytes == 0 ? std::nullopt : std::optional(measured_.bytes);
  }

 private:
  std::string spec_;
  Granularity granularity_;
  MeasuredContext measured_;
  std::uint64_t alignment_bytes_;
  std::shared_ptr<Recompressor> recompressor_;
};

}  // namespace

std::shared_ptr<const Model> model_of(std::shared_ptr<const Codec> codec, std::string spec,
                                      const MeasuredContext& context, const ModelOptions& options) {
  if (context.dither == 0) throw UsageError("dither: 0 is out of range: 1..");
  return std::make_shared<RecompressionModel>(std::move(codec), std::move(spec), context, options);
}

}  // namespace kraft
