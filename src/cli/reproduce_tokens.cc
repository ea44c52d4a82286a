// Table 2: rates under different vocabularies.

#include "evaluate/reproduce_tokens.h"

#include "base/text.h"
#include "cli/reproduce.h"
#include "cli/terminal.h"
#include "report/table.h"
#include "run/interrupts.h"

namespace kraft::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kOrderNames[] = {"1 (no context)", "2 (one token)", "3 (two tokens)"};

std::string text_of(const TokenExperiment& experiment, const PaperData& text,
                    const CellResults& results) {
  std::vector<std::string> titles = {"n-gram of tokens"}, sizes = {"vocabulary"},
                           lengths = {"bytes per token"};
  for (const std::size_t wanted : TokenExperiment::vocabularies()) {
    titles.push_back(wanted == 256 ? ">bytes" : ">" + grouped(wanted / 1000) + "K");
    const auto entry = experiment.ngram(1, wanted, results);
    sizes.push_back(grouped(entry.vocabulary));
    lengths.push_back(fixed(entry.bytes_per_token, 2));
  }
  Table table(std::move(titles));
  for (std::size_t order = 1; order <= TokenExperiment::kOrders; ++order) {
    std::vector<std::string> cells = {std::string("order ") + kOrderNames[order - 1]};
    for (const std::size_t wanted : TokenExperiment::vocabularies())
      cells.push_back(fixed(experiment.ngram(order, wanted, results).percent, 1));
    table.add(std::move(cells));
  }
  table.add(std::move(sizes));
  table.add(std::move(lengths));
  std::string shown = "rate in % of " + grouped(experiment.measured_bytes()) +
                      " bytes, n-grams and vocabularies learnt from the " +
                      grouped(experiment.learnt_bytes()) + " before\n" + table.text();
  Table models({"model, chunked", ">rate %", ">vocabulary"});
  for (const std::string& spec : experiment.models()) {
    const auto entry = experiment.model(spec, results);
    models.add({spec,
                fixed(entry.percent, 1) +
                    (entry.standard_error > 0 ? " +- " + fixed(entry.standard_error, 1) : ""),
                grouped(entry.vocabulary)});
  }
  if (!experiment.models().empty()) shown += "\n" + models.text();
  return shown + "\n" + described({text}) +
         "\npaper: transformers of 0.2, 0.8 and 3.2 M parameters under ASCII and BPE of 1K to 20K, "
         "on enwik9;\nours: n-grams with interpolated Witten-Bell estimates, which go on learning; "
         "a vocabulary ends\nwhere no pair is left that occurs twice\n";
}

Json json_of(const TokenExperiment& experiment, const PaperData& text, const CellResults& results) {
  Json rows = Json::array();
  for (std::size_t order = 1; order <= TokenExperiment::kOrders; ++order) {
    for (const std::size_t wanted : TokenExperiment::vocabularies()) {
      const auto entry = experiment.ngram(order, wanted, results);
      rows.push_back({{"order", order},
                      {"vocabulary_wanted", wanted},
                      {"vocabulary", entry.vocabulary},
                      {"bytes_per_token", entry.bytes_per_token},
                      {"rate_percent", entry.percent}});
    }
  }
  Json models = Json::array();
  for (const std::string& spec : experiment.models()) {
    const auto entry = experiment.model(spec, results);
    models.push_back({{"model", spec},
                      {"vocabulary", entry.vocabulary},
                      {"rate_percent", entry.percent},
                      {"standard_error_percent", entry.standard_error}});
  }
  return {{"experiment", "table2"},
          {"source", text.source},
          {"learnt_bytes", experiment.learnt_bytes()},
          {"measured_bytes", experiment.measured_bytes()},
          {"ngrams", std::move(rows)},
          {"models", std::move(models)}};
}

}  // namespace

int reproduce_table2(const ReproduceOptions& options) {
  const std::vector<std::string> models = models_for(options, {"llama:text"});
  const PaperData text = read_paper_data(options, PaperMedium::text);
  const TokenExperiment experiment(text, models, options.settings());
  CellResults results;
  if (!compute_cells(options, fingerprint({text}) + "chunks " + std::to_string(options.chunks),
                     experiment.cells(), results))
    return kInterruptedExit;
  write_out(options.json ? json_of(experiment, text, results).dump(2) + "\n"
                         : text_of(experiment, text, results));
  return 0;
}

}  // namespace kraft::cli
