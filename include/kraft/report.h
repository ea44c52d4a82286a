// Reports: what results of tasks look like, as text, JSON, CSV, SVG and HTML.
//
//     const kraft::CompareResult result = kraft::compare(task);
//     std::cout << kraft::compare_table(result);
//     file << kraft::compare_json(result);
//
// Everything is returned as a whole, in UTF-8.
#pragma once

#include <string>
#include <vector>

#include "kraft/tasks/compare.h"
#include "kraft/tasks/reproduce.h"

namespace kraft {

// Which figures a table has.
enum class Columns {
  concise,  // those that say most
  lasting,  // all but costs, which depend on the machine
  all,
};

// A table for each input.
std::string compare_table(const CompareResult& result, Columns columns = Columns::concise);

// Everything, samples included. A figure that is not a number becomes null.
std::string compare_json(const CompareResult& result);

// A line for each figure (RFC 4180).
std::string compare_csv(const CompareResult& result);

// A page that needs nothing else; `command` is shown as what made it. Throws Error where kraft was
// built without Chart.js; has_compare_page() asks.
std::string compare_page(const CompareResult& result, const std::string& command = {});
bool has_compare_page();

// Tables and words, beside the published figures.
std::string reproduce_text(const ReproduceResult& result);
std::string reproduce_json(const ReproduceResult& result);

// fig2, fig4: the curves as SVG. Throws UsageError for other experiments.
std::string reproduce_plot(const ReproduceResult& result);

// fig3: what was drawn, as files of text, PNG and WAV, with their names.
std::vector<NamedBytes> reproduce_files(const ReproduceResult& result);

}  // namespace kraft
