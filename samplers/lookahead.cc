// lookahead: one byte at a time, each drawn by what follows it: the repair of the horizon of one
// byte in Deletang et al., "Language Modeling Is Compression", ICLR 2024. A byte's weight is the
// marginal of the joint distribution over the next `horizon` bytes,
//
//     w(b) = sum of 2^-(l(x b c) - l(x)) over all continuations c of horizon - 1 bytes,
//
// estimated from the continuations that a beam search finds:
//
//   1. Extend all partial continuations that are kept by all bytes of the alphabet.
//   2. Before the horizon: keep the `beam_width` extensions of least bits, and besides them the
//      best one of each first byte that has none among them: of the `beam_width` best ones of
//      those. Again from 1.
//   3. At the horizon: w(b) is the sum over all extensions that begin with b. None is dropped here.
//
// A first byte that is left behind keeps the share that it had: its sum at that depth, to the sum
// at that depth of those that go on, is its weight to theirs. So every possible byte keeps a
// weight, at the cost of up to 2 * beam width * alphabet measurements for each byte of the horizon.
// Where no first byte is left behind every w(b) is a lower bound of the marginal, exact where the
// width never cuts anything off, and with a horizon of 1 it is that of `ancestral`. What the bound
// omits is mass in many improbable continuations: a narrow beam draws more fluent text, and more of
// it by heart, than the joint distribution would.
//
// The filters then choose between the bytes by w. Repetition control applies to every byte of every
// continuation instead. Where no continuation can be continued, w is that of the step before.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "sampler_support.h"

namespace kraft {
namespace {

class Lookahead {
 public:
  static constexpr bool kSearches = true;

  Lookahead(Drawing& drawing, const SamplerOptions& options)
      : drawing_(drawing),
        frontier_(drawing, options),
        horizon_(static_cast<std::size_t>(options.horizon)),
        width_(static_cast<std::size_t>(options.beam_width)) {
    require_single_bytes(drawing.candidates(), "lookahead");
  }

  ByteView next() {
    frontier_.reset();
    weights_bits_.fill(kInfinity);
    left_behind_.reset();
    for (;;) {
      std::vector<Extension>& extensions = frontier_.expand();
      if (extensions.empty()) break;
      find_best(extensions);
      weigh(extensions);
      if (frontier_.depth() + 1 == horizon_) break;
      prune(extensions);
      frontier_.keep(extensions);
    }
    return choose();
  }

 private:
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();
  using Weights = std::array<double, 256>;  // -log2 w by first byte; infinite: impossible

  // The best extension that begins with each byte.
  void find_best(std::span<const Extension> extensions) {
    best_.fill({.bits = kInfinity});
    for (const Extension& extension : extensions) {
      Extension& best = best_[frontier_.first_byte(extension)];
      if (extension < best) best = extension;
    }
  }

  // Sums over the extensions of each first byte, in the scale of those left behind.
  void weigh(std::span<const Extension> extensions) {
    std::array<double, 256> sums{};  // relative to the best, so that none is rounded to 0
    for (const Extension& extension : extensions) {
      const Byte first = frontier_.first_byte(extension);
      sums[first] += std::exp2(best_[first].bits - extension.bits);
    }
    Weights weights_bits;
    for (std::size_t b = 0; b < 256; ++b)
      weights_bits[b] = sums[b] == 0 ? kInfinity : best_[b].bits - std::log2(sums[b]);
    const double scale_bits =
        left_behind_.any() ? total_bits(weights_bits_) - total_bits(weights_bits) : 0;
    for (std::size_t b = 0; b < 256; ++b) {
      if (!left_behind_.test(b)) weights_bits_[b] = weights_bits[b] + scale_bits;
    }
  }

  // -log2 of the weights of all first bytes that are not left behind. One of them is possible.
  double total_bits(const Weights& weights_bits) const {
    double least_bits = kInfinity, sum = 0;
    for (std::size_t b = 0; b < 256; ++b) {
      if (!left_behind_.test(b)) least_bits = std::min(least_bits, weights_bits[b]);
    }
    for (std::size_t b = 0; b < 256; ++b) {
      if (!left_behind_.test(b)) sum += std::exp2(least_bits - weights_bits[b]);
    }
    return least_bits - std::log2(sum);
  }

  void prune(std::vector<Extension>& extensions) {
    keep_best(extensions, width_);
    const Extension last = extensions.back();
    others_.clear();
    for (const Extension& best : best_) {
      if (std::isfinite(best.bits) && last < best) others_.push_back(best);
    }
    std::sort(others_.begin(), others_.end());
    for (std::size_t i = 0; i < others_.size(); ++i) {
      if (i < width_) {
        extensions.push_back(others_[i]);
      } else {
        left_behind_.set(frontier_.first_byte(others_[i]));
      }
    }
  }

  ByteView choose() {
    units_.clear();
    bits_.clear();
    for (ByteView unit : drawing_.units()) {
      if (!std::isfinite(weights_bits_[unit[0]])) continue;
      units_.push_back(unit);
      bits_.push_back(weights_bits_[unit[0]]);
    }
    if (units_.empty()) drawing_.throw_impossible();
    return units_[drawing_.choose(units_, bits_)];
  }

  Drawing& drawing_;
  Frontier frontier_;
  std::size_t horizon_;
  std::size_t width_;
  std::array<Extension, 256> best_;
  std::vector<Extension> others_;
  Weights weights_bits_;
  ByteSet left_behind_;
  std::vector<ByteView> units_;  // the possible first bytes
  std::vector<double> bits_;     // -log2 w
};

}  // namespace

SamplerRow lookahead_row() {
  return {"lookahead",
          "one byte at a time, by the best that may come after it",
          {"horizon", "beam-width"},
          make_run_sampler<Lookahead>};
}

}  // namespace kraft
