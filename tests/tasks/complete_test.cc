#include "kraft/tasks/complete.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "kraft/error.h"
#include "samplers/toy_models.h"

namespace kraft::testing {
namespace {

// Columns that repeat: what comes next is certain.
Image stripes() {
  Image image{.width = 16, .height = 8, .samples = Bytes(16 * 8)};
  for (std::size_t i = 0; i < image.samples.size(); ++i) image.samples[i] = i % 4 < 2 ? 40 : 200;
  return image;
}

ImageCompletionTask coldest() {
  ImageCompletionTask task;
  task.models = {"ngram:4"};
  task.image = stripes();
  task.sampling.set(&SamplerOptions::temperature, 0);
  return task;
}

TEST(CompleteImage, DrawsThePartThatIsAskedForAndLeavesTheRest) {
  const Image original = stripes();
  for (const int part : {0, 1, 2, 3, 4}) {
    ImageCompletionTask task = coldest();
    task.sampling = {};
    task.models = {"uniform"};
    task.alphabet = "chars:\\x01";
    if (part == 0) task.rows = 2;
    if (part == 1) task.right_from = 12;
    if (part == 2) task.box = Box{2, 3, 4, 5};
    if (part == 3) {
      task.mask = Bytes(16 * 8);
      (*task.mask)[17] = 255;
    }
    if (part == 4) {
      Image picture{.width = 16, .height = 8, .samples = Bytes(16 * 8, 100)};
      picture.samples[5] = 200;
      task.mask_file = write_png(picture);
    }
    const ImageCompletionResult result = complete_image(task);
    const Image& image = result.completions.at(0).image;
    std::uint64_t drawn = 0;
    for (std::size_t i = 0; i < original.samples.size(); ++i) {
      const std::size_t x = i % 16, y = i / 16;
      const bool expected[] = {y >= 6, x >= 12, x >= 2 && x < 6 && y >= 3, i == 17, i == 5};
      EXPECT_EQ(result.mask[i] != 0, expected[part]) << part << " " << i;
      EXPECT_EQ(image.samples[i], expected[part] ? 1 : original.samples[i]) << part << " " << i;
      drawn += expected[part];
    }
    EXPECT_EQ(result.drawn_bytes, drawn);
    EXPECT_DOUBLE_EQ(result.completions[0].bits, 8.0 * static_cast<double>(drawn));
  }
}

// What is wrong with a mask, or was repaired, is said with its name.
TEST(CompleteImage, NamesTheFileOfTheMask) {
  ImageCompletionTask task = coldest();
  task.models = {"uniform"};
  task.sampling = {};
  Image picture{.width = 16, .height = 8, .samples = Bytes(16 * 8, 200)};
  picture.appearance.gamma_1e5 = 45455;
  Bytes file = write_png(picture);
  const std::string_view name = "gAMA";
  const auto chunk = std::search(file.begin(), file.end(), name.begin(), name.end());
  ASSERT_NE(chunk, file.end());
  chunk[8] ^= 1;  // its checksum
  task.mask_file = file;
  task.mask_name = "mask.png";
  std::vector<std::string> warnings;
  Receiver receiver;
  receiver.warning = [&](const std::string& text) { warnings.push_back(text); };
  complete_image(task, receiver);
  EXPECT_EQ(warnings,
            std::vector<std::string>{"mask.png: PNG: the chunk gAMA is damaged and left out"});
  const auto error = [&](const Bytes& mask) -> std::string {
    task.mask_file = mask;
    try {
      complete_image(task);
    } catch (const Error& wrong) {
      return wrong.what();
    }
    return "none";
  };
  EXPECT_EQ(error(Bytes(file.begin(), file.begin() + 50)), "mask.png: PNG: the file is truncated");
  EXPECT_EQ(error(write_png({.width = 2, .height = 3, .samples = Bytes(6)})),
            "mask.png: it is 2 x 3 pixels, but the image is 16 x 8");
}

// Whole bytes do not; unless a view, what only the encoder's has, or a sampler is asked for.
TEST(CompleteImage, DrawsCodecsInTheViewThatTellsValuesApart) {
  ImageCompletionTask task;
  task.models = {"jpegls", "zstd:1", "jpegls,view=encoder", "jpegls,dither=2", "gzip:9",
                 "png",    "ngram:1"};
  task.image = stripes();
  task.rows = 1;
  const auto drawn_by_decoders = [&task] {
    std::vector<std::string> names, decoders;
    for (const ImageCompletion& completion : complete_image(task).completions) {
      names.push_back(completion.name);
      if (completion.spec.find(",view=decoder") != std::string::npos)
        decoders.push_back(completion.name);
    }
    EXPECT_EQ(names, task.models);
    return decoders;
  };
  EXPECT_EQ(drawn_by_decoders(), (std::vector<std::string>{"jpegls", "zstd:1"}));
  task.sampler = "ancestral";
  EXPECT_EQ(drawn_by_decoders(), std::vector<std::string>());
}

TEST(CompleteImage, ContinuesWhatIsCertain) {
  ImageCompletionTask task = coldest();
  task.rows = 3;
  const ImageCompletionResult result = complete_image(task);
  EXPECT_EQ(result.completions.at(0).image, stripes());
  EXPECT_TRUE(std::isinf(result.completions[0].psnr_db));
  EXPECT_EQ(result.sampler, "ancestral");
}

TEST(CompleteImage, KeepsHowThePictureIsToBeShown) {
  ImageCompletionTask task = coldest();
  task.rows = 3;
  task.image.appearance.icc_profile = {1, 2, 3};
  task.image.appearance.gamma_1e5 = 45455;
  task.image.appearance.density = Appearance::Density{3000, 2000, true};
  task.image.appearance.opaque_alpha = true;
  EXPECT_EQ(complete_image(task).completions.at(0).image.appearance, task.image.appearance);
}

TEST(CompleteImage, IsTheSameOnAnyNumberOfThreads) {
  ImageCompletionTask task = coldest();
  task.sampling = {};
  task.models = {"gzip", "ngram:2"};
  task.count = 2;
  task.right_from = 9;
  task.threads = 1;
  const ImageCompletionResult one = complete_image(task);
  task.threads = 3;
  const ImageCompletionResult three = complete_image(task);
  ASSERT_EQ(one.completions.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(one.completions[i].image, three.completions[i].image);
    EXPECT_NEAR(one.completions[i].bits, three.completions[i].bits, 1e-9);
  }
  EXPECT_EQ(one.completions[1].name, "gzip");
  EXPECT_EQ(one.completions[1].spec, "gzip:6");
  EXPECT_EQ(one.completions[1].index, 1);
}

TEST(CompleteImage, RefusesWhatCannotBeMeant) {
  const auto error = [](auto&& change) {
    ImageCompletionTask task = coldest();
    change(task);
    return usage_error([&] { complete_image(task); });
  };
  EXPECT_EQ(error([](auto&) {}), "what to draw is missing: rows, right-from, box or mask");
  EXPECT_EQ(error([](auto& t) { t.rows = 9; }), "rows 9 is out of range: the image has 8 rows");
  EXPECT_EQ(error([](auto& t) {
              t.rows = 1;
              t.right_from = 1;
            }),
            "rows and right-from cannot be given together");
  EXPECT_EQ(error([](auto& t) { t.mask = Bytes(5); }),
            "mask has 5 bytes, but the image has 128 pixels");
  EXPECT_EQ(error([](auto& t) {
              t.rows = 1;
              t.rows_context = ImageCompletionTask::RowsContext::above;
            }),
            "rows-context needs right-from");
  EXPECT_EQ(error([](auto& t) {
              t.rows = 1;
              t.models.clear();
            }),
            "model is missing");
}

Audio hum() {
  Audio audio{.rate_hz = 8000, .samples = Bytes(400)};
  for (std::size_t i = 0; i < audio.samples.size(); ++i) audio.samples[i] = i % 4 < 2 ? 100 : 150;
  return audio;
}

TEST(CompleteAudio, ContinuesAfterTheEndOrAfterAPart) {
  AudioCompletionTask task;
  task.models = {"ngram:4"};
  task.audio = hum();
  task.sampling.set(&SamplerOptions::temperature, 0);
  task.samples = 40;
  AudioCompletionResult result = complete_audio(task);
  EXPECT_EQ(result.begin_frames, 400u);
  const Audio& longer = result.completions.at(0).audio;
  ASSERT_EQ(longer.frames(), 440u);
  for (std::size_t i = 0; i < 440; ++i) EXPECT_EQ(longer.samples[i], i % 4 < 2 ? 100 : 150);

  task.samples.reset();
  task.seconds = 0.01;
  task.context_seconds = 0.02;
  result = complete_audio(task);
  EXPECT_EQ(result.begin_frames, 160u);
  EXPECT_EQ(result.completions.at(0).audio.frames(), 240u);
}

TEST(CompleteAudio, FillsAGap) {
  AudioCompletionTask task;
  task.models = {"uniform"};
  task.alphabet = "chars:\\x01";
  task.audio = hum();
  task.gap = AudioCompletionTask::Gap{0.01, 0.005};
  const AudioCompletionResult result = complete_audio(task);
  EXPECT_EQ(result.drawn_bytes, 40u);
  for (std::size_t i = 0; i < 400; ++i)
    EXPECT_EQ(result.completions.at(0).audio.samples[i], i >= 80 && i < 120 ? 1 : hum().samples[i]);
  task.gap->begin_seconds = 1;
  EXPECT_EQ(usage_error([&] { complete_audio(task); }),
            "gap 1,0.005 is out of range: the recording lasts 0.05 s");
}

TEST(CompleteAudio, ReturnsNoCompletionWhenItIsCancelled) {
  AudioCompletionTask task;
  task.models = {"ngram:2"};
  task.audio = hum();
  task.samples = 100;
  Receiver receiver;
  receiver.cancelled = [] { return true; };
  const AudioCompletionResult result = complete_audio(task, receiver);
  EXPECT_TRUE(result.cancelled);
  EXPECT_TRUE(result.completions.empty());
}

}  // namespace
}  // namespace kraft::testing
