// The results of kraft compare as a page that needs nothing else.

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <tuple>

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

// Of each input, with their samples: of many models fewer windows, for pages that open at once.
constexpr std::size_t kShownWindows = 12, kShownSamples = 300;
constexpr std::size_t kShownContextBytes = 320;  // of text, before the samples
constexpr std::size_t kSpectrogramWidth = 160, kSpectrogramHeight = 96;

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
                    {"factor", figure.factor},
                    {"definition", figure.definition}});
  }
  return list;
}

// A sampler's specification, taken apart: what differs in its temperature alone is one series.
struct Manner {
  std::string sampler;  // without the temperature
  std::string temperature;
};

Manner manner_of(const std::string& sampler) {
  const std::string key = ",temperature=";
  const std::size_t at = sampler.find(key);
  if (at == sampler.npos) return {sampler, "1"};
  const std::size_t begin = at + key.size(),
                    end = std::min(sampler.find(',', begin), sampler.size());
  return {sampler.substr(0, at) + sampler.substr(end), sampler.substr(begin, end - begin)};
}

// How the page calls the ways in which a model is drawn from on an input.
class Manners {
 public:
  Manners(const CompareResult& result, const CompareRow& row) : own_(manner_of(row.sampler)) {
    for (const CompareRow& other : result.rows) {
      if (other.input != row.input || other.model != row.model || other.bound) continue;
      const Manner manner = manner_of(other.sampler);
      several_ |= manner.sampler != own_.sampler;
      curve_ |= manner.sampler == own_.sampler && manner.temperature != own_.temperature;
    }
  }

  // Nothing where it is the model's own distribution; with all options only where there are
  // several.
  std::string series() const {
    if (own_.sampler == "ancestral") return "";
    return several_ ? own_.sampler : own_.sampler.substr(0, own_.sampler.find(','));
  }

  std::string temperature() const {
    return curve_ || own_.temperature != "1" ? "T = " + own_.temperature : "";
  }

  Json json(const CompareRow& row) const {
    const auto joined = [](std::initializer_list<std::string> all) {
      std::vector<std::string> parts(all);
      std::erase(parts, "");
      return join(parts, ", ");
    };
    Json json = {{"model", row.model},
                 {"how", row.bound ? "" : joined({series(), temperature()})},
                 {"series", row.bound ? row.model : joined({row.model, series()})}};
    double value = 0;
    if (!row.bound && parse_number(own_.temperature, value)) json["temperature"] = value;
    return json;
  }

 private:
  Manner own_;
  bool several_ = false;  // that differ in more than the temperature
  bool curve_ = false;    // of several temperatures
};

Json row_json(const CompareResult& result, const CompareRow& row) {
  Json json = Manners(result, row).json(row);
  json.update({{"windows", row.windows},
               {"sampler", row.sampler},
               {"bound", row.bound},
               {"figures", Json::object()},
               {"rates", Json::array()}});
  for (const auto& [key, e] : row.figures) {
    Json& figure = json["figures"][key];
    figure = {{"mean", number(e.mean)},
              {"error", number(e.standard_error)},
              {"low", number(e.low)},
              {"high", number(e.high)},
              {"windows", e.count}};
    const auto seeds = row.seed_errors.find(key);
    if (seeds != row.seed_errors.end() && std::isfinite(seeds->second))
      figure["seeds"] = seeds->second;
  }
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

// What the samples of a window are shown with, and what is a sample's own: what they share is there
// once. The script puts both together.
struct Shown {
  Medium medium;
  Json (*window)(const CompareInput&, const CompareWindow&);
  Json (*sample)(const CompareInput&, const CompareWindow&, ByteView bytes);
  std::string (*about)(const CompareInput&);
};

Json gray_window(const CompareInput& input, const CompareWindow& window) {
  return {{"width", input.row_bytes}, {"context", base64(window.context)}};
}

Json gray_sample(const CompareInput&, const CompareWindow&, ByteView bytes) {
  return {{"bytes", base64(bytes)}};
}

Image spectrogram_of(const CompareInput& input, ByteView sound) {
  return spectrogram_picture({input.rate_hz, 1, Encoding::u8, Bytes(sound.begin(), sound.end())},
                             kSpectrogramWidth, kSpectrogramHeight);
}

// The picture from a column on.
Image right_part(const Image& image, std::size_t begin) {
  Image part{.width = image.width - begin, .height = image.height, .channels = image.channels};
  for (std::size_t y = 0; y < image.height; ++y)
    append(part.samples,
           ByteView(image.samples)
               .subspan((y * image.width + begin) * image.channels, part.width * image.channels));
  return part;
}

bool columns_differ(const Image& a, const Image& b, std::size_t x) {
  for (std::size_t y = 0; y < a.height; ++y) {
    const std::size_t at = (y * a.width + x) * a.channels;
    if (!std::ranges::equal(ByteView(a.samples).subspan(at, a.channels),
                            ByteView(b.samples).subspan(at, b.channels)))
      return true;
  }
  return false;
}

// The sound begins a second before the context, and is the truth's: a sample takes its place there.
Json sound_window(const CompareInput& input, const CompareWindow& window) {
  const Bytes all = joined(window.context, window.truth);
  const auto wav = [&input](const Bytes& sound) {
    return write_audio({input.rate_hz, 1, Encoding::u8, sound}, AudioFormat::wav);
  };
  const Bytes file = wav(joined(window.lead, all));
  const std::size_t given = window.lead.size() + window.context.size();
  return {{"sound", base64(file)},
          {"sound_at", wav(Bytes(2)).size() - 2 + given},
          {"given", static_cast<double>(window.context.size()) / static_cast<double>(all.size())},
          {"image", data_uri("image/png", write_png(spectrogram_of(input, all)))}};
}

Json sound_sample(const CompareInput& input, const CompareWindow& window, ByteView bytes) {
  const Image truth = spectrogram_of(input, joined(window.context, window.truth));
  const Image drawn = spectrogram_of(input, joined(window.context, bytes));
  std::size_t begin = 0;
  while (begin + 1 < drawn.width && !columns_differ(truth, drawn, begin)) ++begin;
  return {{"bytes", base64(bytes)},
          {"image", data_uri("image/png", write_png(right_part(drawn, begin)))},
          {"image_at", begin}};
}

Json text_window(const CompareInput&, const CompareWindow& window) {
  const ByteView context(window.context);
  return {{"context", shown_text(context.last(std::min(context.size(), kShownContextBytes)))}};
}

Json text_sample(const CompareInput&, const CompareWindow&, ByteView bytes) {
  return {{"text", shown_text(bytes)}};
}

const Shown& shown_as(Medium medium) {
  static constexpr std::array<Shown, 3> kRows = {{
      {Medium::image, gray_window, gray_sample,
       [](const CompareInput& input) {
         return " Gray, " + std::to_string(input.row_bytes) + " pixels wide.";
       }},
      {Medium::audio, sound_window, sound_sample,
       [](const CompareInput& input) {
         return " " + grouped(input.rate_hz) + " Hz, 8 bits linear.";
       }},
      {Medium::bytes, text_window, text_sample, [](const CompareInput&) { return std::string(); }},
  }};
  const auto row = std::ranges::find(kRows, medium, &Shown::medium);
  return row == kRows.end() ? kRows.back() : *row;
}

// With its samples in the order of the rows, which they name by their number.
Json window_json(const CompareResult& result, std::size_t index, std::size_t number_of_window) {
  const CompareInput& input = result.inputs[index];
  const CompareWindow& window = input.windows[number_of_window];
  const Shown& shown = shown_as(input.medium);
  Json json = {{"begin", window.begin}, {"number", number_of_window + 1}};
  json.update(shown.window(input, window));
  std::map<std::tuple<std::string, std::string, bool>, std::vector<const CompareSample*>> samples;
  for (const CompareSample& sample : result.samples) {
    if (sample.input == index && sample.window == number_of_window)
      samples[{sample.model, sample.sampler, sample.bound}].push_back(&sample);
  }
  json["samples"] = Json::array();
  std::size_t number = 0;  // of the row, among those of the input
  for (const CompareRow& row : result.rows) {
    if (row.input != index) continue;
    const auto& own = samples[{row.model, row.sampler, row.bound}];
    for (const CompareSample* sample : own) {
      Json entry = {{"row", number}, {"caption", caption(input, sample->figures)}};
      if (own.size() > 1) entry["index"] = sample->index + 1;
      entry.update(shown.sample(input, window, sample->bytes));
      json["samples"].push_back(std::move(entry));
    }
    ++number;
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
  const std::size_t most = samples.empty() ? 1 : std::max<std::size_t>(1, samples[windows[0]]);
  windows.resize(
      std::min({windows.size(), kShownWindows, std::max<std::size_t>(1, kShownSamples / most)}));
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
