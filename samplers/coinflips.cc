// coinflips: fair coin flips go into a decoder, which takes them for a compressed text. To
// decompress noise is to sample.
//
// A decoder of a prefix code with lengths l that is fed with fair coin flips decodes x with
// probability 2^-l(x). Fewer flips than the entropy are not possible on average (Knuth and Yao,
// "The complexity of nonuniform random number generation", 1976). There are two kinds of decoders
// here:
//
// - The stock decompressor of the model's format, where it has one that can be put behind a context
//   (State::stock_decoder()). It draws from the code, which is a distribution over parses: literals
//   and copies, each as probable as the format has it there. Texts that have many parses are drawn
//   by any of them, and a copy is drawn without regard to what it is joined to. It chooses between
//   all bytes, so alphabets mean nothing to it, and of the filters only max-copy does: a symbol
//   that would complete too long a quotation is drawn again. Every `segment` bytes it is put back
//   behind the context: what runs on for long copies what it has drawn itself.
//
// - For every other model the arithmetic decoder of its own distributions, after the filters
//   (Rissanen and Langdon 1979). It wastes no flip on rounding: a text costs as many of them as
//   the model counts bits, and some that wait in the decoder at the end. The probabilities are
//   those of `ancestral` in units of 2^-48 (kraft/coder.h); what it draws with the same seed
//   differs, because the flips are spent bit by bit and not 53 of them on each choice.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <optional>

#include "core/observing.h"
#include "kraft/coder.h"
#include "kraft/coinflips.h"
#include "kraft/error.h"
#include "samplers/ancestral.h"
#include "samplers/copy_limit.h"
#include "samplers/options.h"
#include "samplers/registry.h"
#include "samplers/run_sampler.h"

namespace kraft {
namespace {

class Coinflips {
 public:
  static constexpr bool kSearches = false;

  Coinflips(Drawing& drawing, const SamplerOptions&)
      : drawing_(drawing), next_units_(drawing), decoder_([this] { return eight_flips(); }) {}

  Step next() {
    next_units_.measure();
    const auto choices = drawing_.survivors(next_units_.units(), next_units_.bits());
    bits_.clear();
    for (const Choice& choice : choices) bits_.push_back(-std::log2(choice.probability));
    distribution_.assign(bits_);
    drawn_unit_ = choices[decoder_.decode(distribution_)].unit;
    const bool by_units = drawing_.candidates().model_units();
    return {next_units_.units()[drawn_unit_],
            {&drawn_unit_, by_units ? 1U : 0U},
            next_units_.bits()[drawn_unit_]};
  }

 private:
  Byte eight_flips() {
    if (flips_left_ == 0) {
      flips_ = drawing_.random().bits();
      flips_left_ = 64;
    }
    const auto byte = static_cast<Byte>(flips_ >> 56);
    flips_ <<= 8;
    flips_left_ -= 8;
    return byte;
  }

  Drawing& drawing_;
  NextUnits next_units_;
  std::vector<double> bits_;
  IntegerDistribution distribution_;
  std::uint64_t flips_ = 0;
  int flips_left_ = 0;
  std::uint32_t drawn_unit_ = 0;
  RangeDecoder decoder_;  // last: it takes flips at once
};

constexpr int kDefaultSegment = SamplerOptions{}.segment;

// What has no meaning for a decompressor, which knows no candidates.
void check_decompressor(const SamplerOptions& options, const Candidates& candidates,
                        const SampleRequest& request) {
  if (!request.suffix.empty()) throw_no_suffix();
  const SamplerOptions unchanged{
      .max_copy = options.max_copy, .temperature = options.temperature, .segment = options.segment};
  for (const SamplerOption& option : sampler_options()) {
    if (option.common && !same_value(option, options, unchanged))
      throw UsageError("coinflips: " + option.name +
                       " has no meaning for this model, whose own decompressor takes the flips");
  }
  if (!candidates.single_bytes() || candidates.restricted() || candidates.size() != 256)
    throw UsageError(
        "coinflips: candidates must be all bytes for this model, whose own decompressor takes the "
        "flips");
}

// max-copy for a decompressor.
//
// How much of the probability is left at a place does not show, but how often something had to be
// drawn there does: where the n-th is the first that stays, 1 + 1/2 + ... + 1/(n - 1) has the
// expectation -ln of what is left (van Opheusden, Acerbi and Ma, "Unbiased and efficient
// log-likelihood estimation with inverse binomial sampling", PLOS Computational Biology 16(12),
// 2020). Where a symbol's beginning does not show either, as of LZMA, that is an approximation.
class Unquoting final : public SegmentFilter {
 public:
  // Nothing is left, or next to nothing, where that many were drawn in turn.
  static constexpr int kMostDrawn = 1000;

  Unquoting(int max_copy_bytes, const SampleRequest& request)
      : request_(request),
        quotes_(max_copy_bytes),
        text_(request.history.begin(), request.history.end()),
        history_bytes_(text_.size()) {
    quotes_.learn(text_);
  }

  void begin_segment() {
    leave_place();
    begin_ = text_.size();
  }

  std::size_t keep(std::size_t place, ByteView bytes) override {
    go_back_to(place);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const auto end = quotes_.end(text_, text_.size() - history_bytes_);
      if (end.completes(bytes.subspan(i, 1))) return i;
      push(bytes.subspan(i, 1));
    }
    return bytes.size();
  }

  bool again(std::size_t place) override {
    stop_if(request_.cancelled);
    if (drawn_again_ == 0 || place > place_) {
      leave_place();
      place_ = place;
    }
    if (++drawn_again_ < kMostDrawn) {
      bits_ += 1 / (drawn_again_ * std::numbers::ln2);
      return true;
    }
    ++report_.exceeded;
    drawn_again_ = 0;
    bits_ = 0;
    return false;
  }

  void keep_all(std::size_t place, ByteView bytes) override {
    go_back_to(place);
    push(bytes);
  }

  const CopyLimitReport& finish() {
    leave_place();
    return report_;
  }

 private:
  void go_back_to(std::size_t place) {
    quotes_.unlearn(text_, begin_ + place);
    text_.resize(begin_ + place);
  }

  void push(ByteView bytes) {
    append(text_, bytes);
    quotes_.learn(text_);
  }

  void leave_place() {
    if (drawn_again_ > 0) ++report_.limited;
    report_.bits += bits_;
    drawn_again_ = 0;
    bits_ = 0;
  }

  const SampleRequest& request_;
  QuoteIndex quotes_;
  Bytes text_;  // history and what has been drawn
  std::size_t history_bytes_;
  std::size_t begin_ = 0;  // of the segment
  std::size_t place_ = 0;  // the farthest, where something is drawn again
  int drawn_again_ = 0;    // how often, there
  double bits_ = 0;        // that this costs
  CopyLimitReport report_;
};

class CoinflipsSampler final : public Sampler {
 public:
  explicit CoinflipsSampler(const SamplerOptions& options)
      : options_(options), arithmetic_(options) {}

  void sample(State& state, const Candidates& candidates, const SampleRequest& request,
              Random& random, const Sink& sink) const override {
    if (const StockDecoder* decoder = state.stock_decoder()) {
      check_decompressor(options_, candidates, request);
      const auto flips = decoder->coin_flips(options_.temperature);
      decompress(*flips, state, request, random, sink);
      return;
    }
    if (options_.segment != kDefaultSegment)
      throw UsageError(
          "coinflips: segment has no meaning for this model, which has no decompressor of its own "
          "to take the flips");
    arithmetic_.sample(state, candidates, request, random, sink);
  }

 private:
  void decompress(CoinFlips& decompressor, State& state, const SampleRequest& request,
                  Random& random, const Sink& sink) const {
    const auto start = std::chrono::steady_clock::now();
    SpanReport report;
    std::optional<Unquoting> unquoting;
    if (options_.max_copy > 0) unquoting.emplace(options_.max_copy, request);
    Bytes segment(std::min<std::uint64_t>(static_cast<std::uint64_t>(options_.segment),
                                          request.length_bytes));
    for (bool wanted = true; wanted && report.size_bytes < request.length_bytes;) {
      stop_if(request.cancelled);
      const std::uint64_t left = request.length_bytes - report.size_bytes;
      const auto bytes = std::span(segment).first(std::min<std::uint64_t>(segment.size(), left));
      if (unquoting) unquoting->begin_segment();
      report.bits += decompressor.draw_filtered(bytes, random, unquoting ? &*unquoting : nullptr);
      report.size_bytes += bytes.size();
      if (!request.state_is_spent) state.observe(bytes);
      if (request.proposal != nullptr) request.proposal->observe(bytes);
      wanted = !sink || sink(bytes);
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    report.seconds = elapsed.count();
    report.decoder = decompressor.decoder();
    report.refused = decompressor.refused();
    if (request.report) request.report(report);
    if (unquoting && request.copy_limit) request.copy_limit(unquoting->finish());
  }

  SamplerOptions options_;
  RunSampler<Coinflips> arithmetic_;
};

}  // namespace

SamplerRow coinflips_row() {
  return {
      "coinflips",
      "random bits into a decoder: of gzip, zlib, deflate, xz and lzma the stock decompressor, "
      "which draws parses and not texts, of other models the arithmetic decoder, ancestral as "
      "decompression",
      {"segment"},
      [](const SamplerOptions& options) { return std::make_unique<CoinflipsSampler>(options); }};
}

}  // namespace kraft
