#include "tasks/kept_cells.h"

#include <algorithm>

#include "base/numbers.h"
#include "base/text.h"
#include "base/wire.h"
#include "kraft/error.h"
#include "run/ranks.h"

namespace kraft {
namespace {

// Nothing when there is none, or what is there is no cell.
std::optional<Cell> kept(const CellStore& store, const std::string& key) {
  const auto text = store.find(key);
  if (!text) return std::nullopt;
  try {
    return read_cell(*text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Equal on two ranks when all cells would be.
std::string identity_of(const KeptCells& work) {
  std::string text = work.settings;
  for (const std::string& key : work.keys) text += "\n" + key;
  return hexadecimal(checksum(as_bytes(text)));
}

}  // namespace

void check_resume(const std::optional<std::string>& file) {
  if (file == "-")
    throw OptionError({"", "resume", " needs a file, which is read as well as written, not '-'"});
}

std::vector<Cell> computed_or_kept(const KeptCells& work, StopSign& stop,
                                   const Receiver& receiver) {
  std::optional<CellStore> store;
  if (work.resume && launch().rank == 0)
    store.emplace(*work.resume, work.command, work.settings,
                  [&](const std::string& text) { receiver.tell(text); });
  std::vector<Cell> results(work.keys.size());
  Cells cells;
  for (std::size_t i = 0; i < work.keys.size(); ++i) {
    if (auto cell = store ? kept(*store, work.keys[i]) : std::nullopt) {
      results[i] = std::move(*cell);
    } else {
      cells.missing.push_back(i);
    }
  }
  if (work.before) std::ranges::stable_sort(cells.missing, work.before);
  cells.identity = identity_of(work);
  cells.known = work.keys.size() - cells.missing.size();
  cells.threads = work.threads;
  cells.stop = &stop;
  cells.compute = [&](std::size_t i, unsigned worker) {
    return cell_text(work.compute(i, worker));
  };
  cells.done = [&](std::size_t i, const std::string& result) {
    results[i] = read_cell(result);
    if (work.complete) work.complete(i, results[i]);
    if (store) store->add(work.keys[i], cell_text(results[i]));
  };
  cells.progress = [&](std::size_t done) {
    receiver.report({work.what, done, cells.missing.size(), "cells"});
  };
  run_cells(cells);
  return results;
}

}  // namespace kraft
