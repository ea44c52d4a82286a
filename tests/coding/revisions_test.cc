// Models whose arithmetic has changed: what earlier versions wrote is read for ever, files name the
// revision, and whoever types no revision means the latest.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "codecs/messages.h"
#include "kraft/coder.h"
#include "kraft/container.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "kraft/tasks/pack.h"
#include "models/coded.h"

namespace kraft {
namespace {

using ::testing::HasSubstr;

Bytes file_of_tests(const std::string& name) {
  const char* source = std::getenv("KRAFT_SOURCE");
  std::ifstream file((source ? std::string(source) : ".") + "/tests/" + name, std::ios::binary);
  Bytes bytes(std::istreambuf_iterator<char>(file), {});
  if (bytes.empty())
    throw std::runtime_error("no tests/" + name + " in the folder that KRAFT_SOURCE names");
  return bytes;
}

template <class Work>
std::string error_of(Work&& work) {
  try {
    work();
    return "no error";
  } catch (const Error& error) {
    return error.what();
  }
}

bool holds(ByteView file, ByteView piece) {
  return std::search(file.begin(), file.end(), piece.begin(), piece.end()) != file.end();
}

// What the versions before there were revisions wrote: tests/coding/golden, of samples that
// tests/portable/golden has.
struct Golden {
  std::string sample, name, spec;
};
const Golden kGoldens[] = {
    {"sample.txt", "ngram-5", "ngram#1:5"},
    {"sample.bin", "ngram-5", "ngram#1:5"},
    {"sample.txt", "blend", "blend#1:ngram#1:3@0.7,lz78,ppmd:8"},
    {"sample.bin", "blend", "blend#1:ngram#1:3@0.7,lz78,ppmd:8"},
    {"sample.txt", "mix", "mix:ngram#1:2@0.5,\"product:ngram#1:4,ppmd:8\""},
    {"sample.rgb", "filtered", "filtered:ngram#1:1,width=16,channels=3"},
    {"sample.bin", "uniform", "uniform"},
};

TEST(Revisions, FilesOfBeforeAreRead) {
  for (const auto& [sample, name, spec] : kGoldens) {
    const Bytes file = file_of_tests("coding/golden/" + sample + "." + name + ".kraft");
    const Bytes text = file_of_tests("portable/golden/" + sample);
    EXPECT_EQ(decompress(file), text) << name;
    const ContainerInfo info = inspect(reading(file));
    EXPECT_EQ(info.header.model.spec, spec);
    EXPECT_EQ(info.portable, spec == "uniform");
    // Whoever asks for that revision writes the same code.
    EXPECT_TRUE(holds(file, encoded(*make_model(spec), text))) << name;
  }
}

// It takes too long to be tried on a file's word.
TEST(Revisions, FilesOfBeforeAreReadWithTheirModelNamed) {
  const Bytes file = file_of_tests("coding/golden/sample.txt.blend-cm.kraft");
  const auto model = make_model("blend#1:cm#1,\"blend#1:ngram#1:2,uniform\"@0.5");
  EXPECT_EQ(decompress(file, {.model = model}), file_of_tests("portable/golden/sample.txt"));
  const std::string why = error_of(
      [&] { decompress(file, {.model = make_model("blend:cm,\"blend:ngram:2,uniform\"@0.5")}); });
  EXPECT_THAT(why, HasSubstr("blend#1:cm#1:normal,\"blend#1:ngram#1:2,uniform\"@0.5, not with "
                             "blend:cm:normal,\"blend:ngram:2,uniform\"@0.5"));
}

TEST(Revisions, FilesNameThem) {
  const Bytes text = real_text(300);
  const struct {
    std::string spec, in_file;
  } cases[] = {{"ngram:2", "ngram#2:2"},
               {"ngram#2:2", "ngram#2:2"},
               {"ngram#1:2", "ngram:2"},
               {"ppmd", "ppmd:8"},
               {"blend:ngram#1:1,ngram:2@3", "blend#2:ngram:1,ngram#2:2@3"},
               {"product:\"mix:ngram:1,lz78\",uniform", "product:\"mix:ngram#2:1,lz78\",uniform"},
               {"filtered:ngram:1", "filtered:ngram#2:1"}};
  for (const auto& [spec, in_file] : cases) {
    const auto model = make_model(spec);
    const Bytes file = compress(*model, text);
    const Bytes named = bytes_of(static_cast<char>(in_file.size()) + in_file);
    EXPECT_TRUE(holds(file, named)) << spec;
    EXPECT_EQ(inspect(reading(file)).header.model.spec, model->spec());
    EXPECT_EQ(decompress(file), text);
    EXPECT_EQ(decompress(file, {.model = model}), text);
  }
}

TEST(Revisions, TheLatestNeedsNoNumber) {
  EXPECT_EQ(check_spec("ngram#2"), "ngram:5");
  EXPECT_EQ(check_spec("ngram#1"), "ngram#1:5");
  EXPECT_EQ(check_spec("gz#1:9"), "gzip:9");
  EXPECT_EQ(check_spec("blend#1:ngram#2:3,ngram#1:3"), "blend#1:ngram:3,ngram#1:3");
  EXPECT_EQ(Spec::parse("ngram#1:5").revision, 1u);
  EXPECT_EQ(Spec::parse("ngram#1:5").text(), "ngram#1:5");
  EXPECT_EQ(Spec::parse("ngram:5").revision, std::nullopt);
  EXPECT_EQ(error_of([] { make_model("ngram#3"); }), "ngram: revision 3 is out of range: 1..2");
  EXPECT_EQ(error_of([] { make_model("gzip#0"); }), "gzip: revision 0 is out of range: 1..1");
  for (const char* spec :
       {"ngram#", "ngram#:5", "ngram#x", "ngram#-1", "ngram#1#1", "ngram#9999999"})
    EXPECT_THAT(error_of([spec] { make_model(spec); }),
                HasSubstr("needs the number of a revision after #"));
}

// A model of a later version.
class Later final : public Model {
 public:
  std::unique_ptr<State> start() const override { return uniform_->start(); }
  const std::string& spec() const override { return spec_; }
  Granularity granularity() const override { return uniform_->granularity(); }
  std::optional<std::uint64_t> window_bytes() const override { return std::nullopt; }

 private:
  std::shared_ptr<const Model> uniform_ = make_model("uniform");
  std::string spec_ = "ngram#7:5";
};

TEST(Revisions, OfLaterVersionsAreRefused) {
  const Bytes file = compress(Later(), bytes_of("a text"));
  EXPECT_EQ(error_of([&] { decompress(file); }),
            "the file's model is not known here: ngram: revision 7 is out of range: 1..2");
  const ContainerInfo info = inspect(reading(file));
  EXPECT_EQ(info.portable, std::nullopt);
  EXPECT_EQ(info.header.model.spec, "ngram#7:5");
}

TEST(Revisions, AFileSaysWhetherItIsPortable) {
  const auto portable = [](const char* spec, std::size_t length = 100) {
    return inspect(reading(compress(*make_model(spec), real_text(length)))).portable;
  };
  EXPECT_EQ(portable("ngram"), true);
  EXPECT_EQ(portable("blend:lz78,ngram:3"), true);
  EXPECT_EQ(portable("mix:lz78,ngram:3"), false);
  EXPECT_EQ(portable("lz4"), false);
  EXPECT_EQ(portable("cmd:cat", 1), std::nullopt);
}

}  // namespace
}  // namespace kraft
