// An experiment is a list of cells that are computed one by one, in any order, and summed up.
//
//     kraft::RateExperiment table1(data, models, layouts, {.threads = 2});
//     kraft::CellResults results;
//     for (const kraft::ExperimentCell& cell : table1.cells()) results[cell.key] = cell.compute();
//     auto rate = table1.rate(/*data=*/0, "gzip:9", kraft::Layout::chunked, results);
//
// What a cell holds depends on the data, the settings and its model alone, so that the cells of one
// experiment can be divided between threads and processes. docs/reproduce.md has the protocols.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "evaluate/cell.h"
#include "kraft/codec.h"
#include "kraft/registry.h"

namespace kraft {

// A piece of work. compute() may be called by several threads at once; it throws Error. The
// experiment that it belongs to must outlive it.
struct ExperimentCell {
  std::string key;    // unique within the experiment, and the same in every run of it
  std::string model;  // whose work it is: a canonical specification; empty: none of the registry's
  Geometry geometry;  // with which that model is made
  std::function<Cell()> compute;
};

using CellResults = std::map<std::string, Cell, std::less<>>;

// The specification with its argument filled in, as models call themselves. Throws UsageError.
std::string canonical_spec(const std::string& spec);

// Whether the backend writes streams of its own; else it is a predictor, whose bits are summed.
bool is_codec(const std::string& spec);

// Canonical, in their order, each once.
std::vector<std::string> canonical_once(const std::vector<std::string>& specs);

// A figure of a cell. Throws Error when it was not computed.
double figure(const CellResults& results, const std::string& key, const char* name);

// `count` of `total`, evenly spread (all of them if it is 0 or more than that).
std::vector<std::size_t> evenly_spread(std::size_t total, std::uint64_t count);

// Predictors, made once for each kind of data and shared by all threads.
class SharedModels {
 public:
  SharedModels(unsigned threads, std::function<bool()> cancelled)
      : threads_(threads), cancelled_(std::move(cancelled)) {}
  std::shared_ptr<const Model> get(const std::string& spec, const Geometry& geometry) const;

 private:
  unsigned threads_;
  std::function<bool()> cancelled_;
  mutable std::mutex mutex_;
  mutable std::map<std::pair<std::string, std::vector<std::pair<std::string, std::int64_t>>>,
                   std::shared_ptr<const Model>>
      models_;
};

struct ExperimentSettings {
  // How many chunks a model with parameters predicts (0: all); they are evenly spread.
  std::uint64_t chunks = 0;
  unsigned threads = 1;  // that will compute
  std::function<bool()> cancelled = {};
};

// Encoders of a codec for messages of any size. A codec for images sees rows of so many pixels, or
// fewer of a shorter message; with 0, as near_square_width() says.
class Streams {
 public:
  explicit Streams(const std::string& spec, std::size_t width = 0);

  std::uint64_t bytes(ByteView message);
  std::uint64_t header_bytes();  // the stream of a single byte

 private:
  std::string spec_;
  std::size_t width_;
  std::map<std::string, std::unique_ptr<Encoder>> encoders_;
  Bytes stream_;
};

}  // namespace kraft
