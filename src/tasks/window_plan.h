// How many windows each model gets for so much time: more where it is fast, the same ones for all.
//
//     WindowPlan plan(inputs, /*budget_seconds=*/10, /*least=*/3);
//     for (auto cells = plan.next(seconds); !cells.empty(); cells = plan.next(seconds)) ...
//
// Windows are taken one after the other in an order whose every beginning is spread over the input.
// A model goes on to the next one while its cells so far have taken less than the budget. The plan
// goes by the seconds that it is told, and by nothing else: those that a file has kept lead to the
// same windows again.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace kraft {

// 0, 1, ... in the order of van der Corput's sequence: 0, the middle, the quarters, ...
std::vector<std::size_t> visiting_order(std::size_t count);

class WindowPlan {
 public:
  using CellsByWindow = std::vector<std::vector<std::size_t>>;  // numbers of cells
  struct Input {
    std::vector<CellsByWindow> models;
    CellsByWindow bounds;  // wanted wherever a model is; they cost nothing
  };

  // Every model gets `least` windows, as far as there are so many.
  WindowPlan(std::vector<Input> inputs, double budget_seconds, std::size_t least);

  // The cells that are wanted now and were not before. `seconds(cell)` is what it has taken, and
  // nothing while that is not known. Empty: not before more is known, or never.
  std::vector<std::size_t> next(const std::function<std::optional<double>(std::size_t)>& seconds);

 private:
  struct State {
    std::vector<std::size_t> order;
    std::vector<bool> goes_on;         // each model
    std::vector<double> spent;         // by each model, in the windows that are done
    std::vector<std::size_t> waiting;  // cells of the window that is not
    std::size_t begun = 0;             // windows
  };

  bool is_done(State& state, const Input& input,
               const std::function<std::optional<double>(std::size_t)>& seconds) const;
  void begin_window(State& state, const Input& input);

  std::vector<Input> inputs_;
  std::vector<State> states_;
  double budget_seconds_;
  std::size_t least_;
};

}  // namespace kraft
