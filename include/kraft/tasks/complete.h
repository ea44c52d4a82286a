// Completing images and recordings as a task: models draw parts of them, the rest stays as it is.
//
//     kraft::ImageCompletionTask task;
//     task.models = {"png", "ngram:5"};
//     task.image = kraft::read_image(file);
//     task.rows = 64;                                      // the last 64 rows are drawn
//     task.sampling.set(&kraft::SamplerOptions::temperature, 0.4);
//     kraft::ImageCompletionResult result = kraft::complete_image(task);
//     for (const kraft::ImageCompletion& completion : result.completions)
//       std::printf("%s: %.1f dB\n", completion.spec.c_str(), completion.psnr_db);
//
//     kraft::AudioCompletionTask speech;
//     speech.models = {"gzip:9"};
//     speech.audio = kraft::read_audio(file, kraft::Encoding::u8);
//     speech.context_seconds = 2;                          // after two seconds of it
//     speech.seconds = 1;                                  // another one is drawn
//     kraft::Audio more = kraft::complete_audio(speech).completions[0].audio;
//
// Pixels and samples are drawn by the models' own distributions unless another sampler is asked
// for; one that draws spans jointly (metropolis, smc) also sees what follows a part that is drawn.
// Invalid requests throw OptionError or another UsageError. The same task gives the same bytes on
// any number of threads, which share independent rows and completions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kraft/media.h"
#include "kraft/tasks/sample.h"

namespace kraft {

struct CompletionTask : DrawingTask {
  // What is chosen between: bytes, or whole pixels (of an image) or frames (of a recording: a
  // sample of each channel) that occur in what is given. `whole` is whichever of the two it is.
  enum class Candidate { byte, whole, pixel, frame };
  static constexpr Candidate kDefaultCandidate = Candidate::byte;
  std::optional<Candidate> candidate = {};
  bool wants_bits = true;  // otherwise they may be 0 in the result
};

struct ImageCompletionTask : CompletionTask {
  Image image = {};  // the original: what is drawn of it is not looked at

  // What is drawn; one of them.
  std::optional<std::int64_t> rows = {};        // the last so many rows
  std::optional<std::int64_t> right_from = {};  // each row from this pixel on
  std::optional<Box> box = {};                  // this part
  std::optional<Bytes> mask = {};  // a byte for each pixel, row by row: drawn where it is not 0
  std::optional<Bytes> mask_file = {};  // an image file of the same size: drawn where it is bright
  std::string mask_name = "the mask";   // what messages call mask_file

  // With right_from: rows are independent of each other, the paper's figure 3; or a model sees the
  // rows above.
  enum class RowsContext { none, above };
  static constexpr RowsContext kDefaultRowsContext = RowsContext::none;
  std::optional<RowsContext> rows_context = {};
};

// A model's completion of whatever it is.
struct Completion {
  std::string name;  // as in the task
  std::string spec;  // as the model calls itself
  std::int64_t index = 0;
  double bits = 0;                  // of what was drawn, given all before it
  double seconds = 0;               // on however many threads
  CopyLimitReport copy_limit = {};  // what SamplerOptions::max_copy did, in all parts
};

struct ImageCompletion : Completion {
  Image image;
  double psnr_db = 0;  // of the drawn samples against the original; of 16 bits, of the high bytes
};

struct ImageCompletionResult {
  std::vector<ImageCompletion> completions;  // all of the first model, then of the next
  std::string sampler;
  Bytes mask;  // a byte for each pixel: 1 where it was drawn
  std::uint64_t drawn_bytes = 0;
  bool cancelled = false;  // then there are no completions
};

ImageCompletionResult complete_image(const ImageCompletionTask& task,
                                     const Receiver& receiver = {});

struct AudioCompletionTask : CompletionTask {
  Audio audio = {};

  // How much is drawn, and after which part of the recording.
  std::optional<double> seconds = {};
  std::optional<std::int64_t> samples = {};    // of each channel, instead of seconds
  std::optional<double> context_seconds = {};  // (default: all of it)

  // Instead, a part within it: what follows stays.
  struct Gap {
    double begin_seconds = 0, seconds = 0;

    bool operator==(const Gap&) const = default;
  };
  std::optional<Gap> gap = {};
};

struct AudioCompletion : Completion {
  Audio audio;
};

struct AudioCompletionResult {
  std::vector<AudioCompletion> completions;  // all of the first model, then of the next
  std::string sampler;
  std::uint64_t begin_frames = 0;  // where what was drawn begins
  std::uint64_t drawn_bytes = 0;
  bool cancelled = false;  // then there are no completions
};

AudioCompletionResult complete_audio(const AudioCompletionTask& task,
                                     const Receiver& receiver = {});

// Throw what they would throw before they look at the samples.
void check(const ImageCompletionTask& task);
void check(const AudioCompletionTask& task);

// What the tasks have besides drawing_options(); and all together.
const OptionTable<CompletionTask>& completion_options();
const OptionTable<ImageCompletionTask>& image_options();
const OptionTable<AudioCompletionTask>& audio_options();
const OptionTable<ImageCompletionTask>& image_completion_options();
const OptionTable<AudioCompletionTask>& audio_completion_options();

}  // namespace kraft
