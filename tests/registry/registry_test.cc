#include "kraft/registry.h"

#include <gtest/gtest.h>

#include "kraft/error.h"

namespace kraft {
namespace {

std::string message_of(const std::string& spec) {
  try {
    make_model(spec);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Spec, IsTakenApart) {
  const Spec spec = Spec::parse("zstd:19,window=17,long=on");
  EXPECT_EQ(spec.name, "zstd");
  EXPECT_EQ(spec.argument, "19");
  ASSERT_EQ(spec.values.size(), 2u);
  EXPECT_EQ(spec.values[1], (std::pair<std::string, std::string>("long", "on")));
  EXPECT_EQ(spec.text(), "zstd:19,window=17,long=on");
}

TEST(Spec, QuotesHoldCommasAndQuotes) {
  const Spec spec = Spec::parse(R"(cmd:"tr a-z, \"A-Z\"",decode="x \\ y")");
  EXPECT_EQ(spec.argument, "tr a-z, \"A-Z\"");
  EXPECT_EQ(spec.values.at(0).second, "x \\ y");
  EXPECT_EQ(Spec::parse(spec.text()).argument, spec.argument);
  EXPECT_EQ(Spec::parse(spec.text()).values, spec.values);
}

TEST(Spec, BadSyntaxIsAUsageError) {
  for (const char* bad : {"", ":9", "gzip:", "gzip,", "gzip,window", "gzip,=3", "gzip:9,,window=9",
                          "cmd:\"cat", "cmd:\"cat\"x", "gzip:9,window=15,", "cmd:\xff"})
    EXPECT_THROW(Spec::parse(bad), UsageError) << bad;
}

TEST(Registry, MessagesNameTheFragmentAndWhatIsAllowed) {
  EXPECT_EQ(message_of("gzip:12"), "gzip: level 12 is out of range: 0..9");
  EXPECT_EQ(message_of("gzip:six"), "gzip: level is an integer, not 'six'");
  EXPECT_EQ(message_of("xz:10e"), "xz: level 10e is out of range: 0..9[e]");
  EXPECT_EQ(message_of("gzip,windw=9"),
            "gzip: unknown parameter 'windw' (did you mean window?); there are window, memlevel, "
            "strategy, engine, view, refresh");
  EXPECT_EQ(message_of("gzip,strategy=slow"),
            "gzip: strategy 'slow' is none of default|filtered|huffman|rle|fixed");
  EXPECT_EQ(message_of("gzip,window=9,window=10"), "gzip: parameter 'window' is given twice");
  EXPECT_EQ(message_of("uniform:3"), "uniform: takes nothing after a colon, but got '3'");
  EXPECT_NE(message_of("gizp").find("did you mean gzip"), std::string::npos);
  EXPECT_EQ(message_of("cmd").substr(0, 20), "cmd: needs a command");
}

TEST(Registry, LevelsOutsideEveryRangeAreRefused) {
  for (const Backend& backend : backends()) {
    if (!backend.argument || backend.argument->kind != Parameter::Kind::integer) continue;
    for (double beyond : {backend.argument->min - 1, backend.argument->max + 1}) {
      const std::string spec = backend.name + ":" + std::to_string(static_cast<int>(beyond));
      EXPECT_NE(message_of(spec).find("is out of range: " + backend.argument->range()),
                std::string::npos)
          << spec;
    }
  }
}

TEST(Registry, AliasesAndNamesAreUniqueAndFound) {
  std::vector<std::string> names;
  for (const Backend& backend : backends()) {
    names.push_back(backend.name);
    names.insert(names.end(), backend.aliases.begin(), backend.aliases.end());
    EXPECT_FALSE(backend.library().empty());
    EXPECT_FALSE(backend.summary.empty());
  }
  for (const std::string& name : names) {
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 1) << name;
    EXPECT_NO_THROW(find_backend(name));
  }
}

TEST(Registry, CanonicalSpecificationsNameTheBackendAndItsArgument) {
  EXPECT_EQ(make_model("gz")->spec(), "gzip:6");
  EXPECT_EQ(make_model("xz:6e,dict=64KiB")->spec(), "xz:6e,dict=65536");
  EXPECT_EQ(make_model("ngram")->spec(), "ngram:5");
}

TEST(Registry, ASpecificationIsCheckedAsAModelWouldBeMade) {
  EXPECT_EQ(check_spec("gz"), "gzip:6");
  EXPECT_EQ(check_spec("mix:gz@2,ngram"), "mix:gzip:6@2,ngram:5");
  EXPECT_EQ(check_spec("png:1", {.width = 64}), "png:1,width=64");
  for (const char* spec :
       {"gizp", "gzip:12", "xz:6,lc=3,lp=3", "xz,context=5", "gzip:0,engine=clone", "mix:gzip,gizp",
        "product:gzip^0", "filtered:gizp", "filtered:gzip:12", "png,context=100", "xz,dict=8MiB",
        "png:0,engine=clone"})
    EXPECT_THROW(check_spec(spec), UsageError) << spec;
}

TEST(Registry, APredictorIsNoCodec) {
  EXPECT_THROW(make_codec("ngram:3"), UsageError);
  EXPECT_NO_THROW(make_codec("zstd:19"));
}

TEST(Registry, WhatOnlyTheModelReadsIsNoParameterOfTheCodec) {
  for (const char* spec : {"xz,context=5", "zstd:3,dither=8", "gzip:9,engine=clone", "png,wrap=on",
                           "png,context=100", "flac,dither=2", "filtered,wrap=on"}) {
    EXPECT_THROW(make_codec(spec), UsageError) << spec;
    EXPECT_NO_THROW(make_codec(codec_spec(spec))) << spec;
  }
  EXPECT_EQ(codec_spec("zstd:3,context=2KiB,window=12,dither=4"), "zstd:3,window=12");
  EXPECT_EQ(codec_spec("png:9,filter=up,wrap=on,width=7"), "png:9,filter=up,width=7");
}

TEST(Registry, GeometryIsForCodecsOfSamplesOnly) {
  const Geometry geometry{.width = 64, .channels = 1, .depth = 8};
  EXPECT_EQ(make_model("png:1", {.geometry = geometry})->spec(),
            "png:1,width=64,channels=1,depth=8");
  // xz's depth is that of its search for matches.
  EXPECT_EQ(make_model("xz:1", {.geometry = geometry})->spec(), "xz:1");
}

TEST(Registry, AContextThatNothingMeasuresIsAMistake) {
  for (const char* spec :
       {"png,context=100", "png,engine=twin,dither=4", "xz,context=5", "lzma,dither=4"})
    EXPECT_THROW(make_model(spec), UsageError) << spec;
  EXPECT_NO_THROW(make_model("png,engine=recompress,context=100,dither=4"));
  for (const char* spec : {"zstd,dither=0", "zstd,dither=65", "gzip,dither=4", "ngram,dither=2"})
    EXPECT_THROW(make_model(spec), UsageError) << spec;
}

}  // namespace
}  // namespace kraft
