#include "core/drawing.h"

#include "core/observing.h"

namespace kraft {

void set_drawing(State& state, bool drawing) {
  if (auto* drawn = dynamic_cast<DrawnState*>(&state)) drawn->set_drawing(drawing);
}

bool learns_what_is_drawn(const State& state) {
  const auto* drawn = dynamic_cast<const DrawnState*>(&state);
  return drawn == nullptr || drawn->learns_what_is_drawn();
}

std::unique_ptr<State> start_drawing(const Model& model) {
  const auto* drawing = dynamic_cast<const DrawingModel*>(&model);
  return drawing != nullptr ? drawing->start_drawing() : model.start();
}

std::unique_ptr<State> start_drawing(const Model& model, ByteView context,
                                     const std::function<bool()>& cancelled) {
  std::unique_ptr<State> state = start_drawing(model);
  observe(*state, context, cancelled);
  set_drawing(*state, true);
  return state;
}

}  // namespace kraft
