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
//   best
//      one of every first byte that has none among them. Again from 1.
//   3. At the horizon: w(b) is the sum over all extensions that begin with b. None is dropped here.
//
// So every possible byte keeps a weight, at the cost of up to (beam width + alphabet) * alphabet
// measurements a step; every w(b) is a lower bound of the marginal, exact where the width never
// cuts anything off, and with a horizon of 1 it is that of `ancestral`. What the bound omits is
// mass in many improbable continuations: a narrow beam draws more fluent text, and more of it by
// heart, than the joint distribution would.
//
// The filters then choose between the bytes by w. Repetition control applies to every byte of every
// continuation instead. Where no continuation can be continued, w is that of the step before.
#include <algorithm>
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
        width_(static_cast<std::size_t>(options.beam_width)),
        best_(drawing.units().size()),
        sums_(drawing.units().size()) {
    require_bytes_or_units(drawing.candidates(), "lookahead");
  }

  Step next() {
    frontier_.reset();
    for (;;) {
      std::vector<Extension>& extensions = frontier_.expand();
      if (extensions.empty()) break;
      find_best(extensions);
      sum(extensions);
      if (frontier_.depth() + 1 == horizon_) break;
      prune(extensions);
      frontier_.keep(extensions);
    }
    if (units_.empty()) drawing_.throw_impossible();
    const std::size_t chosen = drawing_.choose(units_, bits_);
    drawn_unit_ = unit_indexes_[chosen];
    const Step step(units_[chosen], {&drawn_unit_, drawing_.candidates().model_units() ? 1U : 0U});
    units_.clear();
    return step;
  }

 private:
  // The best extension that begins with each unit.
  void find_best(std::span<const Extension> extensions) {
    std::ranges::fill(best_, Extension{.bits = std::numeric_limits<double>::infinity()});
    for (const Extension& extension : extensions) {
      Extension& best = best_[frontier_.first_unit(extension)];
      if (extension < best) best = extension;
    }
  }

  // Sums weights relative to the best of each first unit, so that none is rounded to 0.
  void sum(std::span<const Extension> extensions) {
    std::ranges::fill(sums_, 0.0);
    for (const Extension& extension : extensions) {
      const std::uint32_t first = frontier_.first_unit(extension);
      sums_[first] += std::exp2(best_[first].bits - extension.bits);
    }
    units_.clear();
    unit_indexes_.clear();
    bits_.clear();
    for (std::uint32_t unit = 0; unit < sums_.size(); ++unit) {
      if (sums_[unit] == 0) continue;
      units_.push_back(drawing_.units()[unit]);
      unit_indexes_.push_back(unit);
      bits_.push_back(best_[unit].bits - std::log2(sums_[unit]));
    }
  }

  void prune(std::vector<Extension>& extensions) {
    keep_best(extensions, width_);
    const Extension last = extensions.back();
    for (const Extension& best : best_) {
      if (std::isfinite(best.bits) && last < best) extensions.push_back(best);
    }
  }

  Drawing& drawing_;
  Frontier frontier_;
  std::size_t horizon_;
  std::size_t width_;
  std::vector<Extension> best_;              // by unit
  std::vector<double> sums_;                 // by unit
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
