#include "core/drawing.h"

#include "core/observing.h"

namespace kraft {

std::unique_ptr<State> start_drawing(const Model& model, ByteView context,
                                     const std::function<bool()>& cancelled) {
  const auto* drawing = dynamic_cast<const DrawingModel*>(&model);
  std::unique_ptr<State> state = drawing != nullptr ? drawing->start_drawing() : model.start();
  observe(*state, context, cancelled);
  return state;
}

}  // namespace kraft
