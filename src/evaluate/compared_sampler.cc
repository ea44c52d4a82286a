#include "evaluate/compared_sampler.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "base/text.h"
#include "kraft/option_error.h"
#include "kraft/registry.h"
#include "kraft/sampler_choice.h"
#include "samplers/options.h"

namespace kraft {
namespace {

// The name, and all options that are not at their initial values.
std::string spec_of(const std::string& name, const SamplerOptions& options) {
  std::string text = name;
  for (const SamplerOption& option : sampler_options()) {
    std::visit(
        [&](auto field) {
          const auto value = options.*field;
          if (value == SamplerOptions().*field) return;
          text += "," + option.name + "=";
          if constexpr (std::is_same_v<decltype(value), const bool>) {
            text += value ? "on" : "off";
          } else {
            text += shortest(static_cast<double>(value));
          }
        },
        option.field);
  }
  return text;
}

}  // namespace

ComparedSampler ComparedSampler::parse(const std::string& spec) {
  const Spec parsed = Spec::parse(spec);
  if (parsed.argument)
    throw UsageError("sampler '" + printable(spec) + "': expected NAME[,option=value...]");
  ComparedSampler sampler{spec, parsed.name, {}, {}};
  for (const auto& value_given : parsed.values) {
    const std::string& name = value_given.first;
    const std::string& text = value_given.second;
    const auto option =
        std::ranges::find(sampler_options(), name, [](const SamplerOption& o) { return o.name; });
    if (option == sampler_options().end()) {
      std::vector<std::string> names;
      for (const SamplerOption& o : sampler_options()) names.push_back(o.name);
      throw UsageError("sampler '" + printable(spec) + "': unknown option '" + printable(name) +
                       "'" + did_you_mean(name, names));
    }
    sampler.given.push_back(name);
    double value = 0;
    const bool is_switch = text == "on" || text == "off";
    if (!is_switch && !parse_number(text, value))
      throw UsageError("sampler '" + printable(spec) + "': " + name + " '" + printable(text) +
                       "' is not " + option->range());
    std::visit(
        [&](auto field) {
          using Value = std::remove_reference_t<decltype(sampler.options.*field)>;
          if constexpr (std::is_same_v<Value, bool>) {
            if (!is_switch) throw UsageError(name + ": '" + printable(text) + "' is not on or off");
            sampler.options.*field = text == "on";
          } else {
            if (is_switch || (std::is_same_v<Value, int> && value != std::floor(value)) ||
                std::abs(value) > 1e9)
              throw UsageError(name + ": '" + printable(text) + "' is not " + option->range());
            sampler.options.*field = static_cast<Value>(value);
          }
        },
        option->field);
  }
  try {
    if (sampler.name == kAutoSampler) {
      check_options(sampler.options);
    } else {
      make_sampler(sampler.name, sampler.options);  // checks the rest
    }
  } catch (const OptionError& error) {
    throw UsageError("sampler '" + printable(spec) + "': " + error.what());
  }
  if (sampler.options.tail > 0)
    throw UsageError("sampler '" + printable(spec) +
                     "': tail has no meaning here: there is no corpus apart from the context");
  return sampler;
}

std::vector<ComparedSampler> at_temperatures(const std::vector<std::string>& specs,
                                             const std::vector<double>& temperatures) {
  std::vector<ComparedSampler> samplers;
  for (const std::string& spec : specs) {
    const ComparedSampler sampler = ComparedSampler::parse(spec);
    if (!temperatures.empty() && std::ranges::count(sampler.given, "temperature") > 0)
      throw UsageError("sampler '" + printable(spec) +
                       "' has a temperature of its own, and temperatures are given for all");
    if (temperatures.empty()) samplers.push_back(sampler);
    for (const double temperature : temperatures) {
      const bool is_usual = temperature == SamplerOptions().temperature;
      samplers.push_back(
          is_usual && sampler.name != kAutoSampler
              ? sampler
              : ComparedSampler::parse(spec + ",temperature=" + shortest(temperature)));
    }
  }
  return samplers;
}

ComparedSampler ComparedSampler::chosen_for(const Model& model, std::uint64_t context_bytes,
                                            bool has_samples) const {
  if (name != kAutoSampler) return *this;
  if (has_samples) return parse(spec_of("ancestral", options));
  const SamplerChoice choice = choose_sampler(
      model,
      {.options = options,
       .is_set = [this](std::string_view option) { return std::ranges::count(given, option) > 0; },
       .history_bytes = context_bytes});
  return parse(spec_of(choice.sampler, choice.options));
}

}  // namespace kraft
