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
#include <cmath>
#include <limits>

#include "samplers/frontier.h"
#include "samplers/registry.h"
#include "samplers/run_sampler.h"

namespace kraft {
namespace {

class Lookahead {
 public:
  static constexpr bool kSearches = true;

  Lookahead(Drawing& drawing, const SamplerOptions& options)
      : drawing_(drawing),
        frontier_(drawing, options),
        horizon_(static_cast<std::size_t>(options.horizon)),
        width_(static_cast<std::size_t>(options.beam_width)),
        temperature_(options.temperature),
        best_(drawing.units().size()),
        sums_(drawing.units().size()),
        sum_bits_(drawing.units().size()),
        weights_bits_(drawing.units().size()),
        left_behind_(drawing.units().size()) {
    require_bytes_or_units(drawing.candidates(), "lookahead");
  }

  Step next() {
    frontier_.reset();
    std::ranges::fill(weights_bits_, kInfinity);
    left_behind_.assign(left_behind_.size(), false);
    any_left_behind_ = false;
    for (;;) {
      std::vector<Extension>& extensions = frontier_.expand();
      if (frontier_.depth() == 0) frontier_.count_limit(temperature_);
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

  // The best extension that begins with each unit.
  void find_best(std::span<const Extension> extensions) {
    std::ranges::fill(best_, Extension{.bits = kInfinity});
    for (const Extension& extension : extensions) {
      Extension& best = best_[frontier_.first_unit(extension)];
      if (extension < best) best = extension;
    }
  }

  // Sums over the extensions of each first unit, in the scale of those left behind.
  void weigh(std::span<const Extension> extensions) {
    std::ranges::fill(sums_, 0.0);  // relative to the best, so that none is rounded to 0
    for (const Extension& extension : extensions) {
      const std::uint32_t first = frontier_.first_unit(extension);
      sums_[first] += std::exp2(best_[first].bits - extension.bits);
    }
    for (std::size_t u = 0; u < sums_.size(); ++u)
      sum_bits_[u] = sums_[u] == 0 ? kInfinity : best_[u].bits - std::log2(sums_[u]);
    const double scale_bits =
        any_left_behind_ ? total_bits(weights_bits_) - total_bits(sum_bits_) : 0;
    for (std::size_t u = 0; u < sum_bits_.size(); ++u) {
      if (!left_behind_[u]) weights_bits_[u] = sum_bits_[u] + scale_bits;
    }
  }

  // -log2 of the weights of all first units that are not left behind. One of them is possible.
  double total_bits(std::span<const double> weights_bits) const {
    double least_bits = kInfinity, sum = 0;
    for (std::size_t u = 0; u < weights_bits.size(); ++u) {
      if (!left_behind_[u]) least_bits = std::min(least_bits, weights_bits[u]);
    }
    for (std::size_t u = 0; u < weights_bits.size(); ++u) {
      if (!left_behind_[u]) sum += std::exp2(least_bits - weights_bits[u]);
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
        left_behind_[frontier_.first_unit(others_[i])] = true;
        any_left_behind_ = true;
      }
    }
  }

  Step choose() {
    units_.clear();
    unit_indexes_.clear();
    bits_.clear();
    for (std::uint32_t unit = 0; unit < weights_bits_.size(); ++unit) {
      if (!std::isfinite(weights_bits_[unit])) continue;
      units_.push_back(drawing_.units()[unit]);
      unit_indexes_.push_back(unit);
      bits_.push_back(weights_bits_[unit]);
    }
    if (units_.empty()) drawing_.throw_impossible();
    const std::size_t chosen = drawing_.choose(units_, bits_);
    drawn_unit_ = unit_indexes_[chosen];
    return Step(units_[chosen], {&drawn_unit_, drawing_.candidates().model_units() ? 1U : 0U});
  }

  Drawing& drawing_;
  Frontier frontier_;
  std::size_t horizon_;
  std::size_t width_;
  double temperature_;
  std::vector<Extension> best_;  // this and what follows is by first unit
  std::vector<double> sums_, sum_bits_;
  std::vector<double> weights_bits_;  // -log2 w; infinite: impossible
  std::vector<bool> left_behind_;
  bool any_left_behind_ = false;
  std::vector<Extension> others_;
  std::vector<ByteView> units_;              // the possible first units
  std::vector<std::uint32_t> unit_indexes_;  // which those are
  std::vector<double> bits_;                 // -log2 w
  std::uint32_t drawn_unit_ = 0;
};

}  // namespace

SamplerRow lookahead_row() {
  return {"lookahead",
          "one byte at a time, by the best that may come after it",
          {"horizon", "beam-width"},
          make_run_sampler<Lookahead>};
}

}  // namespace kraft
