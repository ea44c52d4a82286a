#include "serve/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kraft/tasks/next.h"
#include "kraft/tasks/sample.h"
#include "kraft/tasks/score.h"
#include "serve/failure.h"

namespace kraft::serve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class Call>
Failure failure_in(Call call) {
  try {
    call();
  } catch (...) {
    return failure_of(std::current_exception());
  }
  ADD_FAILURE() << "nothing was thrown";
  return Failure::invalid("");
}

TEST(Fields, SetTheOptionsOfATask) {
  SampleTask task;
  Fields fields(Json{{"model", Json::array({"gzip:9", "ppmd"})},
                     {"prompt", {{"base64", "AP8="}}},
                     {"length", 12},
                     {"temperature", 1},
                     {"top_k", nullptr},
                     {"sampler", "ancestral"}});
  fields.take({sample_options(), task});
  fields.expect_no_others();
  EXPECT_THAT(task.models, ElementsAre("gzip:9", "ppmd"));
  EXPECT_EQ(task.context.prompt, std::string("\0\xff", 2));
  EXPECT_EQ(task.length, 12);
  EXPECT_EQ(task.sampling.value(&SamplerOptions::temperature), 1.0);
  EXPECT_FALSE(task.sampling.is_set(&SamplerOptions::top_k)) << "null is as if it were not there";
}

TEST(Fields, TakeTextsWithNames) {
  ScoreTask task;
  Fields fields(
      Json{{"input", Json::array({{{"name", "a"}, {"text", "x"}}, "y"})}, {"positions", "all"}});
  fields.take({score_options(), task});
  ASSERT_EQ(task.inputs.size(), 2U);
  EXPECT_EQ(task.inputs[0], (NamedBytes{"a", {'x'}}));
  EXPECT_EQ(task.inputs[1], (NamedBytes{"2", {'y'}}));
  EXPECT_EQ(task.positions, kEveryPosition);
}

TEST(Fields, NameTheOneThatIsWrong) {
  NextTask task;
  const auto taking = [&](const Json& json) {
    return failure_in([&] {
      Fields fields(json);
      fields.take({next_options(), task});
      fields.integer(kNextTop);
      fields.expect_no_others();
    });
  };
  const Failure unknown = taking({{"modell", "gzip"}});
  EXPECT_EQ(unknown.param(), "modell");
  EXPECT_THAT(unknown.what(), HasSubstr("did you mean model"));
  EXPECT_EQ(taking({{"view", 3}}).param(), "view");
  EXPECT_EQ(taking({{"prime_first", -1}}).param(), "prime_first");
  EXPECT_THAT(taking({{"prime_first", -1}}).what(), HasSubstr("prime_first -1 is out of range"));
  EXPECT_THAT(taking({{"prime_first", 18446744073709551615U}}).what(),
              HasSubstr("out of range: 0..9223372036854775807"));
  EXPECT_EQ(taking({{"top", 1.5}}).param(), "top");
  EXPECT_EQ(taking({{"prompt", {{"base64", "not base64!"}}}}).param(), "prompt");
  EXPECT_EQ(taking({{"prompt", {{"file", "/etc/passwd"}}}}).param(), "prompt");
  EXPECT_EQ(taking(Json::array()).status(), 400);
}

// What concerns the machine, or names files, is none of a request's business.
TEST(Fields, DoNotReachPrivateOptions) {
  NextTask task;
  const Failure failure = failure_in([&] {
    Fields fields(Json{{"threads", 64}});
    fields.take({next_options(), task});
    fields.expect_no_others();
  });
  EXPECT_EQ(failure.param(), "threads");
}

TEST(Fields, OfAFormAreTexts) {
  const FormPart form[] = {{"model", "", "gzip:9"},
                           {"model", "", "ppmd"},
                           {"length", "", "12"},
                           {"prime", "book.txt", std::string("\0\xff", 2)},
                           {"stream", "", "true"}};
  SampleTask task;
  Fields fields{std::span<const FormPart>(form)};
  fields.take({sample_options(), task});
  EXPECT_EQ(fields.flag("stream"), true);
  fields.expect_no_others();
  EXPECT_THAT(task.models, ElementsAre("gzip:9", "ppmd"));
  EXPECT_EQ(task.length, 12);
  EXPECT_EQ(task.context.prime, (Bytes{0, 0xff}));
}

}  // namespace
}  // namespace kraft::serve
