// What a language model makes of a text: the numbers from which it predicts what comes next.
//
//     const auto state = model.start(text);
//     if (auto* hidden = dynamic_cast<HasHiddenState*>(state.get()))
//       std::vector<float> numbers = hidden->hidden_state();
#pragma once

#include <vector>

namespace kraft {

// What a State of such a model is besides.
class HasHiddenState {
 public:
  virtual ~HasHiddenState() = default;

  // Of the last token of what was observed: the last layer's activations after the final norm, as
  // many as the model is wide. The logits are these numbers times a matrix. Nothing of the state
  // that can be seen changes. Throws what asking for the next byte does.
  virtual std::vector<float> hidden_state() = 0;
};

}  // namespace kraft
