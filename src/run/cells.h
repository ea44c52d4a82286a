// Work that falls into independent cells: over the threads of one process, or under mpirun over
// those of all ranks, with the same results.
//
//     StopSign stop(receiver.cancelled);
//     Cells cells;
//     cells.identity = settings + inputs + models;
//     cells.missing = {0, 1, 2};
//     cells.threads = 4;
//     cells.compute = [&](std::size_t cell, unsigned worker) { return to_text(work(cell)); };
//     cells.done = [&](std::size_t cell, const std::string& result) { keep(cell, result); };
//     cells.stop = &stop;
//     run_cells(cells);
//
// A cell is an experiment's unit of work. Every rank runs the same command to this point: it reads
// the same inputs, and means the same work by the same number. Rank 0 hands out the cells one by
// one, computes some itself, and goes on when all are done. The others never return from
// run_cells(): it ends them, by an exception.
//
// A result is a text (JSON, say), in one process too: what goes from rank to rank is what a
// single process makes of it.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace kraft {

// Whether cells need not be finished: the caller says so, or one of them has failed. May be asked
// by any thread.
class StopSign {
 public:
  explicit StopSign(std::function<bool()> asked = {}) : asked_(std::move(asked)) {}

  bool operator()() const { return failed_ || asked(); }
  bool asked() const { return asked_ && asked_(); }
  void fail() { failed_ = true; }

 private:
  std::function<bool()> asked_;
  std::atomic<bool> failed_{false};
};

struct Cells {
  std::string identity;  // all that the results depend on: a rank that has another one is an Error
  std::vector<std::size_t> missing;  // which to compute, the dearest first; rank 0's counts
  std::size_t known = 0;             // how many more there are that need not be computed
  std::size_t threads = 1;           // cells at a time on this rank, at least 1
  bool here = false;                 // on rank 0 alone, after another run_cells() under mpirun

  // Called on any rank, by several threads with `worker` numbers of their own, in [0, threads).
  // It may end early by Cancelled when the stop sign says so.
  std::function<std::string(std::size_t cell, unsigned worker)> compute;
  // Called on rank 0, by one thread, as results come. When it returns, the result is safe.
  std::function<void(std::size_t cell, const std::string& result)> done;
  // Called on rank 0 after done(): cells that are to be computed as well, now that this one is.
  // Every rank must know what their numbers mean. May be empty.
  std::function<std::vector<std::size_t>(std::size_t cell)> then;
  // Called on rank 0 with the number of missing cells that are done. May be empty.
  std::function<void(std::size_t)> progress;

  StopSign* stop = nullptr;
};

// Computes the missing cells. Throws the first Error of any cell on any rank (under mpirun with the
// rank's number), after which the cells not yet begun are skipped; and Cancelled, with how many
// cells are done, when that was asked for, or when a rank was told to end.
//
// Under mpirun, a rank that dies has mpirun end all others. Rank 0 then keeps what has arrived,
// says how many cells of which rank are not finished (set_farewell()), and ends the process.
void run_cells(const Cells& cells);

// Thrown by run_cells() on ranks other than 0, for main(): nothing is wrong, nothing is left to do.
struct ServedOut {};

}  // namespace kraft
