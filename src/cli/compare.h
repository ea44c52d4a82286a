// What kraft compare's parts have in common.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "evaluate/comparison.h"

namespace kraft::cli {

struct CompareOptions {
  std::vector<std::string> models, samplers, inputs, judges;
  std::int64_t windows = 0, count = 1, positions = 8, seed = 1;
  std::string alphabet = "auto";
  std::int64_t context_bytes = 6000, length_bytes = 64;
  std::int64_t side = 128, rows = 4;
  std::string patch = "64x16";
  std::int64_t context_samples = 1024, samples = 320, rate = 16000;
  std::string columns = "concise", html, resume;
};

// What the results are shown with: everything but the cells themselves.
struct Results {
  const Comparison& comparison;
  const CompareOptions& options;
  const std::map<CellKey, Cell>& cells;
  std::vector<ComparisonRow> rows;
  std::map<std::string, std::string> identities;  // of models, by input and specification
  std::string command;                            // that made them

  std::vector<Metric> metrics(std::size_t input) const {
    const ComparedInput& of = comparison.inputs()[input];
    return metrics_of(of.medium, comparison.settings().judges);
  }
};

std::string hexadecimal(std::uint64_t number);

// What a model is: its specification, its library, its weights and a probe of its predictions.
std::string identity_of(const Model& model);

// The key of Results::identities.
std::string identity_key(std::size_t input, const std::string& spec);

// Everything, as JSON; as one line for each figure, as CSV (RFC 4180); as tables.
std::string results_json(const Results& results);
std::string results_csv(const Results& results);
std::string results_table(const Results& results);

// A page that needs nothing else. Throws Error where kraft was built without its charts.
std::string results_page(const Results& results);
void expect_pages();  // throws that Error

// A cell as one line of JSON, and back, with nothing lost.
std::string cell_text(const Cell& cell);
Cell read_cell(const std::string& text);

// Cells on disk, a line for each: what was computed once need not be again. The first line says
// what the cells depend on; models, samplers and inputs may come and go.
class CellStore {
 public:
  // Reads what is there, or begins a new file. What was cut off in the midst of its last line is
  // dropped. `command` is the one that the file belongs to ("compare"). Throws Error when the file
  // holds something else, or cells of other settings.
  CellStore(const std::string& path, const std::string& command, const std::string& settings);
  ~CellStore();
  CellStore(const CellStore&) = delete;
  CellStore& operator=(const CellStore&) = delete;

  std::optional<Cell> find(const std::string& key) const;
  void add(const std::string& key, const Cell& cell);  // on disk when it returns

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kraft::cli
