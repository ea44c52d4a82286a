// Cells of a task that are computed, or taken from a file of results.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evaluate/cell.h"
#include "kraft/tasks/options.h"
#include "kraft/tasks/progress.h"
#include "run/cells.h"
#include "run/store.h"

namespace kraft {

struct KeptCells {
  std::string command;            // of the file: "compare"
  std::string settings;           // all that cells depend on besides their keys
  std::vector<std::string> keys;  // of each cell, in the file
  // More lines for the file, by their keys, unless it has them: what keys mean.
  std::vector<std::pair<std::string, std::string>> records = {};
  std::optional<std::string> resume;  // the file
  unsigned threads = 1;               // that compute
  bool here = false;                  // on rank 0 alone: of cells that were made from others
  std::string what;                   // for reports of progress: "comparing"
  // Of two missing cells, whether the first is to be begun before the other; by their order if
  // empty.
  std::function<bool(std::size_t, std::size_t)> before = {};
  std::function<Cell(std::size_t cell, unsigned worker)> compute;
  // Which cells are wanted, when it depends on those that there are: nothing of those that were
  // wanted before. Asked until nothing more is. Empty: all cells are.
  std::function<std::vector<std::size_t>(const std::vector<std::optional<Cell>>& known)> wanted =
      {};
  // Of a cell that was computed, before it is kept. May be empty.
  std::function<void(std::size_t cell, Cell&)> complete = {};
};

// The option that names the file.
template <class Task>
void add_resume(OptionTable<Task>& table, std::optional<std::string> Task::*field) {
  table.file("resume", field,
             {.value_name = "FILE",
              .meaning = "keep results in this file as they come, and take those that are in it",
              .is_read = true});
}

// Throws OptionError for what cannot be read again.
void check_resume(const std::optional<std::string>& file);

// The cells that are wanted, in the order of the keys. Over mpirun's ranks, as run_cells() says;
// only rank 0 has the file. Throws what run_cells() and CellStore do.
std::vector<std::optional<Cell>> computed_or_kept(const KeptCells& work, StopSign& stop,
                                                  const Receiver& receiver);

}  // namespace kraft
