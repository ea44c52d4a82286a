// Table 2: rates under different vocabularies.

#include "base/numbers.h"
#include "base/text.h"
#include "report/reproduce.h"
#include "report/table.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kOrderNames[] = {"1 (no context)", "2 (one token)", "3 (two tokens)"};

// A row for each order, and what the vocabularies come to.
std::string ngrams_table(const ReproduceResult& result) {
  std::vector<std::string> titles = {"n-gram of tokens"}, sizes = {"vocabulary"},
                           lengths = {"bytes per token"};
  std::vector<std::vector<std::string>> orders;
  for (const ReproduceVocabulary& of : result.vocabularies) {
    if (!of.model.empty()) continue;
    if (of.order > orders.size())
      orders.push_back({std::string("order ") + kOrderNames[of.order - 1]});
    orders.back().push_back(fixed(of.percent, 1));
    if (of.order > 1) continue;
    titles.push_back(of.wanted == 256 ? ">bytes" : ">" + grouped(of.wanted / 1000) + "K");
    sizes.push_back(grouped(of.vocabulary));
    lengths.push_back(fixed(of.bytes_per_token, 2));
  }
  Table table(std::move(titles));
  for (auto& fields : orders) table.add(std::move(fields));
  table.add(std::move(sizes));
  table.add(std::move(lengths));
  return table.text();
}

}  // namespace

std::string table2_text(const ReproduceResult& result) {
  std::string text = "rate in % of " + grouped(result.measured_bytes) +
                     " bytes, n-grams and vocabularies learnt from the " +
                     grouped(result.learnt_bytes) + " before\n" + ngrams_table(result);
  Table models({"model, chunked", ">rate %", ">vocabulary"});
  for (const ReproduceVocabulary& of : result.vocabularies) {
    if (of.model.empty()) continue;
    models.add(
        {of.model,
         fixed(of.percent, 1) + (of.standard_error > 0 ? " +- " + fixed(of.standard_error, 1) : ""),
         grouped(of.vocabulary)});
  }
  if (!result.models.empty()) text += "\n" + models.text();
  return text + "\n" + described(result) +
         "\npaper: transformers of 0.2, 0.8 and 3.2 M parameters under ASCII and BPE of 1K to 20K, "
         "on enwik9;\nours: n-grams with interpolated Witten-Bell estimates, which go on learning; "
         "a vocabulary ends\nwhere no pair is left that occurs twice\n";
}

Json table2_json(const ReproduceResult& result) {
  Json rows = Json::array(), models = Json::array();
  for (const ReproduceVocabulary& of : result.vocabularies) {
    if (of.model.empty()) {
      rows.push_back({{"order", of.order},
                      {"vocabulary_wanted", of.wanted},
                      {"vocabulary", of.vocabulary},
                      {"bytes_per_token", of.bytes_per_token},
                      {"rate_percent", of.percent}});
    } else {
      models.push_back({{"model", of.model},
                        {"vocabulary", of.vocabulary},
                        {"rate_percent", of.percent},
                        {"standard_error_percent", of.standard_error}});
    }
  }
  return {{"experiment", "table2"},
          {"source", result.data.at(0).source},
          {"learnt_bytes", result.learnt_bytes},
          {"measured_bytes", result.measured_bytes},
          {"ngrams", std::move(rows)},
          {"models", std::move(models)}};
}

}  // namespace kraft
