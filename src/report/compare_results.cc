// The results of kraft compare as tables, JSON and CSV.

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/numbers.h"
#include "base/text.h"
#include "kraft/report.h"
#include "report/estimate_json.h"
#include "report/table.h"
#include "version.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kLevel = 0.05;  // at which a difference is marked

// Large figures need no fractions.
int digits_of(const Figure& figure, double value) {
  return std::abs(value) >= 1000 ? 0 : figure.digits;
}

// With `seeds`, how much of the error is theirs stands in brackets.
std::string field_text(const Figure& figure, const CompareRow& row, bool seeds) {
  const auto found = row.figures.find(figure.key);
  if (found == row.figures.end()) return "-";
  const double mean = found->second.mean * figure.factor;
  const int digits = digits_of(figure, mean);
  std::string text = fixed(mean, digits);
  if (figure.kind != FigureKind::cost && std::isfinite(found->second.standard_error))
    text += " +-" + fixed(found->second.standard_error * figure.factor, digits);
  const auto seed_error = row.seed_errors.find(figure.key);
  if (seeds && seed_error != row.seed_errors.end() && std::isfinite(seed_error->second))
    text += " (" + fixed(seed_error->second * figure.factor, digits) + ")";
  return text;
}

bool is_shown(const Figure& figure, Columns columns) {
  if (columns == Columns::concise) return figure.concise;
  return columns == Columns::all || figure.kind != FigureKind::cost;
}

bool has_mauve(const CompareInput& input) {
  return std::ranges::count(input.figures, "mauve", &Figure::key) > 0;
}

std::string describe(const CompareResult& result, const CompareInput& input, bool differ) {
  const CompareWindow& window = input.windows[0];
  const std::uint64_t count = result.count;
  const std::string all = (differ ? "up to " : "") + grouped(input.windows.size() * count);
  return printable(input.name) + " (" + name_of(input.medium) + "): " + (differ ? "up to " : "") +
         std::to_string(input.windows.size()) +
         (input.windows.size() == 1 ? " window of " : " windows of ") +
         grouped(window.context.size()) + " bytes of context and " + grouped(window.truth.size()) +
         " of truth, " + std::to_string(count) +
         (count == 1 ? " sample of each" : " samples of each") +
         (has_mauve(input) ? "; MAUVE of " + all + " samples against " + all +
                                 " pieces of the text, by " + result.features
                           : "") +
         "\n";
}

// Whether some models have seen more windows than others.
bool windows_differ(const CompareResult& result, std::size_t index) {
  return std::ranges::any_of(result.rows, [&](const CompareRow& row) {
    return row.input == index && row.windows != result.inputs[index].windows.size();
  });
}

std::string table_of(const CompareResult& result, std::size_t index, Columns columns) {
  std::vector<Figure> figures = result.inputs[index].figures;
  std::erase_if(figures, [&](const Figure& figure) { return !is_shown(figure, columns); });
  std::vector<std::string> titles = {"model", "sampler"};
  const bool differ = windows_differ(result, index);
  const bool seeds = columns == Columns::all && result.count > 1;
  if (differ) titles.emplace_back(">n");
  for (const Figure& figure : figures)
    titles.push_back(">" + figure.title +
                     (figure.unit == "%" || figure.unit == "dB" ? " " + figure.unit : ""));
  Table table(std::move(titles));
  for (const CompareRow& row : result.rows) {
    if (row.input != index) continue;
    std::vector<std::string> fields = {row.model, row.sampler};
    if (differ) fields.push_back(std::to_string(row.windows));
    for (const Figure& figure : figures) fields.push_back(field_text(figure, row, seeds));
    table.add(std::move(fields));
  }
  return table.text() +
         (seeds ? "in brackets: how much of the error comes from the seeds of the samples\n" : "");
}

// "2-3 +0.31+-0.29*": places, and the difference to the reference with half its interval.
std::string paired_text(const Figure& figure, const CompareRow& row) {
  const auto places = row.places.find(figure.key);
  std::string text;
  if (places != row.places.end()) {
    const auto& [best, worst] = places->second;
    text = std::to_string(best) + (best == worst ? "" : "-" + std::to_string(worst));
  }
  const auto found = row.differences.find(figure.key);
  if (found == row.differences.end()) return text.empty() ? "-" : text;
  const Difference& difference = found->second;
  const Estimate& e = difference.estimate;
  text += (text.empty() ? "" : " ") + std::string(e.mean < 0 ? "" : "+") +
          fixed(e.mean * figure.factor, figure.digits);
  if (std::isfinite(e.high)) text += "+-" + fixed((e.high - e.mean) * figure.factor, figure.digits);
  return text + (difference.p_holm < kLevel ? "*" : "");
}

// How rows differ, where there is more than one, and more than one window.
std::string pairs_of(const CompareResult& result, std::size_t index, Columns columns) {
  const CompareInput& input = result.inputs[index];
  const auto is_here = [index](const CompareRow& row) { return row.input == index && !row.bound; };
  const auto reference = std::ranges::find_if(
      result.rows, [index](const CompareRow& row) { return row.input == index && row.reference; });
  const bool differ = std::ranges::any_of(
      result.rows, [&](const CompareRow& row) { return is_here(row) && !row.differences.empty(); });
  if (reference == result.rows.end() || !differ || input.windows.size() < 2) return "";
  std::vector<Figure> figures = input.figures;
  std::erase_if(figures, [&](const Figure& figure) {
    return figure.kind == FigureKind::cost || !is_shown(figure, columns);
  });
  std::vector<std::string> titles = {"model", "sampler"};
  for (const Figure& figure : figures)
    titles.push_back(">" + figure.title +
                     (figure.unit == "%" || figure.unit == "dB" ? " " + figure.unit : ""));
  Table table(std::move(titles));
  for (const CompareRow& row : result.rows) {
    if (!is_here(row)) continue;
    std::vector<std::string> fields = {row.model, row.sampler};
    for (const Figure& figure : figures) fields.push_back(paired_text(figure, row));
    table.add(std::move(fields));
  }
  return "places that are not told apart, and differences to " + reference->model +
         (reference->bound ? "" : ", " + reference->sampler) +
         " over the same windows, +- half of their 95 % interval (*: Holm's p < 0.05)\n" +
         table.text();
}

Json to_json(const Estimate& e) {
  Json json = estimate_json(e);
  json["windows"] = e.count;
  return json;
}

Json bytes_json(const CompareInput& input, ByteView bytes) {
  if (input.medium == Medium::text && is_utf8(as_text(bytes))) return {{"text", as_text(bytes)}};
  return {{"base64", base64(bytes)}};
}

Json input_json(const CompareInput& input) {
  Json json = {{"file", printable(input.name)},    {"medium", name_of(input.medium)},
               {"fingerprint", input.fingerprint}, {"bytes", input.size_bytes},
               {"row_bytes", input.row_bytes},     {"windows", Json::array()}};
  if (input.rate_hz > 0) json["rate_hz"] = input.rate_hz;
  for (const CompareWindow& window : input.windows)
    json["windows"].push_back({{"begin", window.begin},
                               {"context", bytes_json(input, window.context)},
                               {"truth", bytes_json(input, window.truth)}});
  for (const Figure& figure : input.figures) {
    const char* aim = figure.aim == Aim::lower    ? "lower"
                      : figure.aim == Aim::higher ? "higher"
                                                  : "as the truth";
    json["metrics"][figure.key] = {{"meaning", figure.meaning}, {"better", aim}};
  }
  return json;
}

Json row_json(const CompareResult& result, const CompareRow& row) {
  const CompareInput& input = result.inputs[row.input];
  Json json = {{"file", printable(input.name)}, {"input", row.input}, {"model", row.model},
               {"sampler", row.sampler},        {"bound", row.bound}, {"windows", row.windows}};
  if (!row.identity.empty()) json["identity"] = row.identity;
  json["figures"] = Json::object();
  for (const Figure& figure : input.figures) {
    const auto found = row.figures.find(figure.key);
    if (found == row.figures.end()) continue;
    Json estimate = to_json(found->second);
    if (const auto error = row.seed_errors.find(figure.key); error != row.seed_errors.end())
      estimate["seed_error"] = number_json(error->second);
    json["figures"][figure.key] = std::move(estimate);
  }
  if (const auto mauve = row.figures.find("mauve"); mauve != row.figures.end())
    json["mauve_samples"] = mauve->second.count * result.count;
  json["reference"] = row.reference;
  json["differences"] = Json::object();
  json["places"] = Json::object();
  for (const Figure& figure : input.figures) {
    if (const auto found = row.differences.find(figure.key); found != row.differences.end()) {
      Json difference = to_json(found->second.estimate);
      difference["p"] = number_json(found->second.p);
      difference["p_holm"] = number_json(found->second.p_holm);
      json["differences"][figure.key] = std::move(difference);
    }
    if (const auto found = row.places.find(figure.key); found != row.places.end())
      json["places"][figure.key] = {found->second.best, found->second.worst};
  }
  json["rates"] = Json::array();
  for (const auto& [bytes, rate] : row.rates) {
    Json point = {{"context_bytes", bytes}};
    point.update(to_json(rate));
    json["rates"].push_back(point);
  }
  return json;
}

Json sample_json(const CompareInput& input, const CompareSample& sample) {
  Json json = {{"input", sample.input},
               {"window", sample.window},
               {"model", sample.model},
               {"sampler", sample.sampler},
               {"index", sample.index}};
  json.update(bytes_json(input, sample.bytes));
  for (const auto& [name, value] : sample.figures) json["figures"][name] = number_json(value);
  return json;
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string field = "\"";
  for (char c : text) field += c == '"' ? "\"\"" : std::string(1, c);
  return field + "\"";
}

std::string csv_number(double value) {
  if (std::isnan(value)) return "";
  return std::isinf(value) ? fixed(value, 0) : shortest(value);
}

std::string paired_csv(const CompareRecord& record) {
  std::string text = ",,";
  if (record.places)
    text = "," + std::to_string(record.places->best) + "," + std::to_string(record.places->worst);
  if (!record.difference) return text + ",,,,,,";
  const auto& [e, p, p_holm] = *record.difference;
  for (const double value : {e.mean, e.standard_error, e.low, e.high, p, p_holm})
    text += "," + csv_number(value);
  return text;
}

}  // namespace

std::string compare_table(const CompareResult& result, Columns columns) {
  std::string text;
  for (std::size_t i = 0; i < result.inputs.size(); ++i)
    text += (i > 0 ? "\n" : "") + describe(result, result.inputs[i], windows_differ(result, i)) +
            table_of(result, i, columns) + pairs_of(result, i, columns);
  return text;
}

std::string compare_json(const CompareResult& result) {
  Json json = {{"kraft", kVersion},
               {"settings",
                {{"seed", result.seed},
                 {"count", result.count},
                 {"positions", result.positions},
                 {"judges", result.judges},
                 {"alphabet", result.alphabet}}},
               {"inputs", Json::array()},
               {"rows", Json::array()},
               {"samples", Json::array()}};
  if (!result.features.empty()) json["settings"]["features"] = result.features;
  for (const CompareInput& input : result.inputs) json["inputs"].push_back(input_json(input));
  for (const CompareRow& row : result.rows) json["rows"].push_back(row_json(result, row));
  for (const CompareSample& sample : result.samples)
    json["samples"].push_back(sample_json(result.inputs[sample.input], sample));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string compare_csv(const CompareResult& result) {
  std::string text =
      "file,model,sampler,figure,context_bytes,mean,standard_error,low,high,windows,place_best,"
      "place_worst,difference,difference_error,difference_low,difference_high,p,p_holm,seed_"
      "error\r\n";
  for (const CompareRecord& record : result.records()) {
    const Estimate& e = record.estimate;
    text += quoted(printable(record.input)) + "," + quoted(record.model) + "," +
            quoted(record.sampler) + "," + quoted(record.figure) + "," +
            (record.context_bytes ? std::to_string(*record.context_bytes) : "") + "," +
            csv_number(e.mean) + "," + csv_number(e.standard_error) + "," + csv_number(e.low) +
            "," + csv_number(e.high) + "," + std::to_string(e.count) + paired_csv(record) + "," +
            (record.seed_error ? csv_number(*record.seed_error) : "") + "\r\n";
  }
  return text;
}

}  // namespace kraft
