#include "run/cells.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

#include "base/text.h"
#include "kraft/error.h"
#include "run/interrupts.h"
#include "run/ranks.h"

namespace kraft {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kShortestPause{1}, kLongestPause{5};  // between looks for messages
constexpr milliseconds kAlonePause{20};                      // between looks for interrupts
// mpirun kills a second after it has asked to end.
constexpr milliseconds kFarewell{300};

struct Outcome {
  std::size_t cell = 0;
  std::string result;
  std::exception_ptr failure;
};

// The threads of this rank: cells go in, outcomes come out.
class Crew {
 public:
  explicit Crew(const Cells& cells) : cells_(cells) {
    try {
      for (unsigned worker = 0; worker < std::max<std::size_t>(1, cells.threads); ++worker)
        threads_.emplace_back([this, worker] { serve(worker); });
    } catch (const std::system_error&) {  // fewer do the same work
      if (threads_.empty()) throw;
    }
  }

  ~Crew() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    begin_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  std::size_t size() const { return threads_.size(); }

  void add(std::size_t cell) {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(cell);
    }
    begin_.notify_one();
  }

  // The next outcome, if there is one within so much time.
  std::optional<Outcome> take(milliseconds time) {
    std::unique_lock lock(mutex_);
    end_.wait_for(lock, time, [&] { return !outcomes_.empty(); });
    if (outcomes_.empty()) return std::nullopt;
    Outcome outcome = std::move(outcomes_.front());
    outcomes_.pop_front();
    return outcome;
  }

 private:
  void serve(unsigned worker) {
    std::unique_lock lock(mutex_);
    while (true) {
      begin_.wait(lock, [&] { return closing_ || !queue_.empty(); });
      if (closing_) return;
      Outcome outcome{queue_.front(), {}, nullptr};
      queue_.pop_front();
      lock.unlock();
      try {
        outcome.result = cells_.compute(outcome.cell, worker);
      } catch (...) {
        outcome.failure = std::current_exception();
      }
      lock.lock();
      outcomes_.push_back(std::move(outcome));
      end_.notify_one();
    }
  }

  const Cells& cells_;
  std::mutex mutex_;
  std::condition_variable begin_, end_;
  std::deque<std::size_t> queue_;
  std::deque<Outcome> outcomes_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

// A failure as text, and back: the exit status, a digit, then what is to be said.
std::string text_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const UsageError& error) {
    return std::string("2") + error.what();
  } catch (const std::bad_alloc&) {
    return "1out of memory";
  } catch (const std::exception& error) {
    return std::string("1") + error.what();
  }
}

[[noreturn]] void fail(unsigned rank, const std::string& text) {
  const std::string line = "rank " + std::to_string(rank) + ": " + text.substr(1);
  if (text.starts_with('2')) throw UsageError(line);
  throw Error(line);
}

// Rank 0, or the only one.
class Master {
 public:
  explicit Master(const Cells& cells)
      : cells_(cells),
        missing_(cells.missing),
        alone_(cells.here || launch().alone()),
        ranks_(alone_ ? 1 : launch().ranks),
        crew_(cells) {
    ranks_[0].slots = crew_.size();
  }

  // False when it was interrupted.
  bool run() {
    hand_out();
    milliseconds pause = kShortestPause;
    while (done_ < missing_.size() || !all_here()) {
      if (cells_.stop->asked() || somebody_left_) return false;
      const bool own = take_own(alone_ ? kAlonePause : pause);
      const bool busy = take_messages() || own;
      pause = busy ? kShortestPause : std::min(2 * pause, kLongestPause);
    }
    return true;
  }

  // What is done, and what is not, when it is to end before that.
  std::string account() {
    if (!alone_) hear_the_rest();
    std::string text = "interrupted after " + grouped(cells_.known + done_) + " of " +
                       grouped(cells_.known + missing_.size()) + " cells";
    for (unsigned rank = 0; !alone_ && rank < ranks_.size(); ++rank) {
      const std::size_t lost = ranks_[rank].computing.size();
      if (lost > 0 || !ranks_[rank].answers)
        text += "; " + grouped(lost) + " of rank " + std::to_string(rank) + " not finished" +
                (ranks_[rank].answers ? "" : " (it does not answer)");
    }
    return text;
  }

 private:
  struct Rank {
    std::size_t slots = 0;  // cells at a time; 0 until it is ready
    std::set<std::size_t> computing;
    bool left = false;
    bool answers = true;  // after a signal that has reached all
  };

  // Every rank must have been heard: one that has other inputs is wrong also where it is too slow
  // to compute anything.
  bool all_here() const {
    return std::ranges::all_of(ranks_, [](const Rank& rank) { return rank.slots > 0; });
  }

  void hand_out() {
    for (unsigned rank = 0; rank < ranks_.size(); ++rank) hand_out(rank);
  }

  void hand_out(unsigned number) {
    Rank& rank = ranks_[number];
    while (next_ < missing_.size() && rank.computing.size() < rank.slots) {
      const std::size_t cell = missing_[next_++];
      rank.computing.insert(cell);
      if (number == 0) {
        crew_.add(cell);
      } else {
        messages().send(number, Word::cell, std::to_string(cell));
      }
    }
  }

  void take(unsigned rank, std::size_t cell, const std::string& result) {
    ranks_[rank].computing.erase(cell);
    hand_out(rank);  // before what done() takes
    cells_.done(cell, result);
    ++done_;
    if (cells_.then && !ending_) {
      const std::vector<std::size_t> more = cells_.then(cell);
      missing_.insert(missing_.end(), more.begin(), more.end());
      hand_out();
    }
    if (cells_.progress) cells_.progress(done_);
  }

  bool take_own(milliseconds time) {
    const auto outcome = crew_.take(time);
    if (!outcome) return false;
    if (!outcome->failure) {
      take(0, outcome->cell, outcome->result);
    } else if (!cells_.stop->asked()) {  // else what was cut short says so
      std::rethrow_exception(outcome->failure);
    }
    return true;
  }

  bool take_messages() {
    if (alone_) return false;
    bool any = false;
    while (const auto message = messages().receive()) {
      any = true;
      take(*message);
    }
    return any;
  }

  void take(const Message& message) {
    Rank& rank = ranks_[message.rank];
    const std::string& text = message.text;
    if (message.word == Word::ready) {
      const std::size_t space = text.find(' ');
      if (text.substr(space + 1) != cells_.identity)
        throw Error("rank " + std::to_string(message.rank) +
                    " has other files, models or versions than rank 0: its results would differ");
      rank.slots = std::stoul(text.substr(0, space));
      hand_out(message.rank);
    } else if (message.word == Word::result) {
      const std::size_t space = text.find(' ');
      take(message.rank, std::stoul(text.substr(0, space)), text.substr(space + 1));
    } else if (message.word == Word::failed) {
      fail(message.rank, text);
    } else {
      rank.left = somebody_left_ = true;  // before it was told to
    }
  }

  // After a signal: results that are under way still count, and who is alive says so.
  void hear_the_rest() {
    for (std::size_t rank = 1; rank < ranks_.size(); ++rank)
      ranks_[rank].answers = ranks_[rank].left || !cells_.stop->asked();
    next_ = missing_.size();
    ending_ = true;
    for (const auto begin = Clock::now(); Clock::now() - begin < kFarewell;) {
      take_own(kShortestPause);
      while (const auto message = messages().receive()) {
        if (message->word == Word::result) take(*message);
        ranks_[message->rank].answers = true;
      }
    }
  }

  const Cells& cells_;
  std::vector<std::size_t> missing_;
  const bool alone_;
  std::vector<Rank> ranks_;
  std::size_t next_ = 0, done_ = 0;
  bool somebody_left_ = false, ending_ = false;
  Crew crew_;
};

void lead(const Cells& cells) {
  Master master(cells);
  try {
    if (master.run()) return;
  } catch (...) {
    cells.stop->fail();  // before the threads are waited for
    throw;
  }
  const std::string account = master.account();
  if (!launch().alone()) leave_interrupted(account);  // without waiting for the threads
  throw Cancelled(account);
}

// A rank that has no say: computes what it is told to, until it is told to stop.
[[noreturn]] void serve(const Cells& cells) {
  Crew crew(cells);
  messages().send(0, Word::ready, std::to_string(crew.size()) + " " + cells.identity);
  milliseconds pause = kShortestPause;
  while (true) {
    if (cells.stop->asked()) {
      messages().send(0, Word::leaving);
      // mpirun kills all as soon as one of them ends: rank 0 must have had its say.
      for (const auto begin = Clock::now(); Clock::now() - begin < 3 * kFarewell;) {
        messages().sent();
        std::this_thread::sleep_for(kShortestPause);
      }
      leave_at_once(kInterruptedExit);
    }
    bool busy = false;
    if (auto outcome = crew.take(pause)) {
      busy = true;
      if (!outcome->failure) {
        messages().send(0, Word::result, std::to_string(outcome->cell) + " " + outcome->result);
      } else if (!cells.stop->asked()) {
        messages().send(0, Word::failed, text_of(outcome->failure));
      }
    }
    while (const auto message = messages().receive()) {
      busy = true;
      if (message->word == Word::cell) {
        crew.add(std::stoul(message->text));
      } else if (message->word == Word::stop) {
        cells.stop->fail();
        throw ServedOut();
      }
    }
    pause = busy ? kShortestPause : std::min(2 * pause, kLongestPause);
  }
}

}  // namespace

void run_cells(const Cells& cells) {
  if (launch().alone() || cells.here) return lead(cells);
  catch_all_interrupts();  // to report what is not finished
  messages();
  if (launch().rank == 0) return lead(cells);
  serve(cells);
}

}  // namespace kraft
