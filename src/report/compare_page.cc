// The results of kraft compare as a page that needs nothing else.

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/base64.h"
#include "base/numbers.h"
#include "base/text.h"
#include "kraft/error.h"
#include "kraft/report.h"
#include "media/spectrogram.h"
#include "report/page/parts.h"
#include "version.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownWindows = 12;        // of each input, with their samples
constexpr std::size_t kShownContextBytes = 160;  // of text, before each sample
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

Json figures_json(const CompareInput& input) {
  Json list = Json::array();
  for (const Figure& figure : input.figures) {
    const char* aim = figure.aim == Aim::lower    ? "lower"
                      : figure.aim == Aim::higher ? "higher"
                                                  : "truth";
    const char* kind = figure.kind == FigureKind::prediction ? "prediction"
                       : figure.kind == FigureKind::sample   ? "sample"
                                                             : "cost";
    list.push_back({{"key", figure.key},
                    {"title", figure.title},
                    {"unit", figure.unit},
                    {"kind", kind},
                    {"aim", aim},
                    {"digits", figure.digits},
                    {"concise", figure.concise},
                    {"meaning", figure.meaning},
                    {"factor", figure.factor}});
  }
  return list;
}

// What a row is called: its model, and how it was drawn from, unless that is the model's own
// distribution; with all options only where it was drawn from in several ways.
std::string label_of(const CompareResult& result, const CompareRow& row) {
  if (row.bound || row.sampler == "ancestral") return row.model;
  const auto same = std::ranges::count_if(result.rows, [&row](const CompareRow& other) {
    return other.input == row.input && other.model == row.model && !other.bound;
  });
  return row.model + ", " + (same > 1 ? row.sampler : row.sampler.substr(0, row.sampler.find(',')));
}

Json row_json(const CompareResult& result, const CompareRow& row) {
  Json json = {{"model", row.model},     {"label", label_of(result, row)},
               {"windows", row.windows}, {"sampler", row.sampler},
               {"bound", row.bound},     {"figures", Json::object()},
               {"rates", Json::array()}};
  for (const auto& [key, e] : row.figures)
    json["figures"][key] = {{"mean", number(e.mean)},
                            {"error", number(e.standard_error)},
                            {"low", number(e.low)},
                            {"high", number(e.high)},
                            {"windows", e.count}};
  json["reference"] = row.reference;
  for (const auto& [key, places] : row.places) json["places"][key] = {places.best, places.worst};
  for (const auto& [key, difference] : row.differences) {
    const Estimate& e = difference.estimate;
    json["differences"][key] = {{"mean", number(e.mean)},
                                {"low", number(e.low)},
                                {"high", number(e.high)},
                                {"windows", e.count},
                                {"p", number(difference.p_holm)}};
  }
  for (const auto& [bytes, e] : row.rates)
    json["rates"].push_back({{"context_bytes", bytes},
                             {"mean", number(e.mean)},
                             {"low", number(e.low)},
                             {"high", number(e.high)}});
  return json;
}

// The figures that say most of one sample.
std::string caption(const CompareInput& input, const Figures& figures) {
  constexpr std::size_t kShown = 4;
  std::vector<std::string> parts;
  for (const Figure& figure : input.figures) {
    const auto found = figures.find(figure.key);
    if (figure.kind != FigureKind::sample || !figure.concise || found == figures.end()) continue;
    const bool finite = std::isfinite(found->second);
    parts.push_back(figure.title + " " +
                    (finite ? fixed(found->second * figure.factor, figure.digits) : "∞") +
                    (figure.unit.empty() ? "" : " " + figure.unit));
    if (parts.size() == kShown) break;
  }
  return join(parts, ", ");
}

Bytes joined(ByteView first, ByteView second) {
  Bytes all(first.begin(), first.end());
  append(all, second);
  return all;
}

void add_image(Json& json, const CompareInput& input, const CompareWindow& window,
               ByteView sample) {
  const Bytes all = joined(window.context, sample);
  const Image image{input.row_bytes, all.size() / input.row_bytes, 1, 8, all};
  json["image"] = data_uri("image/png", write_png(image));
  json["given"] = static_cast<double>(window.context.size()) / static_cast<double>(all.size());
}

// The spectrogram is of context and sample; the sound begins a second earlier.
void add_audio(Json& json, const CompareInput& input, const CompareWindow& window,
               ByteView sample) {
  const Bytes all = joined(window.context, sample);
  const Image picture = spectrogram_picture({input.rate_hz, 1, Encoding::u8, all},
                                            kSpectrogramWidth, kSpectrogramHeight);
  json["image"] = data_uri("image/png", write_png(picture));
  json["given"] = static_cast<double>(window.context.size()) / static_cast<double>(all.size());
  const Audio sound{input.rate_hz, 1, Encoding::u8, joined(window.lead, all)};
  json["audio"] = data_uri("audio/wav", write_audio(sound, AudioFormat::wav));
}

void add_text(Json& json, const CompareInput&, const CompareWindow&, ByteView sample) {
  json["text"] = shown_text(sample);
}

// How windows of a medium are shown, and what is said about the input.
struct Shown {
  Medium medium;
  void (*add)(Json& sample, const CompareInput&, const CompareWindow&, ByteView bytes);
  std::string (*about)(const CompareInput&);
};

const Shown& shown_as(Medium medium) {
  static constexpr std::array<Shown, 3> kRows = {{
      {Medium::image, add_image,
       [](const CompareInput& input) {
         return " Gray, " + std::to_string(input.row_bytes) + " pixels wide.";
       }},
      {Medium::audio, add_audio,
       [](const CompareInput& input) {
         return " " + grouped(input.rate_hz) + " Hz, 8 bits linear.";
       }},
      {Medium::bytes, add_text, [](const CompareInput&) { return std::string(); }},
  }};
  const auto row = std::ranges::find(kRows, medium, &Shown::medium);
  return row == kRows.end() ? kRows.back() : *row;
}

Json sample_json(const CompareInput& input, const CompareSample& sample, std::string name,
                 bool only) {
  if (!only) name += " #" + std::to_string(sample.index + 1);
  const CompareWindow& window = input.windows[sample.window];
  Json json = {{"name", name}, {"caption", caption(input, sample.figures)}};
  shown_as(input.medium).add(json, input, window, sample.bytes);
  return json;
}

// With its samples in the order of the rows.
Json window_json(const CompareResult& result, std::size_t index, std::size_t number_of_window) {
  const CompareInput& input = result.inputs[index];
  const CompareWindow& window = input.windows[number_of_window];
  const ByteView context(window.context);
  Json json = {{"begin", window.begin}, {"number", number_of_window + 1}};
  if (!has_samples(input.medium))
    json["context"] = shown_text(context.last(std::min(context.size(), kShownContextBytes)));
  json["samples"] = Json::array();
  for (const CompareRow& row : result.rows) {
    if (row.input != index) continue;
    const auto belongs = [&](const CompareSample& sample) {
      return sample.input == index && sample.window == number_of_window &&
             sample.model == row.model && sample.sampler == row.sampler &&
             sample.bound == row.bound;
    };
    const bool only = std::ranges::count_if(result.samples, belongs) == 1;
    for (const CompareSample& sample : result.samples) {
      if (belongs(sample))
        json["samples"].push_back(sample_json(input, sample, label_of(result, row), only));
    }
  }
  return json;
}

std::string about_input(const CompareResult& result, const CompareInput& input) {
  const CompareWindow& window = input.windows[0];
  const bool differ = std::ranges::any_of(result.rows, [&](const CompareRow& row) {
    return &result.inputs[row.input] == &input && row.windows != input.windows.size();
  });
  std::string text = (differ ? "Up to " : "") + std::to_string(input.windows.size()) +
                     (input.windows.size() == 1 ? " window of " : " windows of ") +
                     grouped(window.context.size()) + " bytes of context and " +
                     grouped(window.truth.size()) + " of truth; " + std::to_string(result.count) +
                     (result.count == 1 ? " sample" : " samples") + " of each.";
  return text + shown_as(input.medium).about(input);
}

// Those that most models have seen, as far as there are many.
std::vector<std::size_t> shown_windows(const CompareResult& result, std::size_t index) {
  std::vector<std::size_t> samples(result.inputs[index].windows.size()), windows(samples.size());
  for (const CompareSample& sample : result.samples) {
    if (sample.input == index) ++samples[sample.window];
  }
  std::iota(windows.begin(), windows.end(), std::size_t{0});
  std::ranges::stable_sort(windows, std::greater<>(), [&](std::size_t i) { return samples[i]; });
  windows.resize(std::min(windows.size(), kShownWindows));
  std::ranges::sort(windows);
  return windows;
}

Json input_json(const CompareResult& result, std::size_t index) {
  const CompareInput& input = result.inputs[index];
  const std::string path = printable(input.name);
  Json json = {{"name", path.substr(path.rfind('/') + 1)},
               {"medium", name_of(input.medium)},
               {"about", about_input(result, input)},
               {"metrics", figures_json(input)},
               {"rows", Json::array()},
               {"window_count", input.windows.size()},
               {"windows", Json::array()}};
  for (const CompareRow& row : result.rows) {
    if (row.input == index) json["rows"].push_back(row_json(result, row));
  }
  for (const std::size_t window : shown_windows(result, index))
    json["windows"].push_back(window_json(result, index, window));
  return json;
}

Json page_json(const CompareResult& result, const std::string& command) {
  Json json = {
      {"kraft", kVersion},
      {"command", command},
      {"about",
       "Each compressor and predictor sees the same contexts. How well does it predict "
       "what really follows, and how good is what it draws in its place?"},
      {"settings", "seed " + std::to_string(result.seed) + ", all 256 bytes priced at " +
                       std::to_string(result.positions) + " positions of each window" +
                       (result.judges.empty() ? "" : ", judges " + join(result.judges, " and "))},
      {"inputs", Json::array()}};
  for (std::size_t i = 0; i < result.inputs.size(); ++i)
    json["inputs"].push_back(input_json(result, i));
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

bool has_compare_page() { return !page_charts.empty(); }

std::string compare_page(const CompareResult& result, const std::string& command) {
  if (!has_compare_page())
    throw Error(
        "kraft was built without Chart.js, which pages need (apt-get install libjs-chart.js, and "
        "build again)");
  const std::string data = embedded(page_json(result, command));
  return filled_page(page_html, {{"{{style}}", page_style},
                                 {"{{data}}", data},
                                 {"{{charts}}", page_charts},
                                 {"{{script}}", page_script}});
}

}  // namespace kraft
