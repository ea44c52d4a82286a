// The general engine: a continuation's increment is the difference of the lengths of two whole
// streams, each compressed from the first byte.

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_map>

#include "base/parallel.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "models/history.h"

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

  // Sets lengths_bits[i] = l(context + continuations[i]).
  void lengths(ByteView context, std::span<const ByteView> continuations,
               std::span<double> lengths_bits) {
    pool_.run(continuations.size(), [&](std::size_t i, unsigned worker) {
      stop_if_cancelled();
      try {
        lengths_bits[i] = length(worker, context, continuations[i]);
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

  void stop_if_cancelled() const {
    if (cancelled_ && cancelled_()) throw Cancelled("interrupted");
  }

  std::shared_ptr<const Codec> codec_;
  std::function<bool()> cancelled_;
  ThreadPool pool_;
  std::vector<std::unique_ptr<Encoder>> encoders_;  // one for each worker, made when first needed
  std::vector<Bytes> messages_;
};

class RecompressionState final : public State {
 public:
  // A context of less than one aligned piece could never begin.
  RecompressionState(std::shared_ptr<Recompressor> recompressor, std::uint64_t context_bytes,
                     std::uint64_t alignment_bytes)
      : recompressor_(std::move(recompressor)),
        alignment_bytes_(alignment_bytes),
        history_(context_bytes == 0 ? 0 : std::max(context_bytes, alignment_bytes)) {}

  void observe(ByteView bytes) override {
    history_.observe(bytes);
    if (!bytes.empty()) base_bits_.reset();
  }

  std::uint64_t position_bytes() const override { return history_.position_bytes(); }

  std::uint64_t context_bytes() const override { return context().size(); }

  double context_bits() override {
    if (!base_bits_) {
      const ByteView nothing;
      double bits = 0;
      recompressor_->lengths(context(), {&nothing, 1}, {&bits, 1});
      base_bits_ = bits;
    }
    return *base_bits_;
  }

  void measure(std::span<const ByteView> continuations, std::span<double> bits) override {
    const double base_bits = context_bits();
    std::unordered_map<std::string_view, std::size_t> place;
    std::vector<ByteView> distinct;
    for (ByteView continuation : continuations) {
      if (place.emplace(as_text(continuation), distinct.size()).second)
        distinct.push_back(continuation);
    }
    std::vector<double> lengths(distinct.size());
    recompressor_->lengths(context(), distinct, lengths);
    for (std::size_t i = 0; i < continuations.size(); ++i)
      bits[i] = lengths[place.at(as_text(continuations[i]))] - base_bits;
  }

  Mark mark() override { return history_.mark(); }

  void rewind(Mark mark) override {
    history_.rewind(mark);
    base_bits_.reset();
  }

  void forget(Mark mark) override { history_.forget(mark); }

  std::unique_ptr<State> clone() const override {
    auto copy = std::make_unique<RecompressionState>(*this);
    copy->history_.forget_all();
    return copy;
  }

 private:
  // What there is of the context from an aligned place on.
  ByteView context() const {
    const ByteView all = history_.context();
    const std::uint64_t begin = history_.position_bytes() - all.size();
    const std::uint64_t skip = (alignment_bytes_ - begin % alignment_bytes_) % alignment_bytes_;
    return all.subspan(std::min<std::size_t>(all.size(), skip));
  }

  std::shared_ptr<Recompressor> recompressor_;
  std::uint64_t alignment_bytes_;
  History history_;
  std::optional<double> base_bits_;
};

class RecompressionModel final : public Model {
 public:
  RecompressionModel(std::shared_ptr<const Codec> codec, std::string spec,
                     std::uint64_t context_bytes, const ModelOptions& options)
      : spec_(std::move(spec)),
        granularity_(codec->granularity()),
        context_bytes_(context_bytes),
        alignment_bytes_(codec->alignment_bytes()),
        recompressor_(std::make_shared<Recompressor>(std::move(codec), options)) {}

  std::unique_ptr<State> start() const override {
    return std::make_unique<RecompressionState>(recompressor_, context_bytes_, alignment_bytes_);
  }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return granularity_; }
  std::optional<std::uint64_t> window_bytes() const override {
    return context_bytes_ == 0 ? std::nullopt : std::optional(context_bytes_);
  }

 private:
  std::string spec_;
  Granularity granularity_;
  std::uint64_t context_bytes_;
  std::uint64_t alignment_bytes_;
  std::shared_ptr<Recompressor> recompressor_;
};

}  // namespace

std::shared_ptr<const Model> model_of(std::shared_ptr<const Codec> codec, std::string spec,
                                      std::uint64_t context_bytes, const ModelOptions& options) {
  return std::make_shared<RecompressionModel>(std::move(codec), std::move(spec), context_bytes,
                                              options);
}

}  // namespace kraft
