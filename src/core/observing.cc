#include "core/observing.h"

namespace kraft {

bool reads_at_once(const State& state) {
  const auto* at_once = dynamic_cast<const ReadsAtOnce*>(&state);
  return at_once != nullptr && at_once->reads_at_once();
}

void observe(State& state, ByteView bytes, const std::function<bool()>& cancelled) {
  if (reads_at_once(state)) return state.observe(bytes);
  in_pieces(bytes, cancelled, [&state](ByteView piece) { state.observe(piece); });
}

std::unique_ptr<State> start(const Model& model, ByteView context,
                             const std::function<bool()>& cancelled) {
  std::unique_ptr<State> state = model.start();
  observe(*state, context, cancelled);
  return state;
}

}  // namespace kraft
