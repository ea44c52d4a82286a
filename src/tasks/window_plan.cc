#include "tasks/window_plan.h"

#include <algorithm>
#include <bit>

namespace kraft {

std::vector<std::size_t> visiting_order(std::size_t count) {
  std::vector<std::size_t> order;
  const std::size_t all = std::bit_ceil(count);
  for (std::size_t i = 0; i < all; ++i) {
    std::size_t reversed = 0;
    for (std::size_t bit = 1; bit < all; bit *= 2) reversed = 2 * reversed + ((i & bit) != 0);
    if (reversed < count) order.push_back(reversed);
  }
  return order;
}

WindowPlan::WindowPlan(std::vector<Input> inputs, double budget_seconds, std::size_t least)
    : inputs_(std::move(inputs)), budget_seconds_(budget_seconds), least_(least) {
  for (const Input& input : inputs_) {
    const std::size_t models = input.models.size();
    states_.push_back({visiting_order(input.bounds.size()),
                       std::vector<bool>(models, true),
                       std::vector<double>(models, 0),
                       {},
                       0});
  }
}

// Whether all that was begun is known; it is counted then.
bool WindowPlan::is_done(State& state, const Input& input,
                         const std::function<std::optional<double>(std::size_t)>& seconds) const {
  const auto is_known = [&](std::size_t cell) { return seconds(cell).has_value(); };
  if (!std::ranges::all_of(state.waiting, is_known)) return false;
  if (state.waiting.empty()) return true;
  const std::size_t window = state.order[state.begun - 1];
  for (std::size_t model = 0; model < input.models.size(); ++model) {
    if (!state.goes_on[model]) continue;
    for (const std::size_t cell : input.models[model][window])
      state.spent[model] += seconds(cell).value_or(0);
  }
  state.waiting.clear();
  return true;
}

void WindowPlan::begin_window(State& state, const Input& input) {
  if (state.begun == state.order.size()) return;
  const std::size_t window = state.order[state.begun];
  for (std::size_t model = 0; model < input.models.size(); ++model) {
    state.goes_on[model] =
        state.goes_on[model] && (state.begun < least_ || state.spent[model] < budget_seconds_);
    if (!state.goes_on[model]) continue;
    const std::vector<std::size_t>& cells = input.models[model][window];
    state.waiting.insert(state.waiting.end(), cells.begin(), cells.end());
  }
  if (state.waiting.empty()) return;
  state.waiting.insert(state.waiting.end(), input.bounds[window].begin(),
                       input.bounds[window].end());
  ++state.begun;
}

std::vector<std::size_t> WindowPlan::next(
    const std::function<std::optional<double>(std::size_t)>& seconds) {
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    State& state = states_[i];
    if (!is_done(state, inputs_[i], seconds)) continue;
    begin_window(state, inputs_[i]);
    wanted.insert(wanted.end(), state.waiting.begin(), state.waiting.end());
  }
  return wanted;
}

}  // namespace kraft
