// Work spread over threads, with results that do not depend on how many there are.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace kraft {

unsigned hardware_threads();

// A fixed number of workers. run() may be called by several threads, one after the other.
class ThreadPool {
 public:
  explicit ThreadPool(unsigned threads);  // 0: one per processor
  ~ThreadPool();

  unsigned size() const;

  // Calls work(index, worker) once for every index in [0, count), with worker < size(); calls begin
  // in order, and two at the same time have different workers. Returns when all are done; rethrows
  // the first exception, after which the indices not yet begun are skipped.
  void run(std::size_t count, const std::function<void(std::size_t, unsigned)>& work);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kraft
