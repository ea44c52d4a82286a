#include "tasks/compare_records.h"

#include <gtest/gtest.h>

#include "kraft/error.h"

namespace kraft {
namespace {

TEST(CompareRecords, KeysComeBackWhateverModelsAreCalled) {
  for (const char* identity :
       {"gzip:9 (zlib 1.2.13) 0123", "cmd:\"a | window 3 | b\" (sh) 9", "bound truth"}) {
    const CellName name{"text:12ab", 17, identity, "spans,temperature=3.5"};
    const auto read = read_cell_key(name.key());
    ASSERT_TRUE(read) << identity;
    EXPECT_EQ(read->fingerprint, name.fingerprint);
    EXPECT_EQ(read->window, 17U);
    EXPECT_EQ(read->identity, identity);
    EXPECT_EQ(read->what, name.what);
    const auto model = read_model_key(model_key("text:12ab", identity));
    ASSERT_TRUE(model);
    EXPECT_EQ(model->fingerprint, "text:12ab");
    EXPECT_EQ(model->identity, identity);
  }
  EXPECT_EQ(read_input_key(input_key("image:7")), "image:7");
  for (const char* other : {"settings", "input | text:1", "model | text:1 | gzip (zlib) 1", "",
                            "text:1 | window x | gzip | prediction", "text:1 | window 1 | gzip",
                            "text:1 | window -1 | gzip | prediction"})
    EXPECT_FALSE(read_cell_key(other)) << other;
  EXPECT_FALSE(read_model_key("model | text:1"));
  EXPECT_FALSE(read_input_key("settings"));
}

// What version 0.1.0 keeps: files must stay readable.
TEST(CompareRecords, KeysAreTheseTexts) {
  EXPECT_EQ((CellName{"text:12ab", 0, "gzip:9 (zlib) 1", kPredictionKey}.key()),
            "text:12ab | window 0 | gzip:9 (zlib) 1 | prediction");
  EXPECT_EQ(input_key("text:12ab"), "input | text:12ab");
  EXPECT_EQ(model_key("text:12ab", "gzip:9 (zlib) 1"), "model | text:12ab | gzip:9 (zlib) 1");
}

TEST(CompareRecords, InputsAndSettingsComeBack) {
  ComparedInput input;
  input.name = "speech.wav";
  input.medium = Medium::audio;
  input.fingerprint = "audio:3";
  input.size_bytes = 12345;
  input.rate_hz = 16000;
  input.windows = {{7, {0, 255, 10}, {1, 2}, {9}}, {900, {3}, {4}, {}}};
  const ComparedInput read = read_input_record(input_record(input));
  EXPECT_EQ(read.name, "speech.wav");
  EXPECT_EQ(read.medium, Medium::audio);
  EXPECT_EQ(read.size_bytes, 12345U);
  EXPECT_EQ(read.rate_hz, 16000U);
  ASSERT_EQ(read.windows.size(), 2U);
  EXPECT_EQ(read.windows[0].begin, 7U);
  EXPECT_EQ(read.windows[0].context, input.windows[0].context);
  EXPECT_EQ(read.windows[0].truth, input.windows[0].truth);
  EXPECT_EQ(read.windows[0].lead, input.windows[0].lead);
  EXPECT_EQ(input_record(read), input_record(input));

  const ComparisonSettings settings{
      .seed = 3, .count = 2, .positions = 5, .judges = {"ngram:3", "cm"}, .alphabet = "seen"};
  const ComparisonSettings again = read_settings_record(settings_record(settings));
  EXPECT_EQ(settings_record(again), settings_record(settings));
  EXPECT_EQ(again.judges, settings.judges);
  EXPECT_EQ(read_model_record(model_record("gzip:9")), "gzip:9");
  for (const char* wrong : {"", "{}", "[1]", "{\"spec\":7}"}) {
    EXPECT_THROW(read_input_record(wrong), Error) << wrong;
    EXPECT_THROW(read_settings_record(wrong), Error) << wrong;
    EXPECT_THROW(read_model_record(wrong), Error) << wrong;
  }
}

}  // namespace
}  // namespace kraft
