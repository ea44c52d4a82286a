#include "serve/gate.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace kraft::serve {
namespace {

using namespace std::chrono_literals;

TEST(Gate, LetsSoManyInAndMakesOthersWait) {
  Gate gate(1, 1);
  Work first({}), second({});
  std::atomic<bool> entered{false};
  std::optional<Gate::Place> place = gate.enter(first);
  EXPECT_EQ(gate.running(), 1U);
  std::thread waiting([&] {
    const Gate::Place its = gate.enter(second);
    entered = true;
  });
  while (gate.waiting() == 0) std::this_thread::yield();
  EXPECT_FALSE(entered);
  Work third({});
  try {
    gate.enter(third);
    FAIL() << "one waits already";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.status(), 429);
    EXPECT_EQ(failure.code(), "queue_full");
  }
  place.reset();
  waiting.join();
  EXPECT_TRUE(entered);
  EXPECT_EQ(gate.running(), 0U);
}

TEST(Gate, TakesNobodyWhoMayNotWaitWhereThereIsRoom) {
  Gate gate(1, 0);
  Work work({});
  EXPECT_NO_THROW(gate.enter(work)) << "nobody has to wait";
}

TEST(Gate, GivesUpAWaitThatIsCancelled) {
  Gate gate(1, 8);
  Work first({});
  const Gate::Place place = gate.enter(first);
  Work late({.deadline = Work::Clock::now()});
  EXPECT_THROW(gate.enter(late), Cancelled);
  EXPECT_EQ(late.failure().status(), 504);
  Work gone({.client_left = [] { return true; }});
  EXPECT_THROW(gate.enter(gone), Cancelled);
  EXPECT_EQ(gone.failure().status(), kClientLeft);
  std::atomic<bool> stopping{true};
  Work stopped({.stopping = &stopping});
  EXPECT_THROW(gate.enter(stopped), Cancelled);
  EXPECT_EQ(stopped.failure().status(), 503);
  EXPECT_EQ(gate.waiting(), 0U);
}

TEST(Gate, IsFairAndLosesNobody) {
  Gate gate(3, 100);
  std::atomic<int> inside{0}, most{0}, done{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&] {
      Work work({});
      const Gate::Place place = gate.enter(work);
      const int now = ++inside;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      std::this_thread::yield();
      --inside;
      ++done;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 20);
  EXPECT_LE(most, 3);
}

TEST(Work, OfThisThreadIsWhatModelsAsk) {
  EXPECT_FALSE(Work::current_is_cancelled()) << "there is none";
  Work outer({}), inner({});
  const Work::Current current(outer);
  inner.client_has_left();
  {
    const Work::Current nested(inner);
    EXPECT_TRUE(Work::current_is_cancelled());
    EXPECT_THROW(Work::stop_if_current_is_cancelled(), Cancelled);
  }
  EXPECT_FALSE(Work::current_is_cancelled());
}

}  // namespace
}  // namespace kraft::serve
