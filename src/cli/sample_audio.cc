// kraft sample on recordings: what follows their beginning is drawn.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/completion.h"
#include "cli/sample.h"
#include "cli/terminal.h"
#include "kraft/error.h"
#include "media/spectrogram.h"
#include "run/interrupts.h"

namespace kraft::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMostSeconds = 1e6;

std::size_t frames_in(const char* option, double seconds, std::uint32_t rate_hz) {
  if (!(seconds >= 0 && seconds <= kMostSeconds))
    throw UsageError("--" + std::string(option) + " " + shortest(seconds) +
                     " is out of range: 0..1000000");
  return static_cast<std::size_t>(std::llround(seconds * rate_hz));
}

// What is drawn of a recording, in frames.
struct Stretch {
  std::size_t begin = 0, size = 0;
  bool inside = false;  // a gap: what follows is given
};

// --gap START,S.
Stretch gap_of(const std::string& text, const Audio& audio) {
  const std::size_t comma = std::min(text.find(','), text.size());
  double begin = 0, length = 0;
  if (comma == text.size() || !parse_number(text.substr(0, comma), begin) ||
      !parse_number(text.substr(comma + 1), length))
    throw UsageError("--gap is START,S in seconds, not '" + printable(text) + "'");
  const Stretch gap{frames_in("gap", begin, audio.rate_hz), frames_in("gap", length, audio.rate_hz),
                    true};
  if (gap.begin > audio.frames() || gap.size > audio.frames() - gap.begin)
    throw UsageError("--gap " + printable(text) + " is out of range: the recording lasts " +
                     shortest(static_cast<double>(audio.frames()) / audio.rate_hz) + " s");
  return gap;
}

// How many frames are drawn.
std::size_t drawn_frames(const po::variables_map& values, const MediaOptions& options,
                         const Audio& audio) {
  exclude(values, "seconds", "samples");
  if (!is_set(values, "seconds") && !is_set(values, "samples"))
    throw UsageError("how much to draw is missing: --seconds, --samples or --gap");
  check_range("samples", options.samples, 0, static_cast<std::int64_t>(kMostMediaBytes));
  const std::size_t frames = is_set(values, "seconds")
                                 ? frames_in("seconds", options.seconds, audio.rate_hz)
                                 : static_cast<std::size_t>(options.samples);
  if (frames > kMostMediaBytes / audio.frame_bytes())
    throw UsageError("that would be more than " + std::to_string(kMostMediaBytes >> 20) +
                     " MiB of samples");
  return frames;
}

std::size_t context_frames(const po::variables_map& values, const MediaOptions& options,
                           const Audio& audio) {
  if (!is_set(values, "context-seconds")) return audio.frames();
  const std::size_t frames = frames_in("context-seconds", options.context_seconds, audio.rate_hz);
  if (frames > audio.frames())
    throw UsageError("--context-seconds " + shortest(options.context_seconds) +
                     " is out of range: the recording lasts " +
                     shortest(static_cast<double>(audio.frames()) / audio.rate_hz) + " s");
  return frames;
}

AudioFormat format_of(const std::string& path) {
  try {
    return audio_format_of(path);
  } catch (const UsageError& error) {
    throw UsageError(std::string("--output ") + error.what());
  }
}

void check_panel_name(const std::string& path) {
  try {
    expect_png_name(path);
  } catch (const UsageError& error) {
    throw UsageError(std::string("--panel ") + error.what());
  }
}

Stretch stretch_of(const po::variables_map& values, const MediaOptions& options,
                   const Audio& audio) {
  if (!is_set(values, "gap"))
    return {context_frames(values, options, audio), drawn_frames(values, options, audio), false};
  for (const char* other : {"seconds", "samples", "context-seconds"}) exclude(values, "gap", other);
  return gap_of(options.gap, audio);
}

Hole hole_of(const Audio& audio, const Stretch& stretch) {
  const std::size_t begin = stretch.begin * audio.frame_bytes();
  const std::size_t end = begin + stretch.size * audio.frame_bytes();
  Hole hole{.bytes = audio.samples,
            .sequences = {{{0, begin, false}}},
            .unit = "samples",
            .unit_bytes = audio.frame_bytes(),
            .geometry = audio.geometry()};
  if (stretch.size > 0) hole.sequences[0].push_back({begin, end, true});
  if (!stretch.inside) {
    hole.bytes.resize(end);
  } else if (end < hole.bytes.size()) {
    hole.sequences[0].push_back({end, hole.bytes.size(), false});
  }
  return hole;
}

Audio with_samples(const Audio& audio, Bytes samples) {
  Audio other = audio;
  other.samples = std::move(samples);
  return other;
}

Bytes panel_file(const SampleOptions& options, const Audio& audio, const Hole& hole,
                 const std::vector<Completion>& completions) {
  const std::size_t context = hole.sequences[0][0].end / audio.frame_bytes();
  const double mark = static_cast<double>(context) / audio.rate_hz;
  Bytes original = audio.samples;  // as long as the completions, if there is so much of it
  original.resize(std::min(original.size(), hole.bytes.size()));
  std::vector<Clip> clips = {{"original", with_samples(audio, std::move(original)), -1}};
  for (const Completion& completion : completions) {
    std::string label = completion.model;
    if (options.count > 1) label += " #" + std::to_string(completion.index + 1);
    clips.push_back({label, with_samples(audio, completion.bytes), mark});
  }
  return write_png(spectrogram_panel(clips), interrupted);
}

Json to_json(const SampleOptions& options, const Completion& completion,
             std::uint64_t drawn_bytes) {
  return {{"model", completion.spec},     {"sampler", options.sampler}, {"seed", options.seed},
          {"index", completion.index},    {"drawn_bytes", drawn_bytes}, {"bits", completion.bits},
          {"seconds", completion.seconds}};
}

void report(const Completion& completion, std::uint64_t drawn_bytes) {
  if (drawn_bytes == 0) return;
  char text[160];
  std::snprintf(text, sizeof text, ": %s bytes at %.3f bits each; %.1f s",
                grouped(drawn_bytes).c_str(), completion.bits / static_cast<double>(drawn_bytes),
                completion.seconds);
  note(completion.spec + text);
}

}  // namespace

int sample_audio(const SampleOptions& options, const po::variables_map& values, ByteView file) {
  check_outputs(options, values);
  if (!options.output.empty()) format_of(options.output);
  if (!options.media.panel.empty()) {
    check_panel_name(options.media.panel);
    expect_clips_fit(1 + options.models.size() * static_cast<std::size_t>(options.count));
  }
  const Audio audio = read_audio(options.media, values, file);
  warn_about(options.context.inputs[0], audio.warnings);
  if (!options.output.empty()) expect_writable(audio, format_of(options.output));
  const Hole hole = hole_of(audio, stretch_of(values, options.media, audio));
  const std::vector<Completion> completions = complete(options, values, hole);
  if (interrupted()) return kInterruptedExit;

  Json results = Json::array();
  for (const Completion& completion : completions) {
    results.push_back(to_json(options, completion, hole.drawn_bytes()));
    if (values.count("quiet") == 0) report(completion, hole.drawn_bytes());
  }
  if (!options.output.empty())
    write_file(options.output,
               write_audio(with_samples(audio, completions[0].bytes), format_of(options.output)));
  if (!options.media.panel.empty())
    write_file(options.media.panel, panel_file(options, audio, hole, completions));
  if (values.count("json"))
    write_out((results.size() > 1 ? results : results.at(0)).dump(2) + "\n");
  return 0;
}

}  // namespace kraft::cli
