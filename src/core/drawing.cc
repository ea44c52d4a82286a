#include "core/drawing.h"

namespace kraft {

std::unique_ptr<State> start_drawing(const Model& model, ByteView context) {
  const auto* drawing = dynamic_cast<const DrawingModel*>(&model);
  std::unique_ptr<State> state = drawing != nullptr ? drawing->start_drawing() : model.start();
  state->observe(context);
  return state;
}

}  // namespace kraft
