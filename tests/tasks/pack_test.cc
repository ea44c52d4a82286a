#include "kraft/tasks/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kraft/error.h"
#include "kraft/tasks/options.h"

namespace kraft {
namespace {

Bytes some_text() {
  Bytes text;
  for (int i = 0; i < 60; ++i) append(text, as_bytes("line " + std::to_string(i) + " of a text\n"));
  return text;
}

Bytes packed(const CompressTask& task, ByteView original, PackResult* result = nullptr) {
  Bytes file;
  const PackResult of = compress(task, reading(original), writing(file));
  if (result != nullptr) *result = of;
  return file;
}

TEST(Pack, GivesBackWhatItWasGiven) {
  CompressTask task{.model = "ngram:3", .block_bytes = 500};
  for (const Bytes& original : {some_text(), Bytes(), Bytes{0}, Bytes(9000, 'x')}) {
    PackResult of;
    const Bytes file = packed(task, original, &of);
    EXPECT_EQ(of.original_bytes, original.size());
    EXPECT_EQ(of.packed_bytes, file.size());
    Bytes back;
    const PackResult result = decompress({}, reading(file), writing(back));
    EXPECT_EQ(back, original);
    EXPECT_EQ(result.model, "ngram:3");
    EXPECT_EQ(result.original_bytes, original.size());
    EXPECT_EQ(result.packed_bytes, file.size());
  }
}

TEST(Pack, TellsTheModelTheShapeOfSamplesUnlessItHasNoUseForIt) {
  Bytes image;
  append(image, as_bytes("P5 16 12 255\n"));
  for (int i = 0; i < 192; ++i) image.push_back(static_cast<Byte>(i / 16 * 9 + i % 16));
  const auto model_and_medium = [&](const CompressTask& task) {
    PackResult of;
    Bytes back;
    decompress({}, reading(packed(task, image, &of)), writing(back));
    EXPECT_EQ(back, image);
    return of.model + " " + name_of(of.medium);
  };
  EXPECT_THAT(model_and_medium({.model = "png,filter=up"}), ::testing::HasSubstr("width=16"));
  EXPECT_EQ(model_and_medium({.model = "ngram:1", .block_bytes = 8}), "ngram:1 bytes")
      << "a row is longer than a block";
  EXPECT_EQ(model_and_medium({.model = "ngram:1", .as = Medium::text}), "ngram:1 text");
}

// Blocks are long where a model goes on learning, not where it sees the same window in each.
TEST(Pack, BlocksAreAsLongAsTheModelHasUseFor) {
  const auto block_bytes = [](const std::string& model) {
    const Bytes file = packed({.model = model}, as_bytes("a"));
    std::uint64_t found = 0;
    DecompressOptions options;
    options.header = [&found](const ContainerHeader& header) { found = header.block_bytes; };
    decompress(
        reading(file), [](ByteView) {}, options);
    return found;
  };
  EXPECT_EQ(block_bytes("ppmd"), kLongBlockBytes);
  EXPECT_EQ(block_bytes("bytelm:audio"), kDefaultBlockBytes);
  EXPECT_EQ(block_bytes("ngram"), kDefaultBlockBytes);
}

// What the message says of a model, or nothing where a file of it opens by itself.
std::string refusal(const CompressTask& task, ByteView original) {
  try {
    Bytes back;
    decompress({}, reading(packed(task, original)), writing(back));
    EXPECT_EQ(back, Bytes(original.begin(), original.end())) << task.model;
    return "";
  } catch (const OptionError& error) {
    return error.text([](const std::string& name) { return "--" + name; });
  }
}

TEST(Pack, WritesNoFileThatDoesNotOpenByItselfUnlessItMay) {
  const Bytes text = {'x'};  // 256 runs of a command
  EXPECT_EQ(refusal({.model = "cmd:cat"}, text),
            "the model cmd:cat, a command or a path, is not taken from a file: with --needs-model, "
            "one is written that opens where the model is named again");
  for (const auto& [spec, why] : std::vector<std::pair<std::string, std::string>>{
           {"zstd:1,dither=64", "whose dither is more than 16"},
           {"brotli:11,dither=16", "which takes too long to be tried"},
           {"mix:cm,cm,cm,cm", "which takes too much memory to be tried"},
           {"filtered:cmd:cat", "a command or a path"}})
    EXPECT_THAT(refusal({.model = spec}, text), ::testing::HasSubstr(why)) << spec;
  for (const char* spec : {"zstd:1,dither=16", "mix:cm,ngram:2", "xz:1", "filtered:lz4"})
    EXPECT_EQ(refusal({.model = spec}, text), "") << spec;

  const CompressTask may{.model = "cmd:cat", .needs_model = true};
  const Bytes file = packed(may, text);
  Bytes back;
  EXPECT_THROW(decompress({}, reading(file), writing(back)), Error);
  decompress(DecompressTask{.model = "cmd:cat"}, reading(file), writing(back));
  EXPECT_EQ(back, text);
}

// The shape of the samples is the model's as well.
TEST(Pack, LooksAtTheShapeOfSamplesBeforeItTakesAModel) {
  Bytes wide;
  append(wide, as_bytes("P6 640 1 255\n"));
  for (int i = 0; i < 640 * 3; ++i) wide.push_back(static_cast<Byte>(i * i / 64));
  EXPECT_THAT(refusal({.model = "webp:0", .as = Medium::image}, wide),
              ::testing::HasSubstr("whose width is more than 512"));
  EXPECT_THAT(refusal({.model = "jxl:7", .as = Medium::image}, wide),
              ::testing::HasSubstr("which takes too long to be tried"));
  EXPECT_EQ(refusal({.model = "ngram:2", .as = Medium::image}, wide), "");
}

// A model within a model has the shape in the file's specification, too.
TEST(Pack, TellsTheShapeToEveryModelThatHasIt) {
  Bytes image;
  append(image, as_bytes("P6 9 2 255\n"));
  for (int i = 0; i < 9 * 2 * 3; ++i) image.push_back(static_cast<Byte>(i * i / 16));
  for (const char* spec :
       {"filtered:png", "filtered:filtered:gzip", "mix:filtered:png,ngram:1",
        "filtered:\"png,width=9\"", "filtered:flac", "filtered", "filtered:gzip"})
    EXPECT_EQ(refusal({.model = spec, .as = Medium::image}, image), "") << spec;
}

TEST(Pack, RefusesAMediumThatIsNotThere) {
  Bytes file;
  CompressTask task{.model = "ngram:1", .as = Medium::audio};
  EXPECT_THROW(compress(task, reading(some_text()), writing(file)), Error);
  task.input_name = "a letter";
  try {
    compress(task, reading(some_text()), writing(file));
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "a letter is no uncompressed audio (WAV with 8 or 16 bits)");
  }
}

TEST(Pack, TakesAnotherModelForTheFilesOwnOnlyIfItIsTheSame) {
  const Bytes file = packed({.model = "ngram:3"}, some_text());
  Bytes back;
  decompress(DecompressTask{.model = "ngram:3"}, reading(file), writing(back));
  EXPECT_EQ(back, some_text());
  EXPECT_THROW(decompress(DecompressTask{.model = "ngram:2"}, reading(file), writing(back)), Error);
}

TEST(Pack, ReportsAndStops) {
  std::uint64_t last = 0;
  Receiver receiver;
  receiver.progress = [&](const ProgressReport& report) {
    EXPECT_EQ(report.unit, "bytes");
    EXPECT_EQ(report.total, some_text().size());
    last = report.done;
  };
  Bytes file;
  const Bytes text = some_text();
  compress(CompressTask{.model = "ngram:2"}, reading(text), writing(file), receiver, text.size());
  EXPECT_EQ(last, text.size());
  receiver.cancelled = [] { return true; };
  EXPECT_THROW(compress(CompressTask{.model = "ngram:2"}, reading(text), writing(file), receiver),
               Cancelled);
  EXPECT_THROW(decompress({}, reading(file), writing(file), receiver), Cancelled);
}

TEST(Pack, RefusesATaskThatIsNone) {
  EXPECT_THROW(check(CompressTask{}), OptionError);
  EXPECT_THROW(check(CompressTask{.model = "gizp"}), UsageError);
  EXPECT_THROW(check(CompressTask{.model = "ngram", .block_bytes = 0}), OptionError);
  EXPECT_THROW(check(CompressTask{.model = "ngram", .block_bytes = kMostBlockBytes + 1}),
               OptionError);
  EXPECT_THROW(check(DecompressTask{.model = "gizp"}), UsageError);
  CompressTask task;
  compress_options().parse(task, "block", "256KiB");
  EXPECT_EQ(task.block_bytes, 262144U);
  compress_options().parse(task, "as", "image");
  EXPECT_EQ(task.as, Medium::image);
  compress_options().parse(task, "as", "auto");
  EXPECT_FALSE(task.as);
  EXPECT_THROW(compress_options().parse(task, "as", "music"), OptionError);
}

}  // namespace
}  // namespace kraft
