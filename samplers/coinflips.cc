// coinflips: fair coin flips go into the arithmetic decoder of the model, which takes them for a
// compressed text. What it decodes has the probabilities that the model gives it, after the
// filters: to decompress noise is to sample.
//
// A decoder of a prefix code with lengths l that is fed with fair coin flips decodes x with
// probability 2^-l(x). The arithmetic code (Rissanen and Langdon 1979) wastes no flip on rounding:
// a text costs as many of them as the model counts bits, and some that wait in the decoder at the
// end. Fewer than its entropy are not possible on average (Knuth and Yao, "The complexity of
// nonuniform random number generation", 1976).
//
// The probabilities are those of `ancestral` in units of 2^-48 (kraft/coder.h); what it draws with
// the same seed differs, because the flips are spent bit by bit and not 53 of them on each choice.
// The decoder here is that of the model's own distributions: decoders of compressed formats, fed
// with coin flips, are another matter.

#include <cmath>

#include "kraft/coder.h"
#include "sampler_support.h"

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
    return {next_units_.units()[drawn_unit_], {&drawn_unit_, by_units ? 1U : 0U}};
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

}  // namespace

SamplerRow coinflips_row() {
  return {"coinflips",
          "random bits into the model's arithmetic decoder: ancestral as decompression",
          {},
          make_run_sampler<Coinflips>};
}

}  // namespace kraft
