// Units: a language model by its own tokens instead of bytes.
//
//     auto model = kraft::make_model("llama:model.gguf");
//     auto state = model->start(context);
//     if (kraft::UnitState* tokens = state->by_units()) {
//       const kraft::UnitsView nothing;
//       std::vector<double> bits(model->units().size());
//       tokens->extend_units({&nothing, 1}, bits);             // what each token costs next
//       const std::uint32_t first = 0;
//       tokens->observe_units({&first, 1});                    // model->units()[0] is observed
//     }
#pragma once

#include <cstdint>
#include <span>

namespace kraft {

// Units of a model, by their indexes in Model::units().
using UnitsView = std::span<const std::uint32_t>;

// The capability of states whose model predicts units of its own. It is the same state: what is
// observed through it has been observed by the State.
class UnitState {
 public:
  // State::extend() by units: sets bits[p * units + u] to what prefix p and then unit u cost. The
  // costs are those of the units themselves, so 2^-bits sums to 1 over the units, where
  // State::measure() prices their bytes, however they are divided. What was observed before counts
  // as ended: no unit began in it that is unfinished.
  virtual void extend_units(std::span<const UnitsView> prefixes, std::span<double> bits) = 0;

  // Appends units to the context.
  virtual void observe_units(UnitsView units) = 0;

 protected:
  ~UnitState() = default;
};

}  // namespace kraft
