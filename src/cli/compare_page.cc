// The results of kraft compare as a page that needs nothing else.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/text.h"
#include "cli/compare.h"
#include "kraft/error.h"
#include "media/spectrogram.h"
#include "report/page/parts.h"
#include "version.h"

namespace kraft::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownContextBytes = 160;  // of text, before each sample
constexpr std::size_t kLeadSeconds = 1;          // of sound, before the context
constexpr std::size_t kSpectrogramWidth = 320, kSpectrogramHeight = 96;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

std::string data_uri(const char* type, ByteView bytes) {
  return "data:" + std::string(type) + ";base64," + base64(bytes);
}

// Text as it is, with what is no text replaced; the end of a long one.
std::string shown_text(ByteView bytes) {
  std::string text(as_text(bytes));
  std::erase(text, '\r');
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f) c = '.';
  }
  return text;
}

Json metrics_json(const Results& results, std::size_t index) {
  Json list = Json::array();
  for (const Metric& metric : results.metrics(index)) {
    const char* aim = metric.aim == Aim::lower    ? "lower"
                      : metric.aim == Aim::higher ? "higher"
                                                  : "truth";
    const char* kind = metric.kind == Metric::Kind::prediction ? "prediction"
                       : metric.kind == Metric::Kind::sample   ? "sample"
                                                               : "cost";
    list.push_back({{"key", metric.key},
                    {"title", metric.title},
                    {"unit", metric.unit},
                    {"kind", kind},
                    {"aim", aim},
                    {"digits", metric.digits},
                    {"concise", metric.concise},
                    {"meaning", metric.meaning},
                    {"factor", metric.factor}});
  }
  return list;
}

Json row_json(const ComparisonRow& row) {
  Json json = {{"model", row.model},
               {"sampler", row.sampler},
               {"bound", row.sanity},
               {"figures", Json::object()},
               {"rates", Json::array()}};
  for (const auto& [key, e] : row.figures)
    json["figures"][key] = {{"mean", number(e.mean)},
                            {"error", number(e.standard_error)},
                            {"low", number(e.low)},
                            {"high", number(e.high)},
                            {"windows", e.count}};
  for (const auto& [bytes, e] : row.rates)
    json["rates"].push_back({{"context_bytes", bytes},
                             {"mean", number(e.mean)},
                             {"low", number(e.low)},
                             {"high", number(e.high)}});
  return json;
}

// The figures that say most of one sample.
std::string caption(const Results& results, std::size_t input, const Figures& figures) {
  std::vector<std::string> parts;
  for (const Metric& metric : results.metrics(input)) {
    const auto found = figures.find(metric.key);
    if (metric.kind != Metric::Kind::sample || !metric.concise || found == figures.end()) continue;
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", metric.digits, found->second * metric.factor);
    parts.push_back(metric.title + " " + (std::isfinite(found->second) ? text : "∞") +
                    (metric.unit.empty() ? "" : " " + metric.unit));
    if (parts.size() == 4) break;
  }
  return join(parts, ", ");
}

Bytes joined(ByteView first, ByteView second) {
  Bytes all(first.begin(), first.end());
  append(all, second);
  return all;
}

void add_image(Json& json, const ComparedInput& input, const Window& window, ByteView sample) {
  const Bytes all = joined(window.context, sample);
  const Image image{input.row_bytes, all.size() / input.row_bytes, 1, 8, all};
  json["image"] = data_uri("image/png", write_png(image));
  json["given"] = static_cast<double>(window.context.size()) / static_cast<double>(all.size());
}

// The spectrogram is of context and sample; the sound begins a second earlier.
void add_audio(Json& json, const ComparedInput& input, const Window& window, ByteView sample) {
  const Bytes all = joined(window.context, sample);
  const Image picture = spectrogram_picture({input.rate_hz, 1, Encoding::u8, all},
                                            kSpectrogramWidth, kSpectrogramHeight);
  json["image"] = data_uri("image/png", write_png(picture));
  json["given"] = static_cast<double>(window.context.size()) / static_cast<double>(all.size());
  const auto begin = static_cast<std::size_t>(window.begin);
  const std::size_t lead = std::min<std::size_t>(begin, kLeadSeconds * input.rate_hz);
  const Audio sound{input.rate_hz, 1, Encoding::u8,
                    joined(ByteView(input.bytes).subspan(begin - lead, lead), all)};
  json["audio"] = data_uri("audio/wav", write_audio(sound, AudioFormat::wav));
}

Json window_json(const Results& results, std::size_t index, std::size_t number_of_window) {
  const ComparedInput& input = results.comparison.inputs()[index];
  const Window& window = input.windows[number_of_window];
  const ByteView context(window.context);
  Json json = {{"begin", window.begin},
               {"context", shown_text(context.last(std::min(context.size(), kShownContextBytes)))},
               {"samples", Json::array()}};
  if (input.medium == Medium::image || input.medium == Medium::audio) json.erase("context");
  for (const ComparisonRow& row : results.rows) {
    const auto found =
        results.cells.find({index, number_of_window, row.model, row.sampler, row.sanity});
    if (row.input != index || found == results.cells.end()) continue;
    const std::vector<Draw>& draws = found->second.draws;
    for (std::size_t i = 0; i < draws.size(); ++i) {
      std::string name = row.model;
      if (!row.sanity && row.sampler != "ancestral") name += ", " + row.sampler;
      if (draws.size() > 1) name += " #" + std::to_string(i + 1);
      Json sample = {{"name", name}, {"caption", caption(results, index, draws[i].figures)}};
      if (input.medium == Medium::image) {
        add_image(sample, input, window, draws[i].bytes);
      } else if (input.medium == Medium::audio) {
        add_audio(sample, input, window, draws[i].bytes);
      } else {
        sample["text"] = shown_text(draws[i].bytes);
      }
      json["samples"].push_back(std::move(sample));
    }
  }
  return json;
}

std::string about_input(const Results& results, const ComparedInput& input) {
  const Window& window = input.windows[0];
  const std::uint64_t count = results.comparison.settings().count;
  std::string text = std::to_string(input.windows.size()) +
                     (input.windows.size() == 1 ? " window of " : " windows of ") +
                     grouped(window.context.size()) + " bytes of context and " +
                     grouped(window.truth.size()) + " of truth; " + std::to_string(count) +
                     (count == 1 ? " sample" : " samples") + " of each.";
  if (input.medium == Medium::image)
    text += " Gray, " + std::to_string(input.row_bytes) + " pixels wide.";
  if (input.medium == Medium::audio) text += " " + grouped(input.rate_hz) + " Hz, 8 bits linear.";
  return text;
}

Json page_json(const Results& results) {
  const ComparisonSettings& settings = results.comparison.settings();
  Json json = {{"kraft", kVersion},
               {"command", results.command},
               {"about",
                "Each compressor and predictor sees the same contexts. How well does it predict "
                "what really follows, and how good is what it draws in its place?"},
               {"settings",
                "seed " + std::to_string(settings.seed) + ", all 256 bytes priced at " +
                    std::to_string(settings.positions) + " positions of each window" +
                    (settings.judges.empty() ? "" : ", judges " + join(settings.judges, " and "))},
               {"inputs", Json::array()}};
  for (std::size_t i = 0; i < results.comparison.inputs().size(); ++i) {
    const ComparedInput& input = results.comparison.inputs()[i];
    const std::string path = printable(input.name);
    Json one = {{"name", path.substr(path.rfind('/') + 1)},
                {"medium", name_of(input.medium)},
                {"about", about_input(results, input)},
                {"metrics", metrics_json(results, i)},
                {"rows", Json::array()},
                {"windows", Json::array()}};
    for (const ComparisonRow& row : results.rows) {
      if (row.input == i) one["rows"].push_back(row_json(row));
    }
    for (std::size_t w = 0; w < input.windows.size(); ++w)
      one["windows"].push_back(window_json(results, i, w));
    json["inputs"].push_back(std::move(one));
  }
  return json;
}

// JSON that cannot end the element that it stands in.
std::string embedded(const Json& json) {
  std::string safe;
  for (char c : json.dump(-1, ' ', false, Json::error_handler_t::replace))
    safe += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return safe;
}

}  // namespace

void expect_pages() {
  if (page_charts.empty())
    throw Error(
        "--html: kraft was built without Chart.js (apt-get install libjs-chart.js, and "
        "build again)");
}

std::string results_page(const Results& results) {
  expect_pages();
  const std::string data = embedded(page_json(results));
  const std::pair<std::string_view, std::string_view> parts[] = {{"{{style}}", page_style},
                                                                 {"{{data}}", data},
                                                                 {"{{charts}}", page_charts},
                                                                 {"{{script}}", page_script}};
  std::string page;
  std::string_view rest = page_html;
  for (const auto& [place, text] : parts) {
    const std::size_t at = rest.find(place);
    page.append(rest.substr(0, at)).append(text);
    rest.remove_prefix(at + place.size());
  }
  return page.append(rest);
}

}  // namespace kraft::cli
