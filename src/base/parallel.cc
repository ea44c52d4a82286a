#include "base/parallel.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace kraft {

unsigned hardware_threads() { return std::max(1u, std::thread::hardware_concurrency()); }

struct ThreadPool::Impl {
  explicit Impl(unsigned threads) {
    // The caller of run() is worker 0. Fewer threads than asked for do the same work.
    workers.reserve(threads);
    try {
      for (unsigned worker = 1; worker < threads; ++worker)
        workers.emplace_back([this, worker] { serve(worker); });
    } catch (const std::system_error&) {
    }
  }

  ~Impl() {
    {
      std::lock_guard lock(mutex);
      closing = true;
    }
    begin.notify_all();
    for (std::thread& worker : workers) worker.join();
  }

  void serve(unsigned worker) {
    std::uint64_t done = 0;
    std::unique_lock lock(mutex);
    while (true) {
      begin.wait(lock, [&] { return closing || round != done; });
      if (closing) return;
      done = round;
      take_part(lock, worker);
      if (--busy == 0) end.notify_one();
    }
  }

  // Takes indices until none is left. Holds the lock except while working.
  void take_part(std::unique_lock<std::mutex>& lock, unsigned worker) {
    while (next < count) {
      const std::size_t index = next++;
      lock.unlock();
      std::exception_ptr caught;
      try {
        (*work)(index, worker);
      } catch (...) {
        caught = std::current_exception();
      }
      lock.lock();
      if (caught) {
        if (!failure) failure = caught;
        next = count;
      }
    }
  }

  void run(std::size_t work_count, const std::function<void(std::size_t, unsigned)>& new_work) {
    std::lock_guard one_at_a_time(callers);
    std::unique_lock lock(mutex);
    work = &new_work;
    count = work_count;
    next = 0;
    failure = nullptr;
    busy = workers.size();
    ++round;
    begin.notify_all();
    take_part(lock, 0);
    end.wait(lock, [&] { return busy == 0; });
    if (failure) std::rethrow_exception(failure);
  }

  std::mutex callers, mutex;
  std::condition_variable begin, end;
  std::vector<std::thread> workers;
  const std::function<void(std::size_t, unsigned)>* work = nullptr;
  std::size_t count = 0, next = 0, busy = 0;
  std::uint64_t round = 0;
  bool closing = false;
  std::exception_ptr failure;
};

ThreadPool::ThreadPool(unsigned threads)
    : impl_(std::make_unique<Impl>(threads == 0 ? hardware_threads() : threads)) {}
ThreadPool::~ThreadPool() = default;

unsigned ThreadPool::size() const { return static_cast<unsigned>(impl_->workers.size()) + 1; }

void ThreadPool::run(std::size_t count, const std::function<void(std::size_t, unsigned)>& work) {
  if (count > 0) impl_->run(count, work);
}

}  // namespace kraft
