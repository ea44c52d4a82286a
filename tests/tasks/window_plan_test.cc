#include "tasks/window_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace kraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(WindowPlan, EveryBeginningOfTheOrderIsSpread) {
  EXPECT_THAT(visiting_order(8), ElementsAre(0, 4, 2, 6, 1, 5, 3, 7));
  EXPECT_THAT(visiting_order(6), ElementsAre(0, 4, 2, 1, 5, 3));
  EXPECT_THAT(visiting_order(1), ElementsAre(0));
}

// One input of `windows` windows: model m's only cell of window w is 100 m + w, the bound's 900 +
// w.
WindowPlan::Input input_of(std::size_t models, std::size_t windows) {
  WindowPlan::Input input;
  input.models.resize(models);
  for (std::size_t w = 0; w < windows; ++w) {
    for (std::size_t m = 0; m < models; ++m) input.models[m].push_back({100 * m + w});
    input.bounds.push_back({900 + w});
  }
  return input;
}

// Runs the plan to its end where a cell of model m takes `seconds[m]`: windows of each.
std::map<std::size_t, std::size_t> run(WindowPlan plan, const std::vector<double>& seconds) {
  std::set<std::size_t> known;
  std::map<std::size_t, std::size_t> windows;
  const auto taken = [&](std::size_t cell) -> std::optional<double> {
    if (!known.contains(cell)) return std::nullopt;
    return cell >= 900 ? 1000 : seconds[cell / 100];
  };
  for (auto cells = plan.next(taken); !cells.empty(); cells = plan.next(taken)) {
    EXPECT_THAT(plan.next(taken), IsEmpty()) << "nothing twice";
    for (const std::size_t cell : cells) {
      EXPECT_TRUE(known.insert(cell).second) << cell;
      ++windows[cell / 100];
    }
  }
  return windows;
}

TEST(WindowPlan, FastModelsGetMoreWindows) {
  auto windows = run(WindowPlan({input_of(3, 20)}, 10, 3), {1, 4, 50});
  EXPECT_EQ(windows[0], 10U);  // 9 seconds are less than the budget, 10 are not
  EXPECT_EQ(windows[1], 3U);   // 8 seconds, then 12
  EXPECT_EQ(windows[2], 3U) << "the least";
  EXPECT_EQ(windows[9], 10U) << "a bound goes as far as the last model";
}

TEST(WindowPlan, ThereAreNoMoreWindowsThanThereAre) {
  auto windows = run(WindowPlan({input_of(2, 5)}, 10, 3), {0.1, 0});
  EXPECT_EQ(windows[0], 5U);
  EXPECT_EQ(windows[1], 5U);
  EXPECT_EQ(run(WindowPlan({input_of(1, 2)}, 10, 3), {60})[0], 2U);
}

TEST(WindowPlan, InputsDoNotWaitForEachOther) {
  WindowPlan::Input other = input_of(1, 4);
  for (auto& cells : other.models[0]) cells[0] += 500;
  for (auto& cells : other.bounds) cells[0] += 500;
  WindowPlan plan({input_of(1, 4), other}, 10, 2);
  std::set<std::size_t> known;
  const auto taken = [&](std::size_t cell) -> std::optional<double> {
    if (!known.contains(cell)) return std::nullopt;
    return 1;
  };
  EXPECT_THAT(plan.next(taken), ElementsAre(0, 900, 500, 1400));
  known = {500, 1400};
  EXPECT_THAT(plan.next(taken), ElementsAre(502, 1402));
  known.insert({0, 900});
  EXPECT_THAT(plan.next(taken), ElementsAre(2, 902));
}

}  // namespace
}  // namespace kraft
