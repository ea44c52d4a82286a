// /v1/complete/image and /v1/complete/audio: a picture or a recording comes in, and goes out
// completed.

#include <algorithm>

#include "base/base64.h"
#include "kraft/report.h"
#include "kraft/tasks/complete.h"
#include "serve/desk.h"
#include "tasks/models.h"

namespace kraft::serve {
namespace {

Json file_json(const char* mime, ByteView file) {
  return {{"mime", mime}, {"base64", base64(file)}};
}

Json file_json(const Image& image) { return file_json("image/png", write_png(image)); }
Json file_json(const Audio& audio) {
  return file_json("audio/wav", write_audio(audio, AudioFormat::wav));
}

Image mask_picture(const ImageCompletionTask& task, const ImageCompletionResult& result) {
  Image mask{task.image.width, task.image.height, 1, 8, result.mask};
  for (Byte& pixel : mask.samples) pixel = pixel != 0 ? 255 : 0;
  return mask;
}

template <class Completion>
Json completion_json(const Completion& completion) {
  Json json = {{"model", completion.name},
               {"spec", completion.spec},
               {"index", completion.index},
               {"bits", completion.bits}};
  if constexpr (requires { completion.psnr_db; }) json["psnr_db"] = json_number(completion.psnr_db);
  json["seconds"] = completion.seconds;
  return json;
}

// What both media have in common: the fields, the file, the completions and their pictures.
template <class Task, class Read, class Complete, class Describe>
Reply complete(const Desk& desk, Fields& fields, const OptionTable<Task>& options, Medium medium,
               Read read, Complete run, Describe describe) {
  Task task;
  MediaInput media;
  fields.take({options, task});
  fields.take({media_input_options(), media}, {"as"});
  const std::optional<Bytes> input = fields.text("input");
  const bool panel = fields.flag("panel").value_or(false);
  fields.expect_no_others();
  if (!input) throw Failure::invalid("input is missing: the file", "input");
  if (task.models.empty()) throw Failure::invalid("model is missing", "model");
  desk.allow(task.models);
  if (!task.proposal.empty()) task.proposal = desk.shelf.allowed(task.proposal);
  check(media_input_options(), media);
  check_media({media_input_options(), media}, medium);
  check(task);
  task.threads = desk.settings.threads;
  Heard heard;
  const Receiver receiver = heard.receiver(desk.work);
  const auto& original = read(task, media, *input);
  warn_about("the file", original.warnings, receiver);
  desk.expect_moderate(static_cast<double>(original.samples.size()) *
                           static_cast<double>(task.count) *
                           static_cast<double>(task.models.size()),
                       "count times what the file holds", "count");
  if (panel) expect_panel_fits(task);
  const auto result = run(task, receiver);
  desk.work->stop_if_cancelled();
  Json json = describe(task, result);
  json["sampler"] = result.sampler;
  json["drawn_bytes"] = result.drawn_bytes;
  json["original"] = file_json(original);
  json["completions"] = Json::array();
  for (const auto& completion : result.completions) {
    Json one = completion_json(completion);
    if constexpr (requires { completion.image; }) {
      one.update(file_json(completion.image));
    } else {
      one.update(file_json(completion.audio));
    }
    json["completions"].push_back(std::move(one));
  }
  if (panel) json["panel"] = file_json(completion_panel(task, result, receiver.cancelled));
  json["warnings"] = std::move(heard.warnings);
  return Reply::json(json);
}

}  // namespace

Reply complete_picture(const Desk& desk, Fields& fields) {
  return complete(
      desk, fields, image_completion_options(), Medium::image,
      [](ImageCompletionTask& task, const MediaInput& media, ByteView file) -> const Image& {
        return task.image = read_image(media, file);
      },
      complete_image,
      [](const ImageCompletionTask& task, const ImageCompletionResult& result) -> Json {
        return {{"object", "kraft.completion.image"},
                {"width", task.image.width},
                {"height", task.image.height},
                {"channels", task.image.channels},
                {"mask", file_json(mask_picture(task, result))}};
      });
}

Reply complete_recording(const Desk& desk, Fields& fields) {
  return complete(
      desk, fields, audio_completion_options(), Medium::audio,
      [](AudioCompletionTask& task, const MediaInput& media, ByteView file) -> const Audio& {
        return task.audio = read_audio(media, file);
      },
      complete_audio,
      [](const AudioCompletionTask& task, const AudioCompletionResult& result) -> Json {
        const double rate_hz = task.audio.rate_hz;
        return {{"object", "kraft.completion.audio"},
                {"rate_hz", task.audio.rate_hz},
                {"channels", task.audio.channels},
                {"begin_seconds", static_cast<double>(result.begin_frames) / rate_hz}};
      });
}

}  // namespace kraft::serve
