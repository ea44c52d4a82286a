// `cm`: the model around the predictor.

#include "kraft/registry.h"
#include "models/choice_model.h"
#include "models/cm/predictor.h"
#include "registry/backends.h"

namespace kraft {

Backend cm_backend() {
  Backend row;
  row.name = "cm";
  row.summary = "context mixing of bit histories, matches and words, in the line of lpaq and paq8";
  row.argument =
      Parameter::choice("effort", {"normal", "max"}, "normal",
                        "how many contexts are mixed: max is slower and predicts better");
  row.parameters = {Parameter::integer("mem", cm::Predictor::kLeastMemory, std::int64_t{1} << 30,
                                       "64MiB", "bytes of memory, taken as they are needed")};
  row.granularity = Granularity::fractional;
  row.window = "all of the context; what is rare is forgotten when mem= is full";
  row.library = [] { return std::string("kraft"); };
  row.trial_ms = [](const Arguments&) { return 60; };
  row.trial_mib = [](const Arguments&) { return 30; };
  row.make_model = [](const Arguments& arguments, const ModelOptions&) {
    const auto effort = arguments.text("effort") == "max" ? cm::Effort::max : cm::Effort::normal;
    return std::make_shared<ChoiceModel<cm::Predictor>>(
        arguments.spec(),
        cm::Predictor(effort, static_cast<std::size_t>(arguments.integer("mem"))));
  };
  return row;
}

}  // namespace kraft
