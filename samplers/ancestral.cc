// ancestral: one candidate at a time, each drawn from rho(b | x), proportional to 2^-(l(xb) - l(x))
// over the candidates b: the generation protocol of Deletang et al., "Language Modeling Is
// Compression", ICLR 2024.
//
// Candidates of several bytes are drawn in the same way, each weighted by the code length of the
// whole string: longer strings cost more bits, so the model itself decides between short and long.
#include "samplers/ancestral.h"

#include "samplers/registry.h"
#include "samplers/run_sampler.h"

namespace kraft {

NextUnits::NextUnits(Drawing& drawing) : drawing_(drawing) {
  if (drawing.candidates().restricted()) return;
  units_.assign(drawing.units().begin(), drawing.units().end());
  for (ByteView unit : units_) alphabet_.push_back(unit[0]);
}

void NextUnits::measure() {
  const Candidates& candidates = drawing_.candidates();
  if (candidates.restricted()) {
    candidates.allowed(drawing_.text(), drawing_.remaining_bytes(), allowed_);
    units_.clear();
    alphabet_.clear();
    for (std::uint32_t index : allowed_) {
      units_.push_back(candidates[index]);
      alphabet_.push_back(candidates[index][0]);
    }
  }
  bits_.resize(units_.size());
  if (candidates.model_units()) {
    const UnitsView nothing;
    drawing_.extend_units({&nothing, 1}, bits_);
  } else if (candidates.single_bytes()) {  // models answer fastest when they are asked for bytes
    const ByteView nothing;
    drawing_.extend({&nothing, 1}, alphabet_, bits_);
  } else {
    drawing_.measure(units_, bits_);
  }
}

Ancestral::Ancestral(Drawing& drawing, const SamplerOptions&)
    : drawing_(drawing), next_units_(drawing) {}

Step Ancestral::next() {
  next_units_.measure();
  drawn_unit_ =
      static_cast<std::uint32_t>(drawing_.choose(next_units_.units(), next_units_.bits()));
  const bool by_units = drawing_.candidates().model_units();
  return {next_units_.units()[drawn_unit_],
          {&drawn_unit_, by_units ? 1U : 0U},
          next_units_.bits()[drawn_unit_]};
}

SamplerRow ancestral_row() {
  return {"ancestral",
          "one candidate at a time, by the bits that it costs",
          {},
          make_run_sampler<Ancestral>};
}

}  // namespace kraft
