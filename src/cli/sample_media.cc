// The options of kraft sample that belong to one medium.

#include <algorithm>
#include <array>

#include "base/text.h"
#include "cli/sample.h"
#include "kraft/error.h"

namespace kraft::cli {
namespace {

constexpr std::array kImageOptions = {"rows", "right-from", "rows-context", "box", "mask"};
constexpr std::array kAudioOptions = {"seconds", "samples", "context-seconds", "gap"};
constexpr std::array kBothOptions = {"candidate", "panel"};
constexpr std::array kTextOptions = {"prime",  "prime-first", "prompt", "length",
                                     "units",  "preset",      "echo",   "tail",
                                     "suffix", "suffix-file", "hole",   "trace"};

template <std::size_t kCount>
void refuse(const po::variables_map& values, const std::array<const char*, kCount>& names,
            const std::string& medium, const std::string& belongs_to) {
  for (const char* name : names) {
    if (!is_set(values, name)) continue;
    std::string message = "--";
    message.append(name).append(" has no meaning for ").append(medium);
    throw UsageError(message.append("; it is an option of ").append(belongs_to));
  }
}

}  // namespace

std::unique_ptr<Sampler> make_sampler(const SampleOptions& options) {
  try {
    return kraft::make_sampler(options.sampler, options.sampling);
  } catch (const UsageError& error) {
    const std::string message = error.what();
    for (const SamplerOption& option : sampler_options()) {
      if (message.starts_with(option.name + ": "))
        throw UsageError("--" + option.name + message.substr(option.name.size() + 1));
    }
    throw;
  }
}

void MediaOptions::add_to(po::options_description& options) {
  MediaInputOptions::add_to(options);
  // clang-format off
  options.add_options()
      ("rows", po::value(&rows)->value_name("N"), "image: draw the last N rows")
      ("right-from", po::value(&right_from)->value_name("X"), "image: draw each row from pixel X on")
      ("rows-context", po::value(&rows_context)->value_name("WHICH")->default_value(rows_context), "image, with --right-from: what comes before a row; none: rows are independent, above: the rows above")
      ("box", po::value(&box)->value_name("X,Y,W,H"), "image: draw this part")
      ("mask", po::value(&mask)->value_name("FILE"), "image: draw where this image of the same size is bright")
      ("seconds", po::value(&seconds)->value_name("S"), "audio: draw so many seconds")
      ("samples", po::value(&samples)->value_name("N"), "audio: draw so many samples of each channel")
      ("context-seconds", po::value(&context_seconds)->value_name("C"), "audio: continue after C seconds (default: at the end)")
      ("gap", po::value(&gap)->value_name("START,S"), "audio: draw S seconds from second START on, with what follows in sight of a joint sampler")
      ("candidate", po::value(&candidate)->value_name("WHAT")->default_value(candidate), "image and audio: choose between bytes (byte), or between whole pixels or samples that occur in what is given (whole)")
      ("panel", po::value(&panel)->value_name("FILE"), "image and audio: write a picture with the original, the context and every completion (PNG)");
  // clang-format on
}

Medium medium_of(const po::variables_map& values, const SampleOptions& options, ByteView input) {
  const Medium medium = options.media.medium_of(
      input, options.context.inputs.empty() ? "" : std::string_view(options.context.inputs[0]));
  refuse_options_of_others(values, medium);
  const std::string name = name_of(medium);
  if (medium != Medium::image) refuse(values, kImageOptions, name, "images (--as image)");
  if (medium != Medium::audio) refuse(values, kAudioOptions, name, "recordings (--as audio)");
  if (medium == Medium::image || medium == Medium::audio) {
    refuse(values, kTextOptions, name, "text (--as bytes)");
    if (options.context.inputs.empty()) throw UsageError("the file is missing");
  } else {
    refuse(values, kBothOptions, name, "images and recordings");
  }
  return medium;
}

}  // namespace kraft::cli
