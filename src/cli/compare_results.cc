// The results of kraft compare as tables, JSON and CSV.

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/text.h"
#include "cli/compare.h"
#include "evaluate/text_metrics.h"
#include "report/table.h"
#include "version.h"

namespace kraft::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string fixed(double number, int digits) {
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, number);
  return text;
}

// Large figures need no fractions.
int digits_of(const Metric& metric, double value) {
  return std::abs(value) >= 1000 ? 0 : metric.digits;
}

std::string cell_text(const Metric& metric, const ComparisonRow& row) {
  const auto found = row.figures.find(metric.key);
  if (found == row.figures.end()) return "-";
  const double mean = found->second.mean * metric.factor;
  const int digits = digits_of(metric, mean);
  std::string text = fixed(mean, digits);
  if (metric.kind != Metric::Kind::cost && std::isfinite(found->second.standard_error))
    text += " +-" + fixed(found->second.standard_error * metric.factor, digits);
  return text;
}

bool is_shown(const Metric& metric, const std::string& columns) {
  if (columns == "concise") return metric.concise;
  return columns == "all" || metric.kind != Metric::Kind::cost;
}

std::string describe(const ComparedInput& input, std::uint64_t count) {
  const Window& window = input.windows[0];
  return printable(input.name) + " (" + name_of(input.medium) +
         "): " + std::to_string(input.windows.size()) +
         (input.windows.size() == 1 ? " window of " : " windows of ") +
         grouped(window.context.size()) + " bytes of context and " + grouped(window.truth.size()) +
         " of truth, " + std::to_string(count) +
         (count == 1 ? " sample of each" : " samples of each") + "\n";
}

// What is beyond all numbers has no JSON: null.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json to_json(const Estimate& e) {
  return {{"mean", number(e.mean)},
          {"standard_error", number(e.standard_error)},
          {"low", number(e.low)},
          {"high", number(e.high)},
          {"windows", e.count}};
}

Json bytes_json(const ComparedInput& input, ByteView bytes) {
  if (input.medium == Medium::text && is_utf8(as_text(bytes))) return {{"text", as_text(bytes)}};
  return {{"base64", base64(bytes)}};
}

Json input_json(const Results& results, std::size_t index) {
  const ComparedInput& input = results.comparison.inputs()[index];
  Json json = {{"file", printable(input.name)},    {"medium", name_of(input.medium)},
               {"fingerprint", input.fingerprint}, {"bytes", input.bytes.size()},
               {"row_bytes", input.row_bytes},     {"windows", Json::array()}};
  if (input.rate_hz > 0) json["rate_hz"] = input.rate_hz;
  for (const Window& window : input.windows)
    json["windows"].push_back({{"begin", window.begin},
                               {"context", bytes_json(input, window.context)},
                               {"truth", bytes_json(input, window.truth)}});
  for (const Metric& metric : results.metrics(index)) {
    const char* aim = metric.aim == Aim::lower    ? "lower"
                      : metric.aim == Aim::higher ? "higher"
                                                  : "as the truth";
    json["metrics"][metric.key] = {{"meaning", metric.meaning}, {"better", aim}};
  }
  return json;
}

Json row_json(const Results& results, const ComparisonRow& row) {
  Json json = {{"file", printable(results.comparison.inputs()[row.input].name)},
               {"input", row.input},
               {"model", row.model},
               {"sampler", row.sampler},
               {"bound", row.sanity}};
  const auto identity = results.identities.find(identity_key(row.input, row.model));
  if (!row.sanity && identity != results.identities.end()) json["identity"] = identity->second;
  json["figures"] = Json::object();
  for (const Metric& metric : results.metrics(row.input)) {
    const auto found = row.figures.find(metric.key);
    if (found != row.figures.end()) json["figures"][metric.key] = to_json(found->second);
  }
  json["rates"] = Json::array();
  for (const auto& [bytes, rate] : row.rates) {
    Json point = {{"context_bytes", bytes}};
    point.update(to_json(rate));
    json["rates"].push_back(point);
  }
  return json;
}

Json samples_json(const Results& results) {
  Json samples = Json::array();
  for (const auto& [key, cell] : results.cells) {
    for (std::size_t i = 0; i < cell.draws.size(); ++i) {
      Json json = {{"input", key.input},
                   {"window", key.window},
                   {"model", key.model},
                   {"sampler", key.sampler},
                   {"index", i}};
      json.update(bytes_json(results.comparison.inputs()[key.input], cell.draws[i].bytes));
      for (const auto& [name, value] : cell.draws[i].figures) json["figures"][name] = number(value);
      samples.push_back(std::move(json));
    }
  }
  return samples;
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

}  // namespace

std::string results_table(const Results& results) {
  std::string text;
  const auto& inputs = results.comparison.inputs();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (i > 0) text += "\n";
    text += describe(inputs[i], results.comparison.settings().count);
    std::vector<std::string> titles = {"model", "sampler"};
    std::vector<Metric> metrics = results.metrics(i);
    std::erase_if(metrics,
                  [&](const Metric& metric) { return !is_shown(metric, results.options.columns); });
    for (const Metric& metric : metrics)
      titles.push_back(">" + metric.title +
                       (metric.unit == "%" || metric.unit == "dB" ? " " + metric.unit : ""));
    Table table(std::move(titles));
    for (const ComparisonRow& row : results.rows) {
      if (row.input != i) continue;
      std::vector<std::string> cells = {row.model, row.sampler};
      for (const Metric& metric : metrics) cells.push_back(cell_text(metric, row));
      table.add(std::move(cells));
    }
    text += table.text();
  }
  return text;
}

std::string results_json(const Results& results) {
  const ComparisonSettings& settings = results.comparison.settings();
  Json json = {{"kraft", kVersion},
               {"settings",
                {{"seed", settings.seed},
                 {"count", settings.count},
                 {"positions", settings.positions},
                 {"judges", settings.judges},
                 {"alphabet", settings.alphabet}}},
               {"inputs", Json::array()},
               {"rows", Json::array()}};
  for (std::size_t i = 0; i < results.comparison.inputs().size(); ++i)
    json["inputs"].push_back(input_json(results, i));
  for (const ComparisonRow& row : results.rows) json["rows"].push_back(row_json(results, row));
  json["samples"] = samples_json(results);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string results_csv(const Results& results) {
  std::string text =
      "file,model,sampler,figure,context_bytes,mean,standard_error,low,high,windows\r\n";
  const auto add = [&](const ComparisonRow& row, const std::string& figure,
                       const std::string& context_bytes, const Estimate& e) {
    text += quoted(printable(results.comparison.inputs()[row.input].name)) + "," +
            quoted(row.model) + "," + quoted(row.sampler) + "," + quoted(figure) + "," +
            context_bytes + "," + csv_number(e.mean) + "," + csv_number(e.standard_error) + "," +
            csv_number(e.low) + "," + csv_number(e.high) + "," + std::to_string(e.count) + "\r\n";
  };
  for (const ComparisonRow& row : results.rows) {
    for (const Metric& metric : results.metrics(row.input)) {
      const auto found = row.figures.find(metric.key);
      if (found != row.figures.end()) add(row, metric.key, "", found->second);
    }
    for (const auto& [bytes, rate] : row.rates)
      add(row, "code_bits_per_byte", std::to_string(bytes), rate);
  }
  return text;
}

}  // namespace kraft::cli
