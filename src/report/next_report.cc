// What models expect next, as a chart and as JSON.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/text.h"
#include "kraft/report.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

std::string name_of_byte(std::size_t byte) {
  switch (byte) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case ' ':
      return "' '";
  }
  char text[8];
  std::snprintf(text, sizeof text, byte > 0x20 && byte < 0x7f ? "%c" : "\\x%02x",
                static_cast<int>(byte));
  return text;
}

// A bar of eighths of a cell where the terminal can show them.
std::string bar(double share, int cells, bool utf8) {
  if (!utf8) return std::string(static_cast<std::size_t>(share * cells + 0.5), '#');
  static const char* const kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = static_cast<int>(share * cells * 8 + 0.5);
  std::string text;
  for (int i = 0; i < eighths / 8; ++i) text += "█";
  return text + kEighths[eighths % 8];
}

std::string heading(const Expectation& of) {
  std::string text = of.model + ": " + grouped(of.context_bytes) + " bytes of context";
  if (of.base_bits) text += " in " + shortest(std::round(100 * *of.base_bits) / 100) + " bits";
  char entropy[64];
  std::snprintf(entropy, sizeof entropy, "; entropy of the next byte %.2f bits\n", of.entropy_bits);
  return text + entropy;
}

std::string chart(const Expectation& of, const ChartStyle& style) {
  const auto& p = of.probability;
  std::array<std::size_t, 256> order;
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return p[a] > p[b]; });
  std::string text = heading(of);
  char line[160];
  double shown = 0;
  for (const std::size_t byte : std::span(order).first(static_cast<std::size_t>(style.top))) {
    shown += p[byte];
    std::snprintf(line, sizeof line, "%6s %7.3f %% %8.2f bits  ", name_of_byte(byte).c_str(),
                  100 * p[byte], of.bits[byte]);
    const std::string row = bar(p[byte] / p[order[0]], 40, style.utf8);
    text += line + (style.colour ? "\x1b[36m" + row + "\x1b[0m" : row);
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  if (style.top < 256) {
    std::snprintf(line, sizeof line, "%6s %7.3f %% in %d other bytes\n", "...",
                  100 * std::max(0.0, 1 - shown), 256 - style.top);
    text += line;
  }
  return text;
}

// Whether these are the two views of one codec.
bool are_views(const Expectation& encoder, const Expectation& decoder) {
  return decoder.model == encoder.model + ",view=decoder";
}

// Both views side by side, in the order of what the decoder's finds probable.
std::string chart_of_both(const Expectation& encoder, const Expectation& decoder,
                          const ChartStyle& style) {
  const auto& p = decoder.probability;
  std::array<std::size_t, 256> order;
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return p[a] > p[b]; });
  char line[160];
  std::snprintf(
      line, sizeof line,
      "; entropy of the next byte %.2f bits, view=decoder %.2f bits\n%6s %9s %13s   %9s\n",
      encoder.entropy_bits, decoder.entropy_bits, "", "encoder", "", "decoder");
  std::string text = encoder.model + ": " + grouped(encoder.context_bytes) + " bytes of context";
  if (decoder.context_bytes != encoder.context_bytes)
    text += ", view=decoder " + grouped(decoder.context_bytes);
  text += line;
  for (const std::size_t byte : std::span(order).first(static_cast<std::size_t>(style.top))) {
    std::snprintf(line, sizeof line, "%6s %7.3f %% %8.2f bits   %7.3f %% %8.2f bits  ",
                  name_of_byte(byte).c_str(), 100 * encoder.probability[byte],
                  surprisal_bits(encoder.bits, byte), 100 * p[byte], decoder.bits[byte]);
    const std::string row = bar(p[byte] / p[order[0]], 24, style.utf8);
    text += line + (style.colour ? "\x1b[36m" + row + "\x1b[0m" : row);
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  return text;
}

Json to_json(const Expectation& of) {
  return {{"model", of.model},
          {"granularity", name_of(of.granularity)},
          {"context_bytes", of.context_bytes},
          {"base_bits", of.base_bits ? Json(*of.base_bits) : Json(nullptr)},
          {"bits", of.bits},
          {"probability", of.probability}};
}

}  // namespace

std::string next_chart(const NextResult& result, const ChartStyle& style) {
  std::string text;
  const auto& all = result.expectations;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i + 1 < all.size() && are_views(all[i], all[i + 1])) {
      text += chart_of_both(all[i], all[i + 1], style);
      ++i;
    } else {
      text += chart(all[i], style);
    }
  }
  return text;
}

std::string next_json(const NextResult& result) {
  Json json = Json::array();
  for (const Expectation& of : result.expectations) json.push_back(to_json(of));
  return (json.size() == 1 ? json[0] : json).dump(2) + "\n";
}

}  // namespace kraft
