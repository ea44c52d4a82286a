#include "evaluate/compared_sampler.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "base/text.h"
#include "kraft/option_error.h"
#include "kraft/registry.h"

namespace kraft {

ComparedSampler ComparedSampler::parse(const std::string& spec) {
  const Spec parsed = Spec::parse(spec);
  if (parsed.argument)
    throw UsageError("sampler '" + printable(spec) + "': expected NAME[,option=value...]");
  ComparedSampler sampler{spec, parsed.name, {}};
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
    make_sampler(sampler.name, sampler.options);  // checks the rest
  } catch (const OptionError& error) {
    throw UsageError("sampler '" + printable(spec) + "': " + error.what());
  }
  if (sampler.options.tail > 0)
    throw UsageError("sampler '" + printable(spec) +
                     "': tail has no meaning here: there is no corpus apart from the context");
  return sampler;
}

}  // namespace kraft
