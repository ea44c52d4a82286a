// ancestral: one candidate at a time, each drawn from rho(b | x), proportional to 2^-(l(xb) - l(x))
// over the candidates b: the generation protocol of Deletang et al., "Language Modeling Is
// Compression", ICLR 2024.
//
// Candidates of several bytes are drawn in the same way, each weighted by the code length of the
// whole string: longer strings cost more bits, so the model itself decides between short and long.
#include "sampler_support.h"

namespace kraft {

Ancestral::Ancestral(Drawing& drawing, const SamplerOptions&) : drawing_(drawing) {
  for (ByteView unit : drawing.units()) alphabet_.push_back(unit[0]);
}

Step Ancestral::next() {
  const Candidates& candidates = drawing_.candidates();
  if (candidates.model_units()) return next_unit();
  if (!candidates.restricted()) {
    measure(drawing_.units());
    return drawing_.units()[drawing_.choose(drawing_.units(), bits_)];
  }
  candidates.allowed(drawing_.text(), drawing_.remaining_bytes(), allowed_);
  units_.clear();
  alphabet_.clear();
  for (std::uint32_t index : allowed_) {
    units_.push_back(candidates[index]);
    alphabet_.push_back(candidates[index][0]);
  }
  measure(units_);
  return units_[drawing_.choose(units_, bits_)];
}

Step Ancestral::next_unit() {
  const UnitsView nothing;
  bits_.resize(drawing_.units().size());
  drawing_.extend_units({&nothing, 1}, bits_);
  drawn_unit_ = static_cast<std::uint32_t>(drawing_.choose(drawing_.units(), bits_));
  return {drawing_.units()[drawn_unit_], {&drawn_unit_, 1}};
}

// Models answer fastest when they are asked for bytes rather than for strings.
void Ancestral::measure(std::span<const ByteView> units) {
  bits_.resize(units.size());
  if (drawing_.candidates().single_bytes()) {
    const ByteView nothing;
    drawing_.extend({&nothing, 1}, alphabet_, bits_);
  } else {
    drawing_.measure(units, bits_);
  }
}

SamplerRow ancestral_row() {
  return {"ancestral",
          "one candidate at a time, by the bits that it costs",
          {},
          make_run_sampler<Ancestral>};
}

}  // namespace kraft
