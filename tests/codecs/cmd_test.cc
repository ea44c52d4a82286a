// Programs as codecs. Only programs that every Debian has are used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "codecs/messages.h"
#include "kraft/error.h"
#include "kraft/registry.h"

namespace kraft {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kGzip = "cmd:\"gzip -c\",decode=\"gzip -dc\"";

template <class Work>
std::string error_of(Work&& work) {
  try {
    work();
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

std::string encoding_error(const std::string& spec, ByteView message) {
  return error_of([&] { make_codec(spec)->encode(message); });
}

TEST(Cmd, RoundTripsThroughGzip) {
  const auto codec = make_codec(kGzip);
  const auto encoder = codec->encoder();
  for (const Bytes& message : small_messages()) {
    Bytes stream;
    encoder->encode(message, stream);
    EXPECT_TRUE(codec->decode(stream) == message) << message.size() << " bytes";
  }
}

TEST(Cmd, RoundTripsEightMebibytesThroughCat) {
  const Bytes message = random_bytes(8 << 20, 1);
  const auto codec = make_codec("cmd:cat,decode=cat");
  const Bytes stream = codec->encode(message);
  EXPECT_TRUE(stream == message);
  EXPECT_TRUE(codec->decode(stream) == message);
}

TEST(Cmd, MeasuresWholeBytes) {
  const auto codec = make_codec("cmd:cat");
  EXPECT_EQ(codec->granularity(), Granularity::byte);
  EXPECT_EQ(codec->encoder()->code_length(bytes_of("12345")), 40);
}

TEST(Cmd, RunsInManyThreadsAtOnce) {
  const auto codec = make_codec(kGzip);
  const Bytes message = real_text(200'000);
  std::vector<Bytes> decoded(4);
  std::vector<std::thread> threads;
  for (Bytes& result : decoded) {
    threads.emplace_back([&] {
      for (int i = 0; i < 8; ++i) result = codec->decode(codec->encode(message));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Bytes& result : decoded) EXPECT_TRUE(result == message);
}

TEST(Cmd, KnowsQuotesButNoShell) {
  EXPECT_EQ(make_codec("cmd:\"sh -c 'cat; echo \\\"a  b\\\"'\"")->encode(bytes_of("x")),
            bytes_of("xa  b\n"));
  EXPECT_EQ(make_codec("cmd:\"printf %s $HOME;id\"")->encode(bytes_of("x")), bytes_of("$HOME;id"));
}

TEST(Cmd, ReportsStatusAndComplaint) {
  EXPECT_EQ(encoding_error("cmd:false", bytes_of("x")), "cmd: 'false' exited with status 1");
  const std::string error = encoding_error(
      "cmd:\"sh -c 'echo; echo no luck >&2; echo more >&2; exit 3'\"", bytes_of("x"));
  EXPECT_THAT(error, AllOf(HasSubstr("exited with status 3: no luck"), Not(HasSubstr("more >&2: ")),
                           Not(HasSubstr("\n"))));
  EXPECT_THAT(encoding_error("cmd:\"sh -c 'kill -9 $$'\"", bytes_of("x")),
              HasSubstr("was ended by signal SIGKILL"));
}

TEST(Cmd, NamesAProgramThatIsNotThere) {
  EXPECT_EQ(encoding_error("cmd:no-such-program-here", bytes_of("x")),
            "cmd: there is no program 'no-such-program-here'");
}

TEST(Cmd, EndsAProgramThatHangs) {
  EXPECT_EQ(encoding_error("cmd:\"sleep 100000\",timeout=0.2", bytes_of("x")),
            "cmd: 'sleep 100000' did not end within 0.2 seconds");
}

TEST(Cmd, RefusesAProgramThatWritesNothing) {
  EXPECT_EQ(encoding_error("cmd:\"head -c 0\"", random_bytes(300'000, 2)),
            "cmd: 'head -c 0' wrote nothing for 300000 bytes");
  EXPECT_EQ(encoding_error("cmd:\"head -c 0\"", {}), "");
}

TEST(Cmd, DecodesOnlyWithACommandForIt) {
  const auto codec = make_codec("cmd:cat");
  EXPECT_THAT(error_of([&] { codec->decode(bytes_of("x")); }), HasSubstr("decode="));
}

TEST(Cmd, ReportsWhatTheDecoderRefuses) {
  const auto codec = make_codec(kGzip);
  const Bytes stream = codec->encode(real_text(1000));
  for (const Bytes& bad : {bytes_of("garbage"), Bytes(stream.begin(), stream.end() - 10),
                           Bytes(stream.begin(), stream.begin() + 5)}) {
    EXPECT_THAT(error_of([&] { codec->decode(bad); }),
                HasSubstr("cmd: 'gzip -dc' exited with status 1: "));
  }
}

TEST(Cmd, DecodesAsMuchAsTheLimitAndNoMore) {
  const auto codec = make_codec(kGzip);
  const Bytes message(1'000'000, 'a');
  const Bytes stream = codec->encode(message);
  EXPECT_TRUE(codec->decode(stream, message.size()) == message);
  EXPECT_EQ(error_of([&] { codec->decode(stream, message.size() - 1); }),
            "cmd: the stream holds more than 999999 bytes");
  EXPECT_THAT(error_of([&] { make_codec("cmd:cat,decode=yes")->decode(bytes_of("x"), 1000); }),
              HasSubstr("more than 1000 bytes"));
}

TEST(Cmd, RefusesBadSpecifications) {
  EXPECT_THROW(make_codec("cmd"), UsageError);
  EXPECT_THROW(make_codec("cmd:\"  \""), UsageError);
  EXPECT_THROW(make_codec("cmd:cat,timeout=0"), UsageError);
  EXPECT_THROW(make_codec("cmd:cat,timeout=soon"), UsageError);
  EXPECT_THAT(error_of([] { make_codec("cmd:\"sh -c 'cat\""); }), HasSubstr("' is not closed"));
  EXPECT_THAT(error_of([] { make_codec("cmd:cat,decode=\"a 'b\""); }),
              HasSubstr("' is not closed"));
}

}  // namespace
}  // namespace kraft
