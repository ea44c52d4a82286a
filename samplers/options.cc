// The table of options and what may be set.
#include "samplers/options.h"

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "kraft/option_error.h"

namespace kraft {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kMostInt = std::numeric_limits<int>::max();

template <class T>
SamplerOption number(const char* name, T SamplerOptions::*field, double min, double max,
                     const char* meaning) {
  return {.name = name, .field = field, .min = min, .max = max, .meaning = meaning};
}

SamplerOption on_off(std::string name, bool SamplerOptions::*field, std::string meaning) {
  return {.name = std::move(name), .field = field, .max = 1, .meaning = std::move(meaning)};
}

SamplerOption common(SamplerOption option) {
  option.common = true;
  return option;
}

SamplerOption min_open(SamplerOption option) {
  option.min_open = true;
  return option;
}

SamplerOption max_open(SamplerOption option) {
  option.max_open = true;
  return option;
}

SamplerOption lettered(char letter, SamplerOption option) {
  option.letter = letter;
  return option;
}

std::vector<SamplerOption> make_table() {
  using O = SamplerOptions;
  return {
      common(number("max-copy", &O::max_copy, 0, 65536,
                    "quote at most so many bytes of the context or of the output; 0: off")),
      common(number("repeat-ngram", &O::repeat_ngram, 0, 1024,
                    "no unit that completes an n-gram of bytes already drawn; 0: off")),
      common(number("top-k", &O::top_k, 0, kMostInt, "keep the k most probable units; 0: off")),
      common(min_open(
          number("typical", &O::typical, 0, 1, "locally typical sampling with this mass; 1: off"))),
      common(min_open(number("top-p", &O::top_p, 0, 1,
                             "keep the smallest set of units with this mass; 1: off"))),
      common(number("min-p", &O::min_p, 0, 1,
                    "drop units below this share of the most probable one; 0: off")),
      common(lettered('t', max_open(number("temperature", &O::temperature, 0, kInfinity,
                                           "divide the bits by this; 0: the most probable unit")))),
      common(on_off("whole-bytes", &O::whole_bytes, "round lengths up to whole bytes")),
      common(number("tail", &O::tail, 0, kMostInt,
                    "bytes of prompt and output that the model is shown; 0: off")),
      number("horizon", &O::horizon, 1, 1024, "bytes of look-ahead; tokens, where those are drawn"),
      number("beam-width", &O::beam_width, 1, 65536, "partial continuations kept at each byte"),
      number("commit", &O::commit, 0, 1024, "bytes of each plan that are kept; 0: all"),
      number("span-length", &O::span_length, 1, 65536, "bytes of each candidate"),
      number("span-limit", &O::span_limit, 1, 65536,
             "latest distinct candidates that are measured"),
      number("key-length", &O::key_length, 1, 64,
             "bytes at the current end that must have come before a candidate"),
      number("span", &O::span, 1, 65536, "bytes that are drawn jointly"),
      number("steps", &O::steps, 1, kMostInt, "steps of each chain that count"),
      number("burn-in", &O::burn_in, 0, kMostInt, "steps of each chain before those"),
      number("thin", &O::thin, 1, kMostInt, "keep the bits of every n-th step for the diagnostics"),
      number("chains", &O::chains, 1, 1024, "independent chains"),
      on_off("anneal", &O::anneal, "lower the temperature to 0 and draw the cheapest span found"),
      number("particles", &O::particles, 1, 1 << 20, "partial spans that compete"),
      number("segment", &O::segment, 1, 1 << 24,
             "bytes that a decompressor draws before it is put back behind the context"),
  };
}

double value_of(const SamplerOption& option, const SamplerOptions& options) {
  return std::visit([&](auto field) { return static_cast<double>(options.*field); }, option.field);
}

bool in_range(const SamplerOption& option, double value) {  // false for NaN
  return (option.min_open ? value > option.min : value >= option.min) &&
         (option.max_open ? value < option.max : value <= option.max);
}

}  // namespace

std::string SamplerOption::range() const {
  if (std::holds_alternative<bool SamplerOptions::*>(field)) return "on|off";
  if (std::holds_alternative<int SamplerOptions::*>(field))
    return std::to_string(static_cast<int>(min)) + ".." + std::to_string(static_cast<int>(max));
  return (min_open ? "(" : "[") + shortest(min) + ", " + shortest(max) + (max_open ? ")" : "]");
}

std::span<const SamplerOption> sampler_options() {
  static const std::vector<SamplerOption> table = make_table();
  return table;
}

void check_options(const SamplerOptions& options, bool common_only) {
  for (const SamplerOption& option : sampler_options()) {
    if (common_only && !option.common) continue;
    const double value = value_of(option, options);
    if (!in_range(option, value))
      throw OptionError(
          {"", option.name, " " + shortest(value) + " is out of range: " + option.range()});
  }
}

bool same_value(const SamplerOption& option, const SamplerOptions& a, const SamplerOptions& b) {
  return value_of(option, a) == value_of(option, b);
}

bool SamplerRow::reads(const SamplerOption& option) const {
  const std::vector<std::string>& names = option.common ? not_read : options;
  return (std::count(names.begin(), names.end(), option.name) > 0) != option.common;
}

void check_read(const SamplerRow& row, const SamplerOptions& options) {
  for (const SamplerOption& option : sampler_options()) {
    if (row.reads(option) || same_value(option, options, SamplerOptions{})) continue;
    throw UsageError(row.name + " has no option " + option.name +
                     (row.options.empty() ? "" : ": it has " + join(row.options, ", ")));
  }
}

}  // namespace kraft
