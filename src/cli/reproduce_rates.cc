// Table 1 and figure 2: rates, and what the size of the model makes of them.

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.h"
#include "cli/reproduce.h"
#include "cli/terminal.h"
#include "kraft/error.h"
#include "report/line_plot.h"
#include "report/table.h"
#include "run/interrupts.h"

namespace kraft::cli {
namespace {

using Json = nlohmann::ordered_json;

const std::vector<std::string>& table1_models() {
  static const std::vector<std::string> models = {
      "gzip:9",  "xz:6",   "png:9", "flac:8",     "zstd:19",     "brotli:11",
      "bzip2:9", "webp:9", "jxl:7", "llama:text", "llama:image", "llama:audio"};
  return models;
}

const PublishedRates* published(const std::string& model, Layout layout) {
  for (const PublishedRates& rates : published_rates()) {
    if (rates.model != nullptr && rates.model == model && rates.layout == layout) return &rates;
  }
  return nullptr;
}

std::string percent(const PaperRate& rate) {
  std::string text = fixed(rate.percent, 1);
  if (rate.standard_error > 0) text += " +- " + fixed(rate.standard_error, 1);
  return text;
}

std::vector<std::string> table_titles(const RateExperiment& experiment, bool with_published) {
  std::vector<std::string> titles = {"model"};
  for (const PaperData& data : experiment.data()) {
    titles.push_back(">" + std::string(name_of(data.medium)));
    if (with_published) titles.emplace_back(">paper");
  }
  return titles;
}

std::string rates_table(const RateExperiment& experiment, Layout layout,
                        const CellResults& results) {
  Table table(table_titles(experiment, true));
  for (const std::string& model : experiment.models()) {
    const PublishedRates* paper = published(model, layout);
    std::vector<std::string> cells = {model};
    bool measured = false;
    for (std::size_t data = 0; data < experiment.data().size(); ++data) {
      const auto rate = experiment.rate(data, model, layout, results);
      measured |= rate.has_value();
      cells.push_back(rate ? percent(*rate) : "-");
      cells.push_back(paper != nullptr ? fixed(paper->percent[data], 1) : "");
    }
    if (measured || layout == Layout::chunked || !is_codec(model)) table.add(std::move(cells));
  }
  for (const PublishedRates& rates : published_rates()) {
    if (rates.model != nullptr || rates.layout != layout) continue;
    std::vector<std::string> cells = {rates.name};
    for (const double value : rates.percent) cells.insert(cells.end(), {"", fixed(value, 1)});
    table.add(std::move(cells));
  }
  return table.text();
}

// Of models with parameters; empty when there are none.
std::string adjusted_table(const RateExperiment& experiment, const CellResults& results) {
  std::vector<std::string> titles = table_titles(experiment, false);
  titles.emplace_back(">parameters");
  Table table(std::move(titles));
  bool any = false;
  for (const std::string& model : experiment.models()) {
    std::vector<std::string> cells = {model};
    std::uint64_t parameters = 0;
    for (std::size_t data = 0; data < experiment.data().size(); ++data) {
      const auto rate = experiment.rate(data, model, Layout::chunked, results);
      cells.push_back(fixed(rate->adjusted_percent, 1));
      parameters = rate->parameters;
    }
    if (parameters == 0) continue;
    any = true;
    cells.push_back(grouped(parameters));
    table.add(std::move(cells));
  }
  return any ? table.text() : "";
}

std::string libraries(const RateExperiment& experiment) {
  std::vector<std::string> names;
  for (const std::string& model : experiment.models()) {
    const std::string name = library_of(model);
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return join(names, ", ");
}

std::string table1_text(const ReproduceOptions& options, const RateExperiment& experiment,
                        const CellResults& results) {
  std::string text = "rate in %, chunks of 2,048 bytes, a codec's header counted once\n" +
                     rates_table(experiment, Layout::chunked, results) +
                     "\nrate in %, everything at once\n" +
                     rates_table(experiment, Layout::unchunked, results);
  const std::string adjusted = adjusted_table(experiment, results);
  if (!adjusted.empty())
    text +=
        "\nadjusted rate in %, chunked: with the model, 2 bytes a parameter, in what is sent "
        "(others: as above)\n" +
        adjusted;
  text += "\n";
  for (const PaperData& data : experiment.data())
    text += "ours, " + std::string(name_of(data.medium)) + ": " + data.source + ", " +
            grouped(data.bytes.size()) + " bytes\n";
  text +=
      "paper: Deletang et al. 2024, table 1: enwik9, ImageNet, LibriSpeech, noise; 1 GB each\n"
      "ours runs on " +
      libraries(experiment) +
      "; the paper's PNG is Pillow's, its FLAC "
      "ffmpeg's\n";
  if (!adjusted.empty() && options.chunks > 0)
    text += "models with parameters predicted " + std::to_string(options.chunks) +
            " chunks, evenly spread; +- is the standard error\n";
  return text;
}

Json to_json(const PaperRate& rate) {
  return {{"rate_percent", rate.percent},
          {"standard_error_percent", rate.standard_error},
          {"adjusted_rate_percent", rate.adjusted_percent},
          {"parameters", rate.parameters},
          {"measured_bytes", rate.measured_bytes}};
}

Json data_json(const std::vector<PaperData>& data) {
  Json json = Json::array();
  for (const PaperData& of : data)
    json.push_back(
        {{"medium", name_of(of.medium)}, {"source", of.source}, {"bytes", of.bytes.size()}});
  return json;
}

Json table1_json(const RateExperiment& experiment, const CellResults& results) {
  Json rows = Json::array();
  for (const Layout layout : {Layout::chunked, Layout::unchunked}) {
    for (const std::string& model : experiment.models()) {
      const PublishedRates* paper = published(model, layout);
      for (std::size_t data = 0; data < experiment.data().size(); ++data) {
        const auto rate = experiment.rate(data, model, layout, results);
        if (!rate) continue;
        Json row = {{"model", model},
                    {"library", library_of(model)},
                    {"layout", name_of(layout)},
                    {"medium", name_of(experiment.data()[data].medium)}};
        row.update(to_json(*rate));
        row["published_percent"] = paper == nullptr ? Json(nullptr) : Json(paper->percent[data]);
        rows.push_back(std::move(row));
      }
    }
  }
  Json published_rows = Json::array();
  for (const PublishedRates& rates : published_rates()) {
    for (std::size_t medium = 0; medium < std::size(kPaperMedia); ++medium)
      published_rows.push_back({{"model", rates.name},
                                {"layout", name_of(rates.layout)},
                                {"medium", name_of(kPaperMedia[medium])},
                                {"rate_percent", rates.percent[medium]}});
  }
  return {{"experiment", "table1"},
          {"data", data_json(experiment.data())},
          {"rows", std::move(rows)},
          {"published", std::move(published_rows)}};
}

std::string settings_text(const ReproduceOptions& options, const std::vector<PaperData>& data) {
  return fingerprint(data) + "chunks " + std::to_string(options.chunks);
}

// One model of figure 2: its rate where there are so many bytes of data.
struct AdjustedCurve {
  std::string model;
  PaperRate rate;
  double at(double data_bytes) const {
    return rate.percent + 200 * static_cast<double>(rate.parameters) / data_bytes;
  }
};

PaperMedium medium_named(const std::string& name) {
  for (const PaperMedium medium : {PaperMedium::text, PaperMedium::images, PaperMedium::audio}) {
    if (name == name_of(medium)) return medium;
  }
  throw UsageError("--medium '" + printable(name) + "' is none of text|images|audio");
}

// Half decades from a tenth of a megabyte to 10^12 bytes, and the size that was measured.
std::vector<double> data_sizes(double measured_bytes) {
  std::set<double> sizes = {measured_bytes};
  for (int half = 8; half <= 24; ++half) sizes.insert(std::round(std::pow(10, half / 2.0)));
  return {sizes.begin(), sizes.end()};
}

LinePlot adjusted_plot(const PaperData& data, const std::vector<AdjustedCurve>& curves) {
  const auto measured_bytes = static_cast<double>(data.bytes.size());
  LinePlot plot{.title = "Adjusted rate of " + std::string(name_of(data.medium)) + " (" +
                         data.source + "), chunks of 2,048 bytes",
                .x_title = "bytes of data (dashed: more than were measured)",
                .y_title = "compressed / raw, with the model, %",
                .x_logarithmic = true,
                .y_logarithmic = true};
  for (const AdjustedCurve& curve : curves) {
    PlotSeries series{.name = curve.model, .points = {}, .measured = 0, .marked = false};
    for (const double size : data_sizes(measured_bytes)) {
      series.points.emplace_back(size, curve.at(size));
      if (size <= measured_bytes) ++series.measured;
    }
    plot.series.push_back(std::move(series));
  }
  return plot;
}

// From how many bytes of data on the model is worth its size; 0: never.
double break_even_bytes(const AdjustedCurve& curve, const AdjustedCurve& reference) {
  const double gain = reference.rate.percent - curve.rate.percent;
  return gain <= 0 ? 0 : 200 * static_cast<double>(curve.rate.parameters) / gain;
}

std::string fig2_text(const PaperData& data, const std::vector<AdjustedCurve>& curves) {
  std::vector<std::string> titles = {"model", ">parameters", ">rate %"};
  for (int power = 6; power <= 11; ++power) titles.push_back(">10^" + std::to_string(power));
  titles.push_back(">beats " + curves[0].model + " from");
  Table table(std::move(titles));
  for (const AdjustedCurve& curve : curves) {
    std::vector<std::string> cells = {curve.model, grouped(curve.rate.parameters),
                                      percent(curve.rate)};
    for (int power = 6; power <= 11; ++power)
      cells.push_back(fixed(curve.at(std::pow(10, power)), 1));
    const double size = break_even_bytes(curve, curves[0]);
    cells.push_back(curve.rate.parameters == 0 ? ""
                    : size == 0                ? "never"
                                : grouped(static_cast<std::uint64_t>(std::ceil(size))) + " bytes");
    table.add(std::move(cells));
  }
  return "adjusted rate in % over the bytes of data, chunks of 2,048 bytes\n" + table.text() +
         "\n" + described({data}) +
         "; beyond that, the rate measured with the model's share of so much data\n"
         "paper: transformers of 0.2, 0.8 and 3.2 M parameters trained on enwik8; ours are "
         "trained on other data\n";
}

Json fig2_json(const PaperData& data, const std::vector<AdjustedCurve>& curves) {
  Json json = {{"experiment", "fig2"}, {"data", data_json({data})}, {"curves", Json::array()}};
  for (const AdjustedCurve& curve : curves) {
    Json points = Json::array();
    for (const double size : data_sizes(static_cast<double>(data.bytes.size())))
      points.push_back({{"data_bytes", size}, {"adjusted_rate_percent", curve.at(size)}});
    Json row = {{"model", curve.model}};
    row.update(to_json(curve.rate));
    row["points"] = std::move(points);
    json["curves"].push_back(std::move(row));
  }
  return json;
}

}  // namespace

int reproduce_table1(const ReproduceOptions& options) {
  const std::vector<std::string> models = models_for(options, table1_models());
  std::vector<PaperData> data;
  for (const PaperMedium medium : kPaperMedia) data.push_back(read_paper_data(options, medium));
  const RateExperiment experiment(data, models, {Layout::chunked, Layout::unchunked},
                                  options.settings());
  CellResults results;
  if (!compute_cells(options, settings_text(options, data), experiment.cells(), results))
    return kInterruptedExit;
  write_out(options.json ? table1_json(experiment, results).dump(2) + "\n"
                         : table1_text(options, experiment, results));
  return 0;
}

int reproduce_fig2(const ReproduceOptions& options) {
  const PaperMedium medium = medium_named(options.medium);
  const std::vector<std::string> models =
      models_for(options, {"gzip:9", "xz:6", "llama:text", "llama:image", "llama:audio"});
  const std::vector<PaperData> data = {read_paper_data(options, medium)};
  const RateExperiment experiment(data, models, {Layout::chunked}, options.settings());
  CellResults results;
  if (!compute_cells(options, settings_text(options, data), experiment.cells(), results))
    return kInterruptedExit;
  std::vector<AdjustedCurve> curves;
  for (const std::string& model : experiment.models())
    curves.push_back({model, *experiment.rate(0, model, Layout::chunked, results)});
  if (!options.plot.empty())
    write_file(options.plot, as_bytes(line_plot_svg(adjusted_plot(data[0], curves))));
  if (options.plot == "-") return 0;
  write_out(options.json ? fig2_json(data[0], curves).dump(2) + "\n" : fig2_text(data[0], curves));
  return 0;
}

int reproduce_fig4(const ReproduceOptions& options) {
  const PaperMedium medium = medium_named(options.medium);
  std::vector<std::string> defaults = {"gzip:9", "xz:6"};
  if (medium == PaperMedium::text) defaults.emplace_back("llama:text");
  if (medium == PaperMedium::images) defaults.insert(defaults.end(), {"png:9", "llama:image"});
  if (medium == PaperMedium::audio) defaults.insert(defaults.end(), {"flac:8", "llama:audio"});
  const std::vector<std::string> models = models_for(options, std::move(defaults));
  const PaperData data = read_paper_data(options, medium);
  const ContextExperiment experiment(data, models, options.settings());
  CellResults results;
  if (!compute_cells(options, settings_text(options, {data}), experiment.cells(), results))
    return kInterruptedExit;

  LinePlot plot{.title = "Rate of the first bytes of " + grouped(experiment.measured_chunks()) +
                         " chunks of " + name_of(medium) + " (" + data.source + ")",
                .x_title = "bytes",
                .y_title = "compressed / raw, %",
                .x_logarithmic = true};
  Json curves = Json::array();
  std::vector<std::string> titles = {">bytes"};
  std::vector<std::vector<std::string>> rows;
  for (const std::string& model : experiment.models()) {
    titles.push_back(">" + model);
    PlotSeries series{.name = model};
    Json points = Json::array();
    const auto curve = experiment.curve(model, results);
    rows.resize(curve.size());
    for (std::size_t i = 0; i < curve.size(); ++i) {
      const auto& [size, rate] = curve[i];
      if (rows[i].empty()) rows[i].push_back(grouped(size));
      rows[i].push_back(fixed(rate, 1));
      series.points.emplace_back(static_cast<double>(size), rate);
      points.push_back({{"bytes", size}, {"rate_percent", rate}});
    }
    plot.series.push_back(std::move(series));
    curves.push_back({{"model", model}, {"points", std::move(points)}});
  }
  if (!options.plot.empty()) write_file(options.plot, as_bytes(line_plot_svg(plot)));
  if (options.plot == "-") return 0;
  if (options.json) {
    const Json json = {{"experiment", "fig4"},
                       {"data", data_json({data})},
                       {"chunks", experiment.measured_chunks()},
                       {"curves", std::move(curves)}};
    write_out(json.dump(2) + "\n");
    return 0;
  }
  Table table(std::move(titles));
  for (auto& row : rows) table.add(std::move(row));
  write_out("rate in % of the first bytes of " + grouped(experiment.measured_chunks()) +
            " chunks\n" + table.text() + "\n" + described({data}) +
            "; a codec's header, its stream of one byte less that byte, is not counted\n");
  return 0;
}

}  // namespace kraft::cli
