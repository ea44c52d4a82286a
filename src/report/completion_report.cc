// What is said of completions of images and recordings: JSON, lines of text, pictures.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "kraft/report.h"
#include "media/panel.h"
#include "media/spectrogram.h"
#include "report/copy_limit.h"

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

// In bytes; 0: no limit.
int max_copy_of(const CompletionTask& task) { return task.sampling.over({}).max_copy; }

Json common_json(const CompletionTask& task, const std::string& sampler, std::uint64_t drawn_bytes,
                 const Completion& completion) {
  Json json = {
      {"model", completion.spec},     {"sampler", sampler},         {"seed", task.seed},
      {"index", completion.index},    {"drawn_bytes", drawn_bytes}, {"bits", completion.bits},
      {"seconds", completion.seconds}};
  const int max_copy = max_copy_of(task);
  if (max_copy > 0) json["copy_limit"] = copy_limit_json(max_copy, completion.copy_limit);
  return json;
}

std::string bits_text(const Completion& completion, std::uint64_t drawn_bytes) {
  char text[80];
  std::snprintf(text, sizeof text, ": %s bytes at %.3f bits each; ", grouped(drawn_bytes).c_str(),
                completion.bits / static_cast<double>(drawn_bytes));
  return completion.spec + text;
}

// Time, and what the limit of quotations came to.
std::string costs_text(const CompletionTask& task, const Completion& completion) {
  char seconds[40];
  std::snprintf(seconds, sizeof seconds, "%.1f s", completion.seconds);
  const std::string limit = copy_limit_text(max_copy_of(task), completion.copy_limit);
  return seconds + (limit.empty() ? "" : "; " + limit);
}

std::string label_of(const CompletionTask& task, const Completion& completion) {
  return completion.name +
         (task.count > 1 ? " #" + std::to_string(completion.index + 1) : std::string());
}

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

template <class Task, class Result>
std::string json_of(const Task& task, const Result& result) {
  Json json = Json::array();
  for (const auto& completion : result.completions)
    json.push_back(to_json(task, result, completion));
  return (json.size() == 1 ? json[0] : json).dump(2) + "\n";
}

std::size_t models_of(const CompletionTask& task) {
  return task.models.size() + task.made_models.size();
}

}  // namespace

std::string completion_line(const ImageCompletionTask& task, const ImageCompletionResult& result,
                            const ImageCompletion& completion) {
  if (result.drawn_bytes == 0) return {};
  return bits_text(completion, result.drawn_bytes) + "PSNR " + decibels(completion.psnr_db) + "; " +
         costs_text(task, completion);
}

std::string completion_line(const AudioCompletionTask& task, const AudioCompletionResult& result,
                            const AudioCompletion& completion) {
  if (result.drawn_bytes == 0) return {};
  return bits_text(completion, result.drawn_bytes) + costs_text(task, completion);
}

std::string completion_json(const ImageCompletionTask& task, const ImageCompletionResult& result) {
  return json_of(task, result);
}

std::string completion_json(const AudioCompletionTask& task, const AudioCompletionResult& result) {
  return json_of(task, result);
}

Image completion_panel(const ImageCompletionTask& task, const ImageCompletionResult& result,
                       const std::function<bool()>& cancelled) {
  std::vector<std::vector<Picture>> rows(static_cast<std::size_t>(task.count));
  rows[0] = {{"original", task.image}, {"context", context_picture(task.image, result.mask)}};
  for (std::size_t r = 1; r < rows.size(); ++r) rows[r].resize(2);
  for (const ImageCompletion& completion : result.completions)
    rows[static_cast<std::size_t>(completion.index)].push_back(
        {label_of(task, completion) + " " + decibels(completion.psnr_db), completion.image});
  return panel(rows, cancelled);
}

Image completion_panel(const AudioCompletionTask& task, const AudioCompletionResult& result,
                       const std::function<bool()>&) {
  const double mark_seconds = static_cast<double>(result.begin_frames) / task.audio.rate_hz;
  Audio original = task.audio;  // as long as the completions, if there is so much of it
  original.samples.resize(
      std::min(original.samples.size(), result.completions.at(0).audio.samples.size()));
  std::vector<Clip> clips = {{"original", std::move(original), -1}};
  for (const AudioCompletion& completion : result.completions)
    clips.push_back({label_of(task, completion), completion.audio, mark_seconds});
  return spectrogram_panel(clips);
}

void expect_panel_fits(const ImageCompletionTask& task) {
  expect_panel_fits(static_cast<std::size_t>(task.count), 2 + models_of(task), task.image.width,
                    task.image.height);
}

void expect_panel_fits(const AudioCompletionTask& task) {
  expect_clips_fit(1 + models_of(task) * static_cast<std::size_t>(task.count));
}

}  // namespace kraft
