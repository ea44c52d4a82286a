#include <gtest/gtest.h>

#include "kraft/registry.h"
#include "kraft/sampler_choice.h"

namespace kraft {
namespace {

TEST(ChooseSampler, GoesByWhatTheModelIs) {
  const SamplerQuestion text{.history_bytes = 10'000};
  for (const char* codec : {"gzip", "zstd:3", "xz", "xz,bits=byte", "bzip2", "png"}) {
    const SamplerChoice choice = choose_sampler(*make_model(codec), text);
    EXPECT_EQ(choice.sampler, "spans") << codec;
    EXPECT_EQ(choice.reason, SamplerReason::strings);
    EXPECT_EQ(choice.options.temperature, 3.5);
  }
  for (const char* predictor : {"ngram:8", "uniform", "product:gzip,ngram", "filtered:gzip"}) {
    const SamplerChoice choice = choose_sampler(*make_model(predictor), text);
    EXPECT_EQ(choice.sampler, "ancestral") << predictor;
    EXPECT_EQ(choice.reason, SamplerReason::predicts);
    EXPECT_EQ(choice.options.temperature, 1);
  }
}

TEST(ChooseSampler, AsksAModelForTheTemperatureThatItWritesBestAt) {
  const SamplerQuestion text{.history_bytes = 10'000};
  for (const char* hedged : {"ppmd", "cm", "cm:max", "cm,learn=on", "lz78", "ngram",
                             "blend:ngram,ppmd", "blend:gzip,ngram"}) {
    const SamplerChoice choice = choose_sampler(*make_model(hedged), text);
    EXPECT_EQ(choice.sampler, "ancestral") << hedged;
    EXPECT_EQ(choice.options.temperature, 0.7) << hedged;
  }
  for (const char* other : {"ngram:6", "product:cm,ngram", "mix:ppmd,ngram", "gzip,view=decoder"})
    EXPECT_EQ(choose_sampler(*make_model(other), text).options.temperature, 1) << other;
  register_model("choice-named", "ppmd under another name", make_model("ppmd"));
  EXPECT_EQ(choose_sampler(*make_model("choice-named"), text).options.temperature, 0.7);
  SamplerQuestion asked = text;
  asked.is_set = [](std::string_view option) { return option == "temperature"; };
  EXPECT_EQ(choose_sampler(*make_model("ppmd"), asked).options.temperature, 1);
}

TEST(ChooseSampler, LeavesWhatWasAskedFor) {
  const auto gzip = make_model("gzip");
  SamplerQuestion question{.sampler = "beam", .history_bytes = 10'000};
  EXPECT_EQ(choose_sampler(*gzip, question).sampler, "beam");
  EXPECT_EQ(choose_sampler(*gzip, question).reason, SamplerReason::asked);
  question.sampler = kAutoSampler;
  question.options.temperature = 2;
  question.is_set = [](std::string_view option) { return option == "temperature"; };
  EXPECT_EQ(choose_sampler(*gzip, question).options.temperature, 2);
  EXPECT_EQ(choose_sampler(*gzip, question).options.span_length, 4);
  question.is_set = [](std::string_view option) { return option == "horizon"; };
  EXPECT_EQ(choose_sampler(*gzip, question).sampler, "ancestral");  // spans do not read it
}

TEST(ChooseSampler, WantsATextToTakeStringsFromAndSeesHoles) {
  const auto gzip = make_model("gzip");
  EXPECT_EQ(choose_sampler(*gzip, {.history_bytes = 4095}).sampler, "ancestral");
  EXPECT_EQ(choose_sampler(*gzip, {.own_candidates = true, .history_bytes = 9999}).sampler,
            "ancestral");
  EXPECT_EQ(choose_sampler(*gzip, {.has_hole = true}).sampler, "metropolis");
}

TEST(Caution, KnowsWhatQuotesAndWhatRepeats) {
  const auto gzip = make_model("gzip");
  EXPECT_EQ(caution(*gzip, "spans", {.span_length = 12}), SamplerCaution::quotes);
  EXPECT_EQ(caution(*gzip, "spans", {.max_copy = 20, .span_length = 12}), SamplerCaution::none);
  EXPECT_EQ(caution(*gzip, "spans", {.span_length = 4}), SamplerCaution::none);
  EXPECT_EQ(caution(*gzip, "ancestral", {.temperature = 0.3}), SamplerCaution::repeats);
  EXPECT_EQ(caution(*make_model("ngram"), "ancestral", {.temperature = 0.3}), SamplerCaution::none);
}

}  // namespace
}  // namespace kraft
