// Figures 2 and 4: rates over the amount of data, and over the length of what is compressed.

#include <cmath>

#include "base/numbers.h"
#include "base/text.h"
#include "kraft/error.h"
#include "kraft/report.h"
#include "report/plot.h"
#include "report/reproduce.h"
#include "report/table.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

double adjusted_percent(const ReproduceRate& rate, double data_bytes) {
  return rate.percent + 200 * static_cast<double>(rate.parameters) / data_bytes;
}

Panel adjusted_panel(const ReproduceResult& result) {
  const ReproduceData& data = result.data.at(0);
  const auto measured_bytes = static_cast<double>(data.bytes);
  Panel panel{.title = "Adjusted rate of " + std::string(paper_name(data.medium)) + " (" +
                       data.source + "), chunks of 2,048 bytes",
              .x_title = "bytes of data (dashed: more than were measured)",
              .y_title = "compressed / raw, with the model, %",
              .x_logarithmic = true,
              .y_logarithmic = true};
  for (const ReproduceCurve& curve : result.curves) {
    Curve drawn{.name = curve.model, .points = curve.points, .measured = 0, .marked = false};
    for (const auto& [size, rate] : curve.points) {
      if (size <= measured_bytes) ++drawn.measured;
    }
    panel.curves.push_back(std::move(drawn));
  }
  return panel;
}

Panel context_panel(const ReproduceResult& result) {
  const ReproduceData& data = result.data.at(0);
  Panel panel{.title = "Rate of the first bytes of " + grouped(result.measured_chunks) +
                       " chunks of " + paper_name(data.medium) + " (" + data.source + ")",
              .x_title = "bytes",
              .y_title = "compressed / raw, %",
              .x_logarithmic = true};
  for (const ReproduceCurve& curve : result.curves)
    panel.curves.push_back({.name = curve.model, .points = curve.points});
  return panel;
}

// From how many bytes of data on the model is worth its size; 0: never.
double break_even_bytes(const ReproduceRate& rate, const ReproduceRate& reference) {
  const double gain = reference.percent - rate.percent;
  return gain <= 0 ? 0 : 200 * static_cast<double>(rate.parameters) / gain;
}

}  // namespace

std::string reproduce_plot(const ReproduceResult& result) {
  if (result.experiment == Experiment::fig2) return plot_svg({.panels = {adjusted_panel(result)}});
  if (result.experiment == Experiment::fig4) return plot_svg({.panels = {context_panel(result)}});
  if (result.experiment == Experiment::views) return views_plot(result);
  throw UsageError(std::string(name_of(result.experiment)) + " has nothing to plot");
}

std::string fig2_text(const ReproduceResult& result) {
  std::vector<std::string> titles = {"model", ">parameters", ">rate %"};
  for (int power = 6; power <= 11; ++power) titles.push_back(">10^" + std::to_string(power));
  titles.push_back(">beats " + result.curves.at(0).model + " from");
  Table table(std::move(titles));
  for (const ReproduceCurve& curve : result.curves) {
    const ReproduceRate& rate = *curve.rate;
    std::vector<std::string> fields = {curve.model, grouped(rate.parameters), percent_text(rate)};
    for (int power = 6; power <= 11; ++power)
      fields.push_back(fixed(adjusted_percent(rate, std::pow(10, power)), 1));
    const double size = break_even_bytes(rate, *result.curves[0].rate);
    fields.push_back(rate.parameters == 0 ? ""
                     : size == 0          ? "never"
                                 : grouped(static_cast<std::uint64_t>(std::ceil(size))) + " bytes");
    table.add(std::move(fields));
  }
  return "adjusted rate in % over the bytes of data, chunks of 2,048 bytes\n" + table.text() +
         "\n" + described(result) +
         "; beyond that, the rate measured with the model's share of so much data\n"
         "paper: transformers of 0.2, 0.8 and 3.2 M parameters trained on enwik8; ours are "
         "trained on other data\n";
}

Json fig2_json(const ReproduceResult& result) {
  Json json = {{"experiment", "fig2"}, {"data", data_json(result)}, {"curves", Json::array()}};
  for (const ReproduceCurve& curve : result.curves) {
    Json points = Json::array();
    for (const auto& [size, rate] : curve.points)
      points.push_back({{"data_bytes", size}, {"adjusted_rate_percent", rate}});
    Json row = {{"model", curve.model}};
    row.update(rate_json(*curve.rate));
    row["points"] = std::move(points);
    json["curves"].push_back(std::move(row));
  }
  return json;
}

std::string fig4_text(const ReproduceResult& result) {
  std::vector<std::string> titles = {">bytes"};
  std::vector<std::vector<std::string>> rows;
  for (const ReproduceCurve& curve : result.curves) {
    titles.push_back(">" + curve.model);
    rows.resize(curve.points.size());
    for (std::size_t i = 0; i < curve.points.size(); ++i) {
      const auto& [size, rate] = curve.points[i];
      if (rows[i].empty()) rows[i].push_back(grouped(static_cast<std::uint64_t>(size)));
      rows[i].push_back(fixed(rate, 1));
    }
  }
  Table table(std::move(titles));
  for (auto& row : rows) table.add(std::move(row));
  return "rate in % of the first bytes of " + grouped(result.measured_chunks) + " chunks\n" +
         table.text() + "\n" + described(result) +
         "; a codec's header, its stream of one byte less that byte, is not counted\n";
}

Json fig4_json(const ReproduceResult& result) {
  Json curves = Json::array();
  for (const ReproduceCurve& curve : result.curves) {
    Json points = Json::array();
    for (const auto& [size, rate] : curve.points)
      points.push_back({{"bytes", static_cast<std::uint64_t>(size)}, {"rate_percent", rate}});
    curves.push_back({{"model", curve.model}, {"points", std::move(points)}});
  }
  return {{"experiment", "fig4"},
          {"data", data_json(result)},
          {"chunks", result.measured_chunks},
          {"curves", std::move(curves)}};
}

}  // namespace kraft
