#include "kraft/measuring.h"

namespace kraft {

std::vector<Parameter> measured_context_parameters() {
  std::vector<Parameter> parameters = {
      Parameter::integer("context", 0, INT64_MAX, "8KiB",
                         "bytes of context that each measurement compresses (0: all)"),
      Parameter::integer("dither", 1, 64, "1",
                         "contexts, each a little shorter than the one before, over whose "
                         "increments the mean is taken (1: off)")
          .up_to_from_file(16),
  };
  for (Parameter& parameter : parameters) parameter.of_model = true;
  return parameters;
}

MeasuredContext measured_context(const Arguments& arguments) {
  return {.bytes = static_cast<std::uint64_t>(arguments.integer("context")),
          .dither = static_cast<std::uint64_t>(arguments.integer("dither"))};
}

}  // namespace kraft
