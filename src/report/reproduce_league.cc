// Who predicts and who dreams best: docs/league.md.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/numbers.h"
#include "base/text.h"
#include "report/reproduce.h"
#include "report/table.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

constexpr Medium kMedia[] = {Medium::text, Medium::image, Medium::audio};

double mean_of(const CompareRow& row, const std::string& key) {
  const auto found = row.figures.find(key);
  return found == row.figures.end() ? INFINITY : found->second.mean;
}

// Of all windows of a medium together, best prediction first.
std::vector<CompareRow> standings_of(const CompareResult& result, Medium medium) {
  std::vector<CompareRow> found;
  std::ranges::copy_if(result.pooled, std::back_inserter(found), [&](const CompareRow& row) {
    const Medium of = result.inputs[row.input].medium;
    return (has_samples(of) ? of : Medium::text) == medium;
  });
  std::ranges::stable_sort(found, {},
                           [](const CompareRow& row) { return mean_of(row, "bits_per_byte"); });
  return found;
}

std::string value_text(const CompareRow& row, const Figure& figure) {
  const auto found = row.figures.find(figure.key);
  if (found == row.figures.end()) return "-";
  const double mean = found->second.mean * figure.factor;
  const int digits = std::abs(mean) >= 1000 ? 0 : figure.digits;
  std::string text = fixed(mean, digits);
  if (figure.kind != FigureKind::cost && std::isfinite(found->second.standard_error) && !row.bound)
    text += " +-" + fixed(found->second.standard_error * figure.factor, digits);
  return text;
}

std::pair<double, double> place_of(const CompareRow& row, const std::string& key) {
  const auto found = row.places.find(key);
  if (found == row.places.end()) return {INFINITY, INFINITY};
  const auto best = static_cast<double>(found->second.best);
  const auto worst = static_cast<double>(found->second.worst);
  return {(best + worst) / 2, mean_of(row, key)};
}

std::string places_text(const CompareRow& row, const std::string& key) {
  const auto found = row.places.find(key);
  if (found == row.places.end()) return "-";
  const auto& [best, worst] = found->second;
  return std::to_string(best) + (best == worst ? "" : "-" + std::to_string(worst));
}

std::string title_of(const Figure& figure) {
  return ">" + figure.title + (figure.unit == "%" || figure.unit == "dB" ? " " + figure.unit : "");
}

// By which samples are ranked: what asks for the same texture, not for the very same values.
std::string dreaming_figure(const std::vector<Figure>& figures, Medium medium) {
  if (medium == Medium::image) return "gradient_distance";
  if (medium == Medium::audio) return "log_spectral_distance_db";
  return figures.at(0).key;  // the first judge
}

// Of predictions a row for each model, best first, and what it costs; of samples one for each
// sampler, best first.
std::string table_of(const CompareResult& result, Medium medium, FigureKind kind) {
  std::vector<CompareRow> rows = standings_of(result, medium);
  std::vector<Figure> figures = result.inputs[rows[0].input].figures;
  const bool predictions = kind == FigureKind::prediction;
  std::erase_if(figures, [&](const Figure& figure) {
    const bool shown = figure.concise || figure.key == "peak_memory_bytes";
    return !shown || (figure.kind == FigureKind::sample) == predictions;
  });
  const std::string ranked = predictions ? figures.at(0).key : dreaming_figure(figures, medium);
  std::vector<std::string> titles = {"model"};
  if (!predictions) titles.emplace_back("sampler");
  titles.emplace_back(">places");
  for (const Figure& figure : figures) titles.push_back(title_of(figure));
  Table table(std::move(titles));
  if (!predictions)
    std::ranges::stable_sort(rows, {},
                             [&](const CompareRow& row) { return place_of(row, ranked); });
  std::vector<std::string> listed;
  for (const CompareRow& row : rows) {
    if (predictions && std::ranges::find(listed, row.model) != listed.end()) continue;
    listed.push_back(row.model);
    std::vector<std::string> fields = {row.model};
    if (!predictions) fields.push_back(row.sampler);
    fields.push_back(places_text(row, ranked));
    for (const Figure& figure : figures) fields.push_back(value_text(row, figure));
    table.add(std::move(fields));
  }
  return table.text();
}

// To five digits.
Json rounded(double value) {
  if (!std::isfinite(value)) return nullptr;
  std::array<char, 32> text{};
  char* const end = text.data() + text.size();
  const auto written = std::to_chars(text.data(), end, value, std::chars_format::general, 5);
  double short_value = 0;
  std::from_chars(text.data(), written.ptr, short_value);
  return short_value;
}

// Short, since there are thousands of them: means with their standard errors, and places.
Json row_json(const CompareRow& row, const Json& of) {
  Json figures = Json::object(), places = Json::object();
  for (const auto& [key, estimate] : row.figures)
    figures[key] = {rounded(estimate.mean), rounded(estimate.standard_error)};
  for (const auto& [key, found] : row.places) places[key] = {found.best, found.worst};
  return {{"of", of},
          {"model", row.model},
          {"sampler", row.sampler},
          {"identity", row.identity},
          {"windows", row.windows},
          {"figures", std::move(figures)},
          {"places", std::move(places)}};
}

}  // namespace

std::string league_text(const ReproduceResult& result) {
  const CompareResult& league = *result.comparison;
  std::string text;
  for (const Medium medium : kMedia) {
    if (standings_of(league, medium).empty()) continue;
    for (const FigureKind kind : {FigureKind::prediction, FigureKind::sample})
      text += std::string(paper_name(medium)) +
              (kind == FigureKind::sample ? ": samples\n" : ": prediction\n") +
              table_of(league, medium, kind) + "\n";
  }
  return text + described(result) + "\nmeans over all windows, " +
         std::to_string(league.inputs[0].windows.size()) +
         " of each file, +- one standard error; places: those that a model may have, by bits/byte, "
         "and "
         "of samples by the first\njudge, gradients or LSD\n";
}

Json league_json(const ReproduceResult& result) {
  const CompareResult& league = *result.comparison;
  Json standings = Json::array(), rows = Json::array();
  for (const Medium medium : kMedia) {
    for (const CompareRow& row : standings_of(league, medium))
      standings.push_back(row_json(row, paper_name(medium)));
  }
  for (const CompareRow& row : league.rows)
    rows.push_back(row_json(row, printable(league.inputs[row.input].name)));
  return {{"experiment", "league"},
          {"data", data_json(result)},
          {"windows", league.inputs[0].windows.size()},
          {"judges", league.judges},
          {"standings", std::move(standings)},
          {"rows", std::move(rows)}};
}

}  // namespace kraft
