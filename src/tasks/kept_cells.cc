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

std::vector<std::optional<Cell>> computed_or_kept(const KeptCells& work, StopSign& stop,
                                                  const Receiver& receiver) {
  std::optional<CellStore> store;
  if (work.resume && launch().rank == 0) {
    store.emplace(*work.resume, work.command, work.settings,
                  [&](const std::string& text) { receiver.tell(text); });
    for (const auto& [key, json] : work.records) {
      if (!store->find(key)) store->add(key, json);
    }
  }
  std::vector<std::optional<Cell>> results(work.keys.size());
  std::size_t missing = 0, known = 0;
  // What is wanted now and not in the file.
  const auto next = [&] {
    std::vector<std::size_t> more;
    const auto take = [&](std::size_t i) {
      results[i] = store ? kept(*store, work.keys[i]) : std::nullopt;
      if (results[i]) {
        ++known;
      } else {
        more.push_back(i);
      }
    };
    if (work.wanted) {
      for (auto some = work.wanted(results); !some.empty(); some = work.wanted(results))
        std::ranges::for_each(some, take);
    } else {
      for (std::size_t i = 0; i < results.size(); ++i) take(i);
    }
    if (work.before) std::ranges::stable_sort(more, work.before);
    missing += more.size();
    return more;
  };
  Cells cells;
  cells.missing = next();
  cells.identity = identity_of(work);
  cells.known = known;
  cells.threads = work.threads;
  cells.here = work.here;
  cells.stop = &stop;
  cells.compute = [&](std::size_t i, unsigned worker) {
    return cell_text(work.compute(i, worker));
  };
  cells.done = [&](std::size_t i, const std::string& result) {
    Cell cell = read_cell(result);
    if (work.complete) work.complete(i, cell);
    if (store) store->add(work.keys[i], cell_text(cell));
    results[i] = std::move(cell);
  };
  if (work.wanted) cells.then = [&](std::size_t) { return next(); };
  cells.progress = [&](std::size_t done) { receiver.report({work.what, done, missing, "cells"}); };
  run_cells(cells);
  return results;
}

}  // namespace kraft
