// `cm`: the model around the predictor.

#include "kraft/registry.h"
#include "models/choice_model.h"
#include "models/cm/predictor.h"
#include "registry/backends.h"

namespace kraft {
namespace {

// By default, of effort max; and at most, on the word of a .kraft file: to try the model with more
// takes more than 100 MB.
constexpr std::int64_t kMostMemory = std::int64_t{128} << 20;

}  // namespace

Backend cm_backend() {
  Backend row;
  row.name = "cm";
  row.summary = "context mixing of bit histories, matches and words, in the line of lpaq and paq8";
  row.argument =
      Parameter::choice("effort", {"normal", "max"}, "normal",
                        "how many contexts are mixed: max is slower and predicts better");
  row.parameters = {
      Parameter::integer("mem", cm::Predictor::kLeastMemory, std::int64_t{1} << 30, "",
                         "bytes of memory at most (64MiB; max: 128MiB), taken as they are needed")
          .up_to_from_file(kMostMemory),
      Parameter::integer("width", 1, 65536, "", "pixels of a row; without it: no picture"),
      Parameter::integer("channels", 1, cm::Predictor::kMostChannels, "", "samples of a pixel (1)"),
      Parameter::choice("depth", {"8", "16"}, "", "bits of a sample; 16: no picture"),
  };
  row.granularity = Granularity::fractional;
  row.window = "all of the context; what is rare is forgotten when mem= is full";
  row.library = [] { return std::string("kraft"); };
  row.trial_ms = [](const Arguments&) { return 60; };
  row.trial_mib = [](const Arguments& arguments) {
    return arguments.text("effort") == "max" ? 85 : 45;
  };
  row.make_model = [](const Arguments& arguments, const ModelOptions& options) {
    const auto effort = arguments.text("effort") == "max" ? cm::Effort::max : cm::Effort::normal;
    const std::int64_t memory_bytes =
        arguments.integer_or("mem", effort == cm::Effort::max ? kMostMemory : kMostMemory / 2);
    cm::PictureShape shape;
    if (arguments.has("width") && arguments.integer_or("depth", 8) == 8) {
      shape.channels = static_cast<std::uint32_t>(arguments.integer_or("channels", 1));
      shape.row_bytes = static_cast<std::uint32_t>(arguments.integer("width")) * shape.channels;
    }
    return std::make_shared<ChoiceModel<cm::Predictor>>(
        arguments.spec(), cm::Predictor(effort, static_cast<std::size_t>(memory_bytes), shape),
        options.cancelled);
  };
  return row;
}

}  // namespace kraft
