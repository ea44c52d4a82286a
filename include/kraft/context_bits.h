// What the code length of the context itself costs.
//
//     if (!kraft::context_bits_cost_more(*model)) base_bits = state->context_bits();
//
// Most models know State::context_bits() by the time they can measure what follows. Others would
// have to predict every byte of the context for it, and do so only when they are asked: after
// 40,000 bytes that takes seconds or minutes, where what comes next takes milliseconds.
#pragma once

#include "kraft/model.h"

namespace kraft {

// A base of the models that are, or may be, of the other kind.
class PricesContextWhenAsked {
 public:
  virtual ~PricesContextWhenAsked() = default;
  virtual bool context_bits_cost_more() const { return true; }
};

inline bool context_bits_cost_more(const Model& model) {
  const auto* asked = dynamic_cast<const PricesContextWhenAsked*>(&model);
  return asked != nullptr && asked->context_bits_cost_more();
}

}  // namespace kraft
