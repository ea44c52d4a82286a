#include "tasks/sample_media.h"

#include <algorithm>
#include <array>
#include <utility>

#include "media/reduced.h"
#include "tasks/models.h"

namespace kraft {
namespace {

template <class Samples>  // an image or a recording
MediaSamples taken(Samples read) {
  const Geometry geometry = read.geometry();
  return {
      .bytes = std::move(read.samples), .geometry = geometry, .warnings = std::move(read.warnings)};
}

MediaSamples image_samples(const MediaInput& input, ByteView file) {
  return taken(read_image(input, file));
}
MediaSamples audio_samples(const MediaInput& input, ByteView file) {
  return taken(read_audio(input, file));
}

// Reduced until its shorter side has so many pixels (0: as it is).
Image reduced(const Image& image, std::size_t side) {
  const std::size_t shorter = std::min(image.width, image.height);
  if (side == 0 || shorter <= side) return image;
  return scaled(image, (image.width * side + shorter / 2) / shorter,
                (image.height * side + shorter / 2) / shorter);
}

ComparedInput compared_image(const CompareTask& task, const NamedBytes& file,
                             const Receiver& receiver) {
  const Image read = read_named(file.name, [&] { return read_image(file.bytes); });
  warn_about(file.name, read.warnings, receiver);
  const Image image = reduced(gray_8_bit(read), task.side.value_or(kSide));
  const auto [width, height] = task.patch.value_or(kPatch);
  ComparedInput input;
  input.bytes = image.samples;
  input.geometry = {.width = static_cast<std::int64_t>(width), .channels = 1, .depth = 8};
  input.row_bytes = width;
  input.windows = windows_of_image(image, file.name, task.seed, windows_of(task, Medium::image),
                                   width, height, task.rows.value_or(kTruthRows));
  return input;
}

ComparedInput compared_audio(const CompareTask& task, const NamedBytes& file,
                             const Receiver& receiver) {
  const Audio audio = first_channel(read_named(file.name, [&] {
    return read_audio(file.bytes, Encoding::u8, task.rate_hz.value_or(kRateHz));
  }));
  warn_about(file.name, audio.warnings, receiver);
  ComparedInput input;
  input.bytes = audio.samples;
  input.geometry = audio.geometry();
  input.rate_hz = audio.rate_hz;
  input.windows = windows_of_bytes(
      audio.samples, file.name, task.seed, windows_of(task, Medium::audio),
      task.context_samples.value_or(kContextSamples), task.truth_samples.value_or(kTruthSamples));
  return input;
}

constexpr std::array<SampleMedium, 2> kRows = {{
    {Medium::image, image_samples, compared_image},
    {Medium::audio, audio_samples, compared_audio},
}};

// Bytes of any kind are compared as text is.
Medium counted_as(Medium medium) { return has_samples(medium) ? medium : Medium::text; }

}  // namespace

std::vector<std::string> models_of(const CompareTask& task, Medium medium) {
  std::vector<std::string> models = task.models;
  if (const auto more = task.models_of.find(counted_as(medium)); more != task.models_of.end())
    models.insert(models.end(), more->second.begin(), more->second.end());
  return models;
}

const std::vector<std::string>& samplers_of(const CompareTask& task, Medium medium) {
  const auto own = task.samplers_of.find(counted_as(medium));
  return own == task.samplers_of.end() ? task.samplers : own->second;
}

std::uint64_t windows_of(const CompareTask& task, Medium medium) {
  if (task.windows > 0) return task.windows;
  if (task.budget_seconds) return kMostWindows;
  return has_samples(medium) ? kSampleWindows : kTextWindows;
}

const SampleMedium* sample_medium(Medium medium) {
  const auto row = std::ranges::find(kRows, medium, &SampleMedium::medium);
  return row == kRows.end() ? nullptr : &*row;
}

}  // namespace kraft
