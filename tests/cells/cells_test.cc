#include "run/cells.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <map>
#include <set>
#include <thread>

#include "kraft/error.h"
#include "run/ranks.h"

namespace kraft {
namespace {

// Cells whose results are the squares of their numbers.
struct Squares {
  explicit Squares(std::size_t threads, std::function<bool()> asked = {}) : stop(std::move(asked)) {
    cells.missing = {5, 2, 9, 4, 0, 7};
    cells.threads = threads;
    cells.compute = [](std::size_t cell, unsigned) { return std::to_string(cell * cell); };
    cells.done = [this](std::size_t cell, const std::string& result) { results[cell] = result; };
    cells.stop = &stop;
  }

  StopSign stop;
  Cells cells;
  std::map<std::size_t, std::string> results;
};

TEST(Cells, AllThatAreMissingAreComputed) {
  for (const std::size_t threads : {1U, 3U, 20U}) {
    Squares work(threads);
    std::vector<std::size_t> progress;
    work.cells.progress = [&](std::size_t done) { progress.push_back(done); };
    run_cells(work.cells);
    const std::map<std::size_t, std::string> expected = {{0, "0"},  {2, "4"},  {4, "16"},
                                                         {5, "25"}, {7, "49"}, {9, "81"}};
    EXPECT_EQ(work.results, expected);
    EXPECT_EQ(progress, (std::vector<std::size_t>{1, 2, 3, 4, 5, 6}));
  }
}

TEST(Cells, OneThreadTakesThemInTheirOrder) {
  Squares work(1);
  std::vector<std::size_t> order;
  work.cells.done = [&](std::size_t cell, const std::string&) { order.push_back(cell); };
  run_cells(work.cells);
  EXPECT_EQ(order, work.cells.missing);
}

TEST(Cells, WorkersHaveNumbersOfTheirOwn) {
  Squares work(3);
  std::array<std::atomic<bool>, 3> busy{};
  std::atomic<bool> shared = false;
  work.cells.compute = [&](std::size_t, unsigned worker) {
    if (busy.at(worker).exchange(true)) shared = true;
    std::this_thread::yield();
    busy.at(worker) = false;
    return std::string();
  };
  run_cells(work.cells);
  EXPECT_FALSE(shared);
}

TEST(Cells, NoneMissingIsNothingToDo) {
  Squares work(2);
  work.cells.missing.clear();
  run_cells(work.cells);
  EXPECT_TRUE(work.results.empty());
}

TEST(Cells, WhatIsDoneMayAskForMore) {
  for (const std::size_t threads : {1U, 3U}) {
    Squares work(threads);
    work.cells.missing = {1, 10};
    std::vector<std::size_t> order;
    // 1 asks for 2 and 3, 3 for 4; nobody for anything else.
    work.cells.then = [&](std::size_t cell) {
      order.push_back(cell);
      EXPECT_TRUE(work.results.contains(cell)) << "before it was safe";
      if (cell == 1) return std::vector<std::size_t>{2, 3};
      return cell == 3 ? std::vector<std::size_t>{4} : std::vector<std::size_t>{};
    };
    run_cells(work.cells);
    EXPECT_EQ(work.results.size(), 5U);
    EXPECT_EQ(work.results[4], "16");
    EXPECT_EQ(order.size(), 5U);
    EXPECT_EQ(order.size(), std::set<std::size_t>(order.begin(), order.end()).size());
  }
}

TEST(Cells, TheFirstErrorIsThrownAndTheOthersMayStop) {
  Squares work(1);
  work.cells.compute = [](std::size_t cell, unsigned) -> std::string {
    if (cell == 9) throw UsageError("nine");
    return "fine";
  };
  EXPECT_THROW(run_cells(work.cells), UsageError);
  EXPECT_TRUE(work.stop());
  EXPECT_FALSE(work.stop.asked());
}

TEST(Cells, WhoIsCancelledSaysHowFarItCame) {
  std::atomic<bool> asked = false;
  Squares work(1, [&] { return asked.load(); });
  work.cells.known = 4;
  work.cells.done = [&](std::size_t cell, const std::string&) {
    work.results[cell] = "";
    asked = work.results.size() == 2;
  };
  // What is being computed meanwhile ends by itself, as models do.
  work.cells.compute = [&](std::size_t, unsigned) -> std::string {
    if (work.stop()) throw Cancelled("cut short");
    return "fine";
  };
  try {
    run_cells(work.cells);
    FAIL() << "it was not cancelled";
  } catch (const Cancelled& error) {
    EXPECT_STREQ(error.what(), "interrupted after 6 of 10 cells");
  }
  EXPECT_EQ(work.results.size(), 2U);
}

TEST(Ranks, AProgramThatDoesNotJoinIsAlone) {
  ::setenv("OMPI_COMM_WORLD_RANK", "1", 1);
  ::setenv("OMPI_COMM_WORLD_SIZE", "4", 1);
  EXPECT_TRUE(launch().alone());
  EXPECT_EQ(launch().rank, 0U);
  EXPECT_EQ(default_threads(), 0U);
  EXPECT_FALSE(has_transport());
  ::unsetenv("OMPI_COMM_WORLD_RANK");
  ::unsetenv("OMPI_COMM_WORLD_SIZE");
}

}  // namespace
}  // namespace kraft
