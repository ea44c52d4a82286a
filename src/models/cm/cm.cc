// `cm`: the model around the predictor.

#include "kraft/registry.h"
#include "models/choice_model.h"
#include "models/cm/pictures.h"
#include "models/cm/predictor.h"
#include "models/cm/samples.h"
#include "models/cm/sound.h"
#include "registry/backends.h"

namespace kraft {
namespace {

// By default, of effort max; and at most, on the word of a .kraft file: to try the model with more
// takes more than 100 MB.
constexpr std::int64_t kMostMemory = std::int64_t{128} << 20;

struct Request {
  const Arguments& arguments;
  std::function<bool()> cancelled;
  cm::Effort effort;
  unsigned revision;
  std::size_t memory_bytes;
  std::uint32_t channels;
  std::int64_t depth_bits;
};

// Of a text that it draws, a model learns to repeat it (docs/samplers.md).
bool learns_what_is_drawn(const Arguments& arguments) {
  if (arguments.has("learn")) return arguments.on("learn");
  return arguments.has("width") || arguments.has("rate");
}

template <class Learner>
std::shared_ptr<const Model> model_around(Learner learner, const Request& request) {
  learner.learn_what_is_drawn(learns_what_is_drawn(request.arguments));
  return std::make_shared<ChoiceModel<Learner>>(request.arguments.spec(), std::move(learner),
                                                request.cancelled);
}

std::uint32_t width_of(const Arguments& arguments) {
  return static_cast<std::uint32_t>(arguments.integer_or("width", 0));
}

// The contexts that files have been written with since there are pictures in them.
std::shared_ptr<const Model> model_of_bytes(const Request& request) {
  const std::uint32_t width = request.depth_bits == 8 ? width_of(request.arguments) : 0;
  cm::PictureShape shape;
  if (width > 0) shape = {width * request.channels, request.channels};
  return model_around(cm::Predictor(request.effort, request.memory_bytes, shape, request.revision),
                      request);
}

std::shared_ptr<const Model> model_of_pixels(const Request& request) {
  cm::PictureFront front({width_of(request.arguments), request.channels}, request.effort);
  return model_around(cm::SamplePredictor(std::move(front), request.memory_bytes), request);
}

std::shared_ptr<const Model> model_of_sound(const Request& request) {
  const auto sample_bytes = static_cast<std::uint32_t>(request.depth_bits / 8);
  cm::SoundFront front({request.channels, sample_bytes}, request.effort);
  return model_around(cm::SamplePredictor(std::move(front), request.memory_bytes), request);
}

bool has_fitted_pixels(const Arguments& arguments) {
  return arguments.has("pixels") && arguments.text("pixels") == "fitted";
}

void check_shape(const Arguments& arguments, const Geometry&) {
  if (!has_fitted_pixels(arguments)) return;
  const std::int64_t row_bytes =
      arguments.integer_or("width", 0) * arguments.integer_or("channels", 1);
  if (row_bytes == 0 || row_bytes > cm::PictureFront::kMostRowBytes ||
      arguments.integer_or("depth", 8) != 8)
    throw UsageError("cm: pixels=fitted needs width=, depth=8, and rows of at most " +
                     std::to_string(cm::PictureFront::kMostRowBytes) + " bytes");
}

// What is known to be a picture gets the better contexts, which its specification says from then
// on; a specification without the key means what it has always meant.
void complete_pixels(Spec& spec, const Geometry& geometry) {
  if (!geometry.width || geometry.depth.value_or(8) != 8 || *geometry.width < 1 ||
      *geometry.width * geometry.channels.value_or(1) > cm::PictureFront::kMostRowBytes)
    return;
  for (const auto& [key, value] : spec.values) {
    if (key == "pixels" || key == "rate") return;
    const std::optional<std::int64_t> known = key == "width"      ? geometry.width
                                              : key == "channels" ? geometry.channels
                                              : key == "depth"    ? geometry.depth
                                                                  : std::nullopt;
    if (known && value != std::to_string(*known)) return;
  }
  spec.values.emplace_back("pixels", "fitted");
}

}  // namespace

Backend cm_backend() {
  Backend row;
  row.name = "cm";
  row.revision = cm::Predictor::kRevision;
  row.summary = "context mixing of bit histories, matches and words, in the line of lpaq and paq8";
  row.argument =
      Parameter::choice("effort", {"normal", "max"}, "normal",
                        "how many contexts are mixed: max is slower and predicts better");
  row.parameters = {
      Parameter::integer("mem", cm::Predictor::kLeastMemory, std::int64_t{1} << 30, "",
                         "bytes of memory at most (64MiB; max: 128MiB), taken as they are needed")
          .up_to_from_file(kMostMemory),
      Parameter::on_off("learn", "",
                        "whether what is drawn is learnt from (off; pictures and sound: on)"),
      Parameter::integer("width", 1, 65536, "", "pixels of a row; without it: no picture"),
      Parameter::integer("rate", 1, 655350, "",
                         "frames of sound a second, whatever width= says; without it: no sound"),
      Parameter::integer("channels", 1, cm::Predictor::kMostChannels, "",
                         "samples of a pixel or frame (1)"),
      Parameter::choice("depth", {"8", "16"}, "", "bits of a sample (8); 16: no picture"),
      Parameter::choice("pixels", {"hashed", "fitted"}, "",
                        "how a picture is predicted: fitted is better (hashed; where the file "
                        "itself sets width=: fitted)"),
  };
  row.granularity = Granularity::fractional;
  row.window = "all of the context; what is rare is forgotten when mem= is full";
  row.library = [] { return std::string("kraft"); };
  row.trial_ms = [](const Arguments&) { return 60; };
  row.trial_mib = [](const Arguments& arguments) {
    return arguments.text("effort") == "max" ? 86 : 45;
  };
  row.complete = complete_pixels;
  row.check_model = check_shape;
  row.make_model = [](const Arguments& arguments, const ModelOptions& options) {
    const auto effort = arguments.text("effort") == "max" ? cm::Effort::max : cm::Effort::normal;
    const std::int64_t memory_bytes =
        arguments.integer_or("mem", effort == cm::Effort::max ? kMostMemory : kMostMemory / 2);
    const Request request{
        .arguments = arguments,
        .cancelled = options.cancelled,
        .effort = effort,
        .revision = arguments.revision(),
        .memory_bytes = static_cast<std::size_t>(memory_bytes),
        .channels = static_cast<std::uint32_t>(arguments.integer_or("channels", 1)),
        .depth_bits = arguments.integer_or("depth", 8)};
    if (arguments.has("rate")) return model_of_sound(request);
    return has_fitted_pixels(arguments) ? model_of_pixels(request) : model_of_bytes(request);
  };
  return row;
}

}  // namespace kraft
