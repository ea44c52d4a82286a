// xz and lzma: the compressor with the models of its two views.

#include "registry/backends.h"
#include "codecs/xz.h"
#include "kraft/error.h"
#include "models/lz/view_parameters.h"
#include "models/lzma/decoder_view.h"
#include "models/lzma/decoder_view_model.h"
#include "models/lzma/model.h"

namespace kraft {
namespace {

using lzma::Container;

// The dictionary of a model with bits=fractional: 64 KiB unless the specification says otherwise,
// because every continuation restores a state that grows with it.
constexpr std::uint32_t kDictionaryBytes = std::uint32_t{1} << 16;
constexpr std::uint32_t kLargestDictionaryBytes = std::uint32_t{1} << 22;
constexpr std::uint32_t kViewDictionaryBytes = std::uint32_t{1} << 17;  // with view=decoder
constexpr std::int64_t kTailBytes = 64;
constexpr std::int64_t kShortestTailBytes = 16;
constexpr std::int64_t kLongestTailBytes = 1024;

// What surrounds the code of a message: all of a one-byte message's stream but that byte.
double container_bits(const Codec& codec) {
  const Byte message = 'x';
  return codec.encoder()->code_length({&message, 1}) - 8;
}

bool measures_bytes(const Arguments& arguments) { return arguments.text("bits") == "byte"; }

bool is_decoder_view(const Arguments& arguments) {
  return lz::is_decoder_view(arguments, {"bits", "tail", "context", "dither"},
                             {"refresh", "hypotheses"});
}

lzma_options_lzma options_of_model(const Arguments& arguments) {
  lzma_options_lzma options = lzma::options_of(arguments);
  if (!arguments.has("dict"))
    options.dict_size = is_decoder_view(arguments) ? kViewDictionaryBytes : kDictionaryBytes;
  return options;
}

// Parameters that are about measuring another way than the one chosen, and a dictionary that is too
// large for it.
void check_measuring(const Arguments& arguments) {
  const Spec spec = Spec::parse(arguments.spec());
  const auto refuse = [&spec](const std::string& what, const std::string& needs) {
    throw UsageError(spec.name + ": " + what + " needs bits=" + needs);
  };
  lzma::options_of(arguments);
  const std::uint32_t dictionary_bytes = options_of_model(arguments).dict_size;
  if (is_decoder_view(arguments)) {
    if (dictionary_bytes > kLargestDictionaryBytes)
      throw UsageError(spec.name + ": dict=" + std::to_string(dictionary_bytes) +
                       " is too large for view=decoder, which has at most " +
                       std::to_string(kLargestDictionaryBytes));
    return;
  }
  const bool fractional = !measures_bytes(arguments);
  for (const auto& [parameter, value] : spec.values) {
    if (fractional && (parameter == "context" || parameter == "dither"))
      refuse(parameter, "byte, not fractional");
    if (!fractional && parameter == "tail") refuse(parameter, "fractional, not byte");
  }
  if (fractional && dictionary_bytes > kLargestDictionaryBytes)
    refuse("dict=" + std::to_string(dictionary_bytes),
           "byte; a model with bits=fractional has at most " +
               std::to_string(kLargestDictionaryBytes));
}

std::vector<Parameter> parameters_of_views() {
  const lzma::ViewParameters defaults{};
  return lz::with_hypotheses(
      lz::view_parameters("fractional", "probabilities", defaults.refresh_bytes,
                          lzma::kShortestRefreshBytes),
      "the state and the last distances", defaults.hypotheses);
}

std::vector<Parameter> measuring_parameters() {
  std::vector<Parameter> parameters = {
      Parameter::choice("bits", {"fractional", "byte"}, "fractional",
                        "how lengths are measured; byte: whole streams"),
      Parameter::integer(
          "tail", kShortestTailBytes, kLongestTailBytes, std::to_string(kTailBytes),
          "bits=fractional: bytes, at least, that each measurement codes again; longer "
          "continuations cost more"),
  };
  for (Parameter& parameter : measured_context_parameters()) {
    parameter.meaning = "bits=byte: " + parameter.meaning;
    parameters.push_back(std::move(parameter));
  }
  for (Parameter& parameter : parameters) parameter.of_model = true;
  return parameters;
}

// Clearing the encoder's tables, which grow with the dictionary, is most of it.
double trial_ms(const Arguments& arguments) {
  constexpr double kMiB = 1 << 20;
  if (measures_bytes(arguments)) return 5 + 100 * lzma::options_of(arguments).dict_size / kMiB;
  return 80 + 1150 * static_cast<double>(arguments.integer_or("dict", 0)) / kMiB;
}

Backend with_model(Container container) {
  Backend row = lzma::codec_row(container);
  for (Parameter& parameter : row.parameters) {
    if (parameter.name == "dict") parameter.meaning += " (of models with bits=fractional: 64KiB)";
  }
  for (Parameter& parameter : measuring_parameters())
    row.parameters.push_back(std::move(parameter));
  for (Parameter& parameter : parameters_of_views()) row.parameters.push_back(std::move(parameter));
  row.granularity = Granularity::fractional;
  row.window = "64 KiB (view=decoder: 128), or by dict=";
  row.engine = [] { return std::string("rewind"); };
  row.trial_ms = trial_ms;
  row.check_model = [](const Arguments& arguments, const Geometry&) { check_measuring(arguments); };
  row.make_model = [make_codec = row.make_codec](const Arguments& arguments,
                                                 const ModelOptions& options) {
    auto codec = make_codec(arguments);
    if (is_decoder_view(arguments))
      return lzma::make_decoder_view(options_of_model(arguments), arguments, options);
    if (measures_bytes(arguments))
      return model_of(std::move(codec), arguments.spec(), measured_context(arguments), options);
    return lzma::make_model(options_of_model(arguments),
                            static_cast<std::uint64_t>(arguments.integer("tail")),
                            container_bits(*codec), arguments, options);
  };
  return row;
}

}  // namespace

Backend xz_backend() { return with_model(Container::xz); }
Backend lzma_backend() { return with_model(Container::lzma); }

}  // namespace kraft
