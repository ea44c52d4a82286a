// ancestral: one candidate at a time, each drawn from rho(b | x), proportional to 2^-(l(xb) - l(x))
// over the candidates b: the generation protocol of Deletang et al., "Language Modeling Is
// Compression", ICLR 2024.
//
// Candidates of several bytes are drawn in the same way, each weighted by the code length of the
// whole string: longer strings cost more bits, so the model itself decides between short and long.
#include "ancestral.h"
#include "rows.h"

namespace kraft {

Ancestral::Ancestral(Drawing& drawing, const SamplerOptions&)
    : drawing_(drawing), next_units_(drawing) {}

Step Ancestral::next() {
  next_units_.measure();
  drawn_unit_ =
      static_cast<std::uint32_t>(drawing_.choose(next_units_.units(), next_units_.bits()));
  const bool by_units = drawing_.candidates().model_units();
  return {next_units_.units()[drawn_unit_], {&drawn_unit_, by_units ? 1U : 0U}};
}

SamplerRow ancestral_row() {
  return {"ancestral",
          "one candidate at a time, by the bits that it costs",
          {},
          make_run_sampler<Ancestral>};
}

}  // namespace kraft
