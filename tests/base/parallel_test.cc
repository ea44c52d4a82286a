#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace kraft {
namespace {

TEST(ThreadPool, DoesEveryPieceOfWorkOnce) {
  for (const unsigned threads : {1U, 2U, 7U}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.size(), threads);
    for (const std::size_t count : {0U, 1U, 3U, 1000U}) {
      std::vector<std::atomic<int>> done(count);
      pool.run(count, [&](std::size_t i, unsigned) { ++done[i]; });
      for (const std::atomic<int>& times : done) EXPECT_EQ(times, 1);
    }
  }
}

TEST(ThreadPool, WorkersAtTheSameTimeHaveDifferentNumbers) {
  ThreadPool pool(4);
  std::vector<std::atomic<bool>> busy(pool.size());
  std::atomic<bool> shared = false;
  pool.run(400, [&](std::size_t, unsigned worker) {
    ASSERT_LT(worker, busy.size());
    if (busy[worker].exchange(true)) shared = true;
    std::this_thread::yield();
    busy[worker] = false;
  });
  EXPECT_FALSE(shared);
}

TEST(ThreadPool, ZeroIsOneThreadForEachProcessor) {
  EXPECT_EQ(ThreadPool(0).size(), hardware_threads());
}

TEST(ThreadPool, RethrowsTheFirstExceptionAndSkipsTheRest) {
  ThreadPool pool(1);
  std::size_t begun = 0;
  const auto fail_at_three = [&](std::size_t i, unsigned) {
    ++begun;
    if (i == 3) throw std::runtime_error("three");
  };
  EXPECT_THROW(pool.run(100, fail_at_three), std::runtime_error);
  EXPECT_EQ(begun, 4U);
  // And serves on.
  std::atomic<int> done = 0;
  pool.run(10, [&](std::size_t, unsigned) { ++done; });
  EXPECT_EQ(done, 10);
}

TEST(ThreadPool, SeveralCallersTakeTurns) {
  ThreadPool pool(2);
  std::atomic<int> done = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] { pool.run(50, [&](std::size_t, unsigned) { ++done; }); });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(done, 200);
}

}  // namespace
}  // namespace kraft
