// Scores as a table and as JSON.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/numbers.h"
#include "base/text.h"
#include "kraft/report.h"
#include "report/table.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

// All positions leave no error; one alone says nothing of its own.
std::string prequential_text(const ScoreRow& row) {
  if (!row.prequential) return "-";
  const PrequentialBits& found = *row.prequential;
  std::string mean = fixed(found.bits_per_byte, 4);
  if (found.positions == row.bytes) return mean;
  return mean + " +- " + (found.standard_error ? fixed(*found.standard_error, 4) : "-");
}

std::string compressed_text(const ScoreRow& row) {
  const std::int64_t bytes = row.compressed_bytes;
  return (row.by_prediction ? "~" : "") + std::string(bytes < 0 ? "-" : "") +
         grouped(static_cast<std::uint64_t>(bytes < 0 ? -bytes : bytes));
}

std::vector<std::string> cells_of(const ScoreRow& row, bool learnt) {
  std::vector<std::string> cells = {row.model,
                                    printable(row.input),
                                    grouped(row.bytes),
                                    compressed_text(row),
                                    fixed(row.bits_per_byte(), 4),
                                    fixed(row.rate_percent(), 2)};
  if (learnt) cells.push_back(fixed(row.adjusted_rate_percent(), 2));
  cells.push_back(prequential_text(row));
  cells.push_back(row.prequential ? grouped(row.prequential->positions) : "-");
  return cells;
}

Json to_json(const ScoreRow& row) {
  Json json = {{"model", row.model},
               {"file", printable(row.input)},
               {"bytes", row.bytes},
               {"chunk_bytes", row.chunk_bytes},
               {"prime_bytes", row.prime_bytes},
               {"compressed_bytes", row.compressed_bytes},
               {"bits", row.bits},
               {"by_prediction", row.by_prediction},
               {"bits_per_byte", row.bits_per_byte()},
               {"rate_percent", row.rate_percent()},
               {"parameters", row.parameters},
               {"adjusted_rate_percent", row.adjusted_rate_percent()},
               {"prequential", nullptr}};
  if (row.prequential) {
    const auto& error = row.prequential->standard_error;
    json["prequential"] = {{"bits_per_byte", row.prequential->bits_per_byte},
                           {"standard_error", error ? Json(*error) : Json(nullptr)},
                           {"positions", row.prequential->positions}};
  }
  return json;
}

}  // namespace

std::string score_table(const ScoreResult& result) {
  const auto any = [&](auto holds) { return std::ranges::any_of(result.rows, holds); };
  const bool learnt = any([](const ScoreRow& row) { return row.parameters > 0; });
  const bool predicted = any([](const ScoreRow& row) { return row.by_prediction; });
  std::vector<std::string> heads = {"model",       "file",       ">bytes",
                                    ">compressed", ">bits/byte", ">rate %"};
  if (learnt) heads.emplace_back(">adjusted %");
  heads.insert(heads.end(), {">prequential bits/byte", ">positions"});
  Table table(std::move(heads));
  for (const ScoreRow& row : result.rows) table.add(cells_of(row, learnt));
  std::string text = table.text();
  const std::uint64_t prime_bytes = result.rows.empty() ? 0 : result.rows[0].prime_bytes;
  if (prime_bytes > 0) text += "all of it given " + grouped(prime_bytes) + " bytes of context\n";
  if (learnt) text += "adjusted: with the model, 2 bytes a parameter\n";
  if (predicted) text += "~ what an ideal arithmetic coder needs with this model's predictions\n";
  return text;
}

std::string score_json(const ScoreResult& result) {
  Json json = Json::array();
  for (const ScoreRow& row : result.rows) json.push_back(to_json(row));
  return json.dump(2) + "\n";
}

}  // namespace kraft
