// kraft next: what a model expects after a context.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/text.h"
#include "cli/command.h"
#include "cli/context.h"
#include "cli/terminal.h"
#include "kraft/error.h"

namespace kraft::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Expectation {
  const Model* model;
  std::uint64_t context_bytes;
  double base_bits;
  std::array<double, 256> bits;
  std::vector<double> probability;
};

Expectation expect(const Model& model, ByteView context) {
  Expectation expectation{
      .model = &model, .context_bytes = 0, .base_bits = 0, .bits = {}, .probability = {}};
  const auto state = model.start(context);
  expectation.context_bytes = state->context_bytes();
  expectation.base_bits = state->context_bits();
  state->next_byte(expectation.bits);
  expectation.probability = probabilities(expectation.bits);
  return expectation;
}

Json to_json(const Expectation& expectation) {
  return {{"model", expectation.model->spec()},
          {"granularity", name_of(expectation.model->granularity())},
          {"context_bytes", expectation.context_bytes},
          {"base_bits", expectation.base_bits},
          {"bits", expectation.bits},
          {"probability", expectation.probability}};
}

std::string name_of_byte(int byte) {
  switch (byte) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\'':
      return "'";
    case ' ':
      return "' '";
  }
  char text[8];
  std::snprintf(text, sizeof text, byte > 0x20 && byte < 0x7f ? "%c" : "\\x%02x", byte);
  return text;
}

// A bar of eighths of a cell where the terminal can show them.
std::string bar(double share, int cells) {
  if (!utf8_terminal()) return std::string(static_cast<std::size_t>(share * cells + 0.5), '#');
  static const char* const kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = static_cast<int>(share * cells * 8 + 0.5);
  std::string text;
  for (int i = 0; i < eighths / 8; ++i) text += "█";
  return text + kEighths[eighths % 8];
}

std::string chart(const Expectation& expectation, int top) {
  std::array<int, 256> order;
  std::iota(order.begin(), order.end(), 0);
  const auto& p = expectation.probability;
  std::ranges::stable_sort(order, [&](int a, int b) {
    return p[static_cast<std::size_t>(a)] > p[static_cast<std::size_t>(b)];
  });

  double entropy = 0;
  for (double share : p) entropy -= share > 0 ? share * std::log2(share) : 0;
  char line[160];
  std::snprintf(line, sizeof line,
                "%s bytes of context in %s bits; entropy of the next byte %.2f bits\n",
                grouped(expectation.context_bytes).c_str(),
                shortest(std::round(100 * expectation.base_bits) / 100).c_str(), entropy);
  std::string text = expectation.model->spec() + ": " + line;

  const bool colour = colour_wanted();
  const double most = p[static_cast<std::size_t>(order[0])];
  double shown = 0;
  for (int i = 0; i < top; ++i) {
    const auto byte = static_cast<std::size_t>(order[static_cast<std::size_t>(i)]);
    shown += p[byte];
    std::snprintf(line, sizeof line, "%6s %7.3f %% %8.2f bits  ",
                  name_of_byte(static_cast<int>(byte)).c_str(), 100 * p[byte],
                  expectation.bits[byte]);
    const std::string row_bar = bar(p[byte] / most, 40);
    text += line + (colour ? "\x1b[36m" + row_bar + "\x1b[0m" : row_bar);
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  if (top < 256) {
    std::snprintf(line, sizeof line, "%6s %7.3f %% in %d other bytes\n", "...",
                  100 * std::max(0.0, 1 - shown), 256 - top);
    text += line;
  }
  return text;
}

}  // namespace

Command next_command() {
  struct Options {
    std::vector<std::string> models;
    ContextOptions context;
    int top = 16;
    ThreadsOption threads;
  };
  auto options = std::make_shared<Options>();
  Command command;
  command.name = "next";
  command.synopsis = "--model SPEC... [--prime FILE] [--prompt TEXT] [FILE|-] [--top N] [--json]";
  command.summary = "show what a model expects next";
  command.details =
      "Prints the most probable next bytes as a bar chart: their probability, and the increment of "
      "the "
      "code length in bits. The JSON has all 256: base_bits is the length of the context alone, "
      "bits[b] "
      "the increment of byte b, and probability the normalised 2^-bits.";
  command.examples = {"kraft next --model gzip --prompt 'banana banan'",
                      "kraft next --model xz --prime book.txt --prompt 'Call me ' --json"};
  // clang-format off
  command.options.add_options()
      ("model,m", po::value(&options->models)->value_name("SPEC"), "the model; several may be given");
  options->context.add_to(command.options);
  command.options.add_options()
      ("top", po::value(&options->top)->default_value(options->top)->value_name("N"), "bytes in the chart, 1..256")
      ("json", "print JSON");
  options->threads.add_to(command.options);
  // clang-format on
  command.positional = "input";
  command.most_positional = 1;
  command.run = [options](const po::variables_map& values) {
    if (options->models.empty()) throw UsageError("--model is missing; `kraft models` lists them");
    check_range("top", options->top, 1, 256);
    if (values.count("json")) exclude(values, "json", "top");
    const auto models = make_models(options->models, options->threads.get());
    const Bytes context = read_context(options->context).observed();
    Json results = Json::array();
    for (const auto& model : models) {
      warn_if_cut(*model, context.size());
      const Expectation expectation = expect(*model, context);
      if (values.count("json")) {
        results.push_back(to_json(expectation));
      } else {
        write_out(chart(expectation, options->top));
      }
    }
    // One model gives one object, several give an array of them.
    if (values.count("json"))
      write_out((results.size() == 1 ? results[0] : results).dump(2) + "\n");
    return 0;
  };
  return command;
}

}  // namespace kraft::cli
