#include "kraft/tasks/complete.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "kraft/error.h"
#include "tasks/hole.h"
#include "tasks/models.h"

namespace kraft {
namespace {

constexpr double kMostSeconds = 1e6;

// Images.

Bytes rows_mask(const Image& image, std::int64_t rows) {
  if (rows < 0 || static_cast<std::uint64_t>(rows) > image.height)
    throw OptionError({"", "rows",
                       " " + std::to_string(rows) + " is out of range: the image has " +
                           std::to_string(image.height) + " rows"});
  Bytes mask(image.width * image.height);
  std::fill(mask.end() - static_cast<std::ptrdiff_t>(image.width) * rows, mask.end(), Byte{1});
  return mask;
}

Bytes right_mask(const Image& image, std::int64_t from) {
  if (from < 0 || static_cast<std::uint64_t>(from) > image.width)
    throw OptionError({"", "right-from",
                       " " + std::to_string(from) + " is out of range: the image is " +
                           std::to_string(image.width) + " pixels wide"});
  Bytes mask(image.width * image.height);
  for (std::size_t i = 0; i < mask.size(); ++i)
    mask[i] = i % image.width >= static_cast<std::size_t>(from);
  return mask;
}

Bytes box_mask(const Image& image, const Box& box) {
  cropped(image, box);  // throws if it is not inside
  Bytes mask(image.width * image.height);
  for (std::size_t i = 0; i < mask.size(); ++i) {
    const std::size_t x = i % image.width, y = i / image.width;
    mask[i] = x >= box.x && x - box.x < box.width && y >= box.y && y - box.y < box.height;
  }
  return mask;
}

Bytes given_mask(const Image& image, Bytes mask) {
  const std::size_t pixels = image.width * image.height;
  if (mask.size() != pixels)
    throw OptionError({"", "mask",
                       " has " + grouped(mask.size()) + " bytes, but the image has " +
                           grouped(pixels) + " pixels"});
  for (Byte& byte : mask) byte = byte != 0;
  return mask;
}

// Bright is from half the range on.
Bytes file_mask(const ImageCompletionTask& task, const Receiver& receiver) {
  return read_named(task.mask_name, [&] {
    const Image picture = read_image(*task.mask_file);
    warn_about(task.mask_name, picture.warnings, receiver);
    if (picture.width != task.image.width || picture.height != task.image.height)
      throw Error("it is " + std::to_string(picture.width) + " x " +
                  std::to_string(picture.height) + " pixels, but the image is " +
                  std::to_string(task.image.width) + " x " + std::to_string(task.image.height));
    const std::vector<bool> marked = marked_pixels(picture);
    return Bytes(marked.begin(), marked.end());
  });
}

Bytes drawn_mask(const ImageCompletionTask& task, const Receiver& receiver) {
  if (task.rows) return rows_mask(task.image, *task.rows);
  if (task.right_from) return right_mask(task.image, *task.right_from);
  if (task.box) return box_mask(task.image, *task.box);
  return task.mask ? given_mask(task.image, *task.mask) : file_mask(task, receiver);
}

bool rows_are_independent(const ImageCompletionTask& task) {
  using RowsContext = ImageCompletionTask::RowsContext;
  return task.right_from &&
         task.rows_context.value_or(ImageCompletionTask::kDefaultRowsContext) == RowsContext::none;
}

Hole hole_of(const Image& image, const Bytes& mask, bool independent_rows) {
  Hole hole{.bytes = image.samples,
            .sequences = {},
            .unit_bytes = image.pixel_bytes(),
            .geometry = image.geometry()};
  for (std::size_t i = 0; i < mask.size(); ++i) {
    const bool begins = i == 0 || (independent_rows && i % image.width == 0);
    if (begins) hole.sequences.emplace_back();
    HoleSequence& sequence = hole.sequences.back();
    const std::size_t at = i * image.pixel_bytes();
    const bool drawn = mask[i] != 0;
    if (sequence.empty() || sequence.back().drawn != drawn) sequence.push_back({at, at, drawn});
    sequence.back().end = at + image.pixel_bytes();
  }
  return hole;
}

// Over the drawn samples; of 16 bits, over their high bytes.
double drawn_psnr_db(const Image& original, const Bytes& completed, const Bytes& mask) {
  Bytes before, after;
  for (std::size_t at = 0; at < completed.size(); at += original.depth_bits / 8) {
    if (mask[at / original.pixel_bytes()] == 0) continue;
    before.push_back(original.samples[at]);
    after.push_back(completed[at]);
  }
  return psnr_db(before, after);
}

// Recordings.

std::size_t frames_in(const char* option, double seconds, std::uint32_t rate_hz) {
  if (!(seconds >= 0 && seconds <= kMostSeconds))
    throw OptionError({"", option, " " + shortest(seconds) + " is out of range: 0..1000000"});
  return static_cast<std::size_t>(std::llround(seconds * rate_hz));
}

std::string duration_of(const Audio& audio) {
  return "the recording lasts " + shortest(static_cast<double>(audio.frames()) / audio.rate_hz) +
         " s";
}

// What is drawn of a recording, in frames.
struct Stretch {
  std::size_t begin = 0, size = 0;
  bool inside = false;  // a gap: what follows is given
};

std::string text_of_gap(const AudioCompletionTask::Gap& gap) {
  return shortest(gap.begin_seconds) + "," + shortest(gap.seconds);
}

Stretch gap_of(const AudioCompletionTask::Gap& gap, const Audio& audio) {
  const Stretch stretch{frames_in("gap", gap.begin_seconds, audio.rate_hz),
                        frames_in("gap", gap.seconds, audio.rate_hz), true};
  if (stretch.begin > audio.frames() || stretch.size > audio.frames() - stretch.begin)
    throw OptionError(
        {"", "gap", " " + text_of_gap(gap) + " is out of range: " + duration_of(audio)});
  return stretch;
}

// How many frames are drawn.
std::size_t drawn_frames(const AudioCompletionTask& task) {
  const std::size_t frames = task.seconds ? frames_in("seconds", *task.seconds, task.audio.rate_hz)
                                          : static_cast<std::size_t>(*task.samples);
  if (frames > kMostMediaBytes / task.audio.frame_bytes())
    throw UsageError("that would be more than " + std::to_string(kMostMediaBytes >> 20) +
                     " MiB of samples");
  return frames;
}

std::size_t context_frames(const AudioCompletionTask& task) {
  const Audio& audio = task.audio;
  if (!task.context_seconds) return audio.frames();
  const std::size_t frames = frames_in("context-seconds", *task.context_seconds, audio.rate_hz);
  if (frames > audio.frames())
    throw OptionError(
        {"", "context-seconds",
         " " + shortest(*task.context_seconds) + " is out of range: " + duration_of(audio)});
  return frames;
}

Stretch stretch_of(const AudioCompletionTask& task) {
  if (task.gap) return gap_of(*task.gap, task.audio);
  return {context_frames(task), drawn_frames(task), false};
}

Hole hole_of(const Audio& audio, const Stretch& stretch) {
  const std::size_t begin = stretch.begin * audio.frame_bytes();
  const std::size_t end = begin + stretch.size * audio.frame_bytes();
  Hole hole{.bytes = audio.samples,
            .sequences = {{{0, begin, false}}},
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

AudioCompletionTask::Gap parse_gap(const std::string& text) {
  const std::size_t comma = std::min(text.find(','), text.size());
  AudioCompletionTask::Gap gap;
  if (comma == text.size() || !parse_number(text.substr(0, comma), gap.begin_seconds) ||
      !parse_number(text.substr(comma + 1), gap.seconds))
    throw OptionError({"", "gap", " is START,S in seconds, not '" + printable(text) + "'"});
  return gap;
}

// Tables.

OptionTable<CompletionTask> make_completion_table() {
  using Candidate = CompletionTask::Candidate;
  OptionTable<CompletionTask> table;
  table.choice("candidate", &CompletionTask::candidate,
               std::vector<std::pair<std::string, Candidate>>{{"byte", Candidate::byte},
                                                              {"whole", Candidate::whole},
                                                              {"pixel", Candidate::pixel},
                                                              {"frame", Candidate::frame}},
               CompletionTask::kDefaultCandidate,
               {.value_name = "WHAT",
                .meaning = "image and audio: what is chosen between; byte: bytes; pixel (image) or "
                           "frame (audio: a sample of each channel): those that occur in what is "
                           "given; whole: either"});
  table.restrict_to({Medium::image, Medium::audio});
  return table;
}

OptionTable<ImageCompletionTask> make_image_table() {
  using T = ImageCompletionTask;
  OptionTable<T> table;
  table.integer("rows", &T::rows,
                {.value_name = "N",
                 .meaning = "image: draw the last N rows",
                 .excludes = {"right-from", "box", "mask"}});
  table.integer("right-from", &T::right_from,
                {.value_name = "X",
                 .meaning = "image: draw each row from pixel X on",
                 .excludes = {"box", "mask"}});
  table.choice("rows-context", &T::rows_context,
               std::vector<std::pair<std::string, T::RowsContext>>{
                   {"none", T::RowsContext::none}, {"above", T::RowsContext::above}},
               T::kDefaultRowsContext,
               {.value_name = "WHICH",
                .meaning = "image, with right-from: what comes before a row; none: rows are "
                           "independent, above: the rows above",
                .needs = {"right-from"}});
  table.structured(
      "box", &T::box, [](const std::string& text) { return parse_box("box", text); },
      [](const Box& box) { return text_of(box); },
      {.value_name = "X,Y,W,H", .meaning = "image: draw this part", .excludes = {"mask"}});
  table.contents(
      "mask", &T::mask_file,
      {.value_name = "FILE", .meaning = "image: draw where this image of the same size is bright"});
  table.restrict_to({Medium::image});
  return table;
}

OptionTable<AudioCompletionTask> make_audio_table() {
  using T = AudioCompletionTask;
  OptionTable<T> table;
  table.number("seconds", &T::seconds,
               {.value_name = "S",
                .min = 0,
                .max = kMostSeconds,
                .meaning = "audio: draw so many seconds",
                .excludes = {"samples"}});
  table.integer("samples", &T::samples,
                {.value_name = "N",
                 .min = 0,
                 .max = static_cast<double>(kMostMediaBytes),
                 .meaning = "audio: draw so many samples of each channel"});
  table.number("context-seconds", &T::context_seconds,
               {.value_name = "C",
                .min = 0,
                .max = kMostSeconds,
                .otherwise = "at the end",
                .meaning = "audio: continue after C seconds"});
  table.structured("gap", &T::gap, parse_gap, text_of_gap,
                   {.value_name = "START,S",
                    .meaning = "audio: draw S seconds from second START on, with what follows in "
                               "sight of a joint sampler",
                    .excludes = {"seconds", "samples", "context-seconds"}});
  table.restrict_to({Medium::audio});
  return table;
}

template <class Task>
OptionTable<Task> with_common(const OptionTable<Task>& own) {
  OptionTable<Task> table;
  table.include(drawing_options(), [](Task& task) -> DrawingTask& { return task; });
  table.include(completion_options(), [](Task& task) -> CompletionTask& { return task; });
  table.include(own, [](Task& task) -> Task& { return task; });
  return table;
}

}  // namespace

void check(const ImageCompletionTask& task) {
  check(image_completion_options(), task);
  check_completion(task);
  if (task.candidate == CompletionTask::Candidate::frame)
    throw OptionError({"", "candidate", " frame is for recordings; an image has pixels"});
  if (!task.rows && !task.right_from && !task.box && !task.mask && !task.mask_file)
    throw OptionError(
        {"what to draw is missing: ", "rows", ", ", "right-from", ", ", "box", " or ", "mask"});
  for (const char* other : {"rows", "right-from", "box", "mask"}) {
    if (task.mask && image_options().is_set(task, other))
      throw OptionError({"", other, " and a mask cannot be given together"});
  }
}

void check(const AudioCompletionTask& task) {
  check(audio_completion_options(), task);
  check_completion(task);
  if (task.candidate == CompletionTask::Candidate::pixel)
    throw OptionError({"", "candidate", " pixel is for images; a recording has frames"});
  if (!task.seconds && !task.samples && !task.gap)
    throw OptionError({"how much to draw is missing: ", "seconds", ", ", "samples", " or ", "gap"});
}

ImageCompletionResult complete_image(const ImageCompletionTask& task, const Receiver& receiver) {
  check(task);
  const Image& image = task.image;
  ImageCompletionResult result;
  result.mask = drawn_mask(task, receiver);
  const Hole hole = hole_of(image, result.mask, rows_are_independent(task));
  result.drawn_bytes = hole.drawn_bytes();
  FilledHoles filled = fill(task, hole, receiver);
  result.sampler = filled.sampler;
  result.cancelled = filled.cancelled;
  if (result.cancelled) return result;
  for (FilledHole& one : filled.filled) {
    const double psnr_db = drawn_psnr_db(image, one.bytes, result.mask);
    Image completed{image.width, image.height, image.channels, image.depth_bits,
                    std::move(one.bytes)};
    completed.appearance = image.appearance;
    result.completions.push_back({std::move(one.completion), std::move(completed), psnr_db});
  }
  return result;
}

AudioCompletionResult complete_audio(const AudioCompletionTask& task, const Receiver& receiver) {
  check(task);
  const Audio& audio = task.audio;
  const Stretch stretch = stretch_of(task);
  const Hole hole = hole_of(audio, stretch);
  FilledHoles filled = fill(task, hole, receiver);
  AudioCompletionResult result{.completions = {},
                               .sampler = filled.sampler,
                               .begin_frames = stretch.begin,
                               .drawn_bytes = hole.drawn_bytes(),
                               .cancelled = filled.cancelled};
  if (result.cancelled) return result;
  for (FilledHole& one : filled.filled) {
    Audio completed = audio;
    completed.samples = std::move(one.bytes);
    result.completions.push_back({std::move(one.completion), std::move(completed)});
  }
  return result;
}

const OptionTable<CompletionTask>& completion_options() {
  static const OptionTable<CompletionTask> table = make_completion_table();
  return table;
}

const OptionTable<ImageCompletionTask>& image_options() {
  static const OptionTable<ImageCompletionTask> table = make_image_table();
  return table;
}

const OptionTable<AudioCompletionTask>& audio_options() {
  static const OptionTable<AudioCompletionTask> table = make_audio_table();
  return table;
}

const OptionTable<ImageCompletionTask>& image_completion_options() {
  static const OptionTable<ImageCompletionTask> table = with_common(image_options());
  return table;
}

const OptionTable<AudioCompletionTask>& audio_completion_options() {
  static const OptionTable<AudioCompletionTask> table = with_common(audio_options());
  return table;
}

}  // namespace kraft
