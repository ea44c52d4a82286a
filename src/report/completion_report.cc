// Of completions of images and recordings.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/text.h"
#include "media/panel.h"
#include "media/spectrogram.h"
#include "report/sample_report.h"

namespace kraft {
namespace {

using Json = nlohmann::ordered_json;

std::string decibels(double psnr) {
  if (!std::isfinite(psnr)) return "identical";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f dB", psnr);
  return text;
}

// The holes are filled with a pattern that photographs do not have.
Image context_picture(Image image, const Bytes& mask) {
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] == 0) continue;
    const bool light = (i % image.width / 4 + i / image.width / 4) % 2 == 0;
    std::fill_n(image.samples.begin() + static_cast<std::ptrdiff_t>(i * image.pixel_bytes()),
                image.pixel_bytes(), static_cast<Byte>(light ? 216 : 168));
    if (image.channels % 2 == 0)
      std::fill_n(image.samples.begin() + static_cast<std::ptrdiff_t>(
                                              (i + 1) * image.pixel_bytes() - image.depth_bits / 8),
                  image.depth_bits / 8, Byte{255});
  }
  return image;
}

Json common_json(const CompletionTask& task, const std::string& sampler, std::uint64_t drawn_bytes,
                 const Completion& completion) {
  return {{"model", completion.spec},     {"sampler", sampler},         {"seed", task.seed},
          {"index", completion.index},    {"drawn_bytes", drawn_bytes}, {"bits", completion.bits},
          {"seconds", completion.seconds}};
}

std::string bits_text(const Completion& completion, std::uint64_t drawn_bytes) {
  char text[80];
  std::snprintf(text, sizeof text, ": %s bytes at %.3f bits each; ", grouped(drawn_bytes).c_str(),
                completion.bits / static_cast<double>(drawn_bytes));
  return completion.spec + text;
}

std::string seconds_text(double seconds) {
  char text[40];
  std::snprintf(text, sizeof text, "%.1f s", seconds);
  return text;
}

std::string label_of(const CompletionTask& task, const Completion& completion) {
  return completion.name +
         (task.count > 1 ? " #" + std::to_string(completion.index + 1) : std::string());
}

}  // namespace

Json to_json(const ImageCompletionTask& task, const ImageCompletionResult& result,
             const ImageCompletion& completion) {
  Json json = common_json(task, result.sampler, result.drawn_bytes, completion);
  json["psnr_db"] = std::isfinite(completion.psnr_db) ? Json(completion.psnr_db) : Json(nullptr);
  return json;
}

Json to_json(const AudioCompletionTask& task, const AudioCompletionResult& result,
             const AudioCompletion& completion) {
  return common_json(task, result.sampler, result.drawn_bytes, completion);
}

std::string summary_of(const ImageCompletionResult& result, const ImageCompletion& completion) {
  if (result.drawn_bytes == 0) return {};
  return bits_text(completion, result.drawn_bytes) + "PSNR " + decibels(completion.psnr_db) + "; " +
         seconds_text(completion.seconds);
}

std::string summary_of(const AudioCompletionResult& result, const AudioCompletion& completion) {
  if (result.drawn_bytes == 0) return {};
  return bits_text(completion, result.drawn_bytes) + seconds_text(completion.seconds);
}

Image panel_of(const ImageCompletionTask& task, const ImageCompletionResult& result) {
  std::vector<std::vector<Picture>> rows(static_cast<std::size_t>(task.count));
  rows[0] = {{"original", task.image}, {"context", context_picture(task.image, result.mask)}};
  for (std::size_t r = 1; r < rows.size(); ++r) rows[r].resize(2);
  for (const ImageCompletion& completion : result.completions)
    rows[static_cast<std::size_t>(completion.index)].push_back(
        {label_of(task, completion) + " " + decibels(completion.psnr_db), completion.image});
  return panel(rows);
}

Image panel_of(const AudioCompletionTask& task, const AudioCompletionResult& result) {
  const double mark_seconds = static_cast<double>(result.begin_frames) / task.audio.rate_hz;
  Audio original = task.audio;  // as long as the completions, if there is so much of it
  original.samples.resize(
      std::min(original.samples.size(), result.completions.at(0).audio.samples.size()));
  std::vector<Clip> clips = {{"original", std::move(original), -1}};
  for (const AudioCompletion& completion : result.completions)
    clips.push_back({label_of(task, completion), completion.audio, mark_seconds});
  return spectrogram_panel(clips);
}

}  // namespace kraft
