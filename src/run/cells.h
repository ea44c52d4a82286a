// Work that falls into independent cells: over the threads of one process, or under mpirun over
// those of all ranks, with the same results.
//
//     Cells cells;
//     cells.what = "comparing";
//     cells.identity = settings + inputs + models;
//     cells.missing = {0, 1, 2};
//     cells.threads = 4;
//     cells.compute = [&](std::size_t cell, unsigned worker) { return to_text(work(cell)); };
//     cells.done = [&](std::size_t cell, const std::string& result) { keep(cell, result); };
//     if (!run_cells(cells)) return kInterruptedExit;
//
// Every rank runs the same command to this point: it reads the same inputs, and means the same work
// by the same number. Rank 0 hands out the cells one by one, computes some itself, and goes on when
// all are done. The others never return from run_cells(): it ends them, by an exception.
//
// A result is a text (JSON, say), in one process too: what goes from rank to rank is what a
// single process makes of it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace kraft::cli {

struct Cells {
  std::string what;      // for the line of progress; none when empty
  std::string identity;  // all that the results depend on: a rank that has another one is an Error
  std::vector<std::size_t> missing;  // which to compute, the dearest first; rank 0's counts
  std::size_t known = 0;             // how many more there are that need not be computed
  std::size_t threads = 1;           // cells at a time on this rank, at least 1

  // Called on any rank, by several threads with `worker` numbers of their own, in [0, threads).
  // It may end early by Cancelled when cells_cancelled().
  std::function<std::string(std::size_t cell, unsigned worker)> compute;
  // Called on rank 0, by one thread, as results come. When it returns, the result is safe.
  std::function<void(std::size_t cell, const std::string& result)> done;

  // What a run that is cut short says of the cells that are done.
  std::string afterwards;
};

// Computes the missing cells and returns true, or false after an interrupt, which it reports.
// Throws the first Error of any cell on any rank (under mpirun with the rank's number), after which
// the cells not yet begun are skipped.
//
// Under mpirun, a rank that dies has mpirun end all others. Rank 0 then keeps what has arrived,
// says how many cells of which rank are not finished, and ends the process.
bool run_cells(const Cells& cells);

// True after an interrupt, and when a failure made the rest useless: for ModelOptions::cancelled.
bool cells_cancelled();

// Thrown by run_cells() on ranks other than 0, for main(): nothing is wrong, nothing is left to do.
struct ServedOut {};

}  // namespace kraft::cli
