#include "serve/state_cache.h"

#include <gtest/gtest.h>

#include <array>

#include "kraft/registry.h"
#include "kraft/tasks/sample.h"
#include "serve/cached_model.h"

namespace kraft::serve {
namespace {

std::array<double, 256> bits_after(const Model& model, std::string_view context) {
  std::array<double, 256> bits;
  model.start(as_bytes(context))->next_byte(bits);
  return bits;
}

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

TEST(StateCache, FindsTheLongestBeginning) {
  const auto model = make_model("ngram:3"), other = make_model("ngram:2");
  StateCache cache({});
  EXPECT_FALSE(cache.longest_prefix(*model, as_bytes("abc")));
  cache.put(model, bytes_of("ab"), model->start(as_bytes("ab")));
  cache.put(model, bytes_of("abcd"), model->start(as_bytes("abcd")));
  cache.put(model, bytes_of("x"), model->start(as_bytes("x")));
  EXPECT_EQ(cache.longest_prefix(*model, as_bytes("abc"))->bytes, 2U);
  EXPECT_EQ(cache.longest_prefix(*model, as_bytes("abcde"))->bytes, 4U);
  EXPECT_FALSE(cache.longest_prefix(*other, as_bytes("abcde"))) << "of another model";
  EXPECT_EQ(cache.figures().hits, 2U);
  EXPECT_EQ(cache.figures().misses, 2U);
  EXPECT_EQ(cache.figures().reused_bytes, 6U);
}

TEST(StateCache, DropsWhatWasNotAskedForTheLongest) {
  const auto model = make_model("ngram:3");
  StateCache cache({.most_states = 2});
  const auto put = [&](const char* text, bool pinned = false) {
    cache.put(model, bytes_of(text), model->start(as_bytes(text)), pinned);
  };
  const auto has = [&](const char* text) {
    return cache.longest_prefix(*model, as_bytes(text)).has_value();
  };
  put("a");
  put("b");
  EXPECT_TRUE(has("a"));
  put("c");
  EXPECT_TRUE(has("a"));
  EXPECT_FALSE(has("b"));
  EXPECT_TRUE(has("c"));
  put("p", /*pinned=*/true);
  put("q");
  put("r");
  EXPECT_TRUE(has("p"));
  EXPECT_EQ(cache.figures().states, 2U);
  EXPECT_EQ(cache.figures().dropped, 4U);
}

TEST(StateCache, DropsStatesWhileTheProcessIsTooLarge) {
  const auto model = make_model("ngram:3");
  std::uint64_t resident = 10;
  StateCache cache({.most_resident_bytes = 100, .resident = [&] { return resident; }});
  for (const char* text : {"a", "b", "c", "d"})
    cache.put(model, bytes_of(text), model->start(as_bytes(text)));
  EXPECT_EQ(cache.figures().states, 4U);
  resident = 101;  // and nothing helps
  cache.put(model, bytes_of("e"), model->start(as_bytes("e")));
  EXPECT_EQ(cache.figures().states, 0U);
}

TEST(StateCache, KnowsWhatTheProcessHas) { EXPECT_GT(resident_bytes(), std::uint64_t{1} << 20); }

// The bits of a context that came in pieces are those of the whole.
TEST(CachedModel, GivesTheBitsOfItsModel) {
  const std::string text =
      "she sells sea shells by the sea shore; the shells she sells are sea shells";
  for (const char* spec :
       {"gzip:9", "zstd:3", "xz:1", "ppmd", "cm", "gzip:9,view=decoder", "ngram"}) {
    const auto model = make_model(spec);
    StateCache cache({});
    const auto kept = cached(model, cache, /*corpus_bytes=*/20);
    for (const std::size_t size : {50, 51, 52, 73, 51, 10, 52}) {
      const std::string_view context = std::string_view(text).substr(0, size);
      EXPECT_EQ(bits_after(*kept, context), bits_after(*model, context)) << spec << " " << size;
    }
    EXPECT_GE(cache.figures().hits, 5U) << spec;
    EXPECT_GT(cache.figures().reused_bytes, 200U) << spec;
  }
}

TEST(CachedModel, KeepsWhatWasObservedAndNotWhatWasTried) {
  const auto model = make_model("ngram:3");
  StateCache cache({});
  const auto kept = cached(model, cache);
  {
    const auto state = kept->start(as_bytes("abab"));
    const Mark mark = state->mark();
    state->observe(as_bytes("zzz"));
    state->rewind(mark);
    state->forget(mark);
  }
  EXPECT_EQ(cache.longest_prefix(*model, as_bytes("ababzzz"))->bytes, 4U);
  {
    const auto state = kept->start(as_bytes("abab"));
    state->observe(as_bytes("c"));
  }
  EXPECT_EQ(cache.longest_prefix(*model, as_bytes("ababc"))->bytes, 5U);
}

TEST(CachedModel, DrawsWhatItsModelDraws) {
  StateCache cache({});
  for (const char* spec : {"gzip:9", "png", "ppmd", "mix:gzip,ngram"}) {
    const auto model = make_model(spec);
    SampleTask task;
    task.context.prompt = "a rose is a rose is a rose is a rose is a rose, and roses are red";
    task.length = 30;
    task.count = 2;
    task.made_models = {model};
    const SampleResult expected = sample(task);
    task.made_models = {cached(model, cache)};
    for (int again = 0; again < 2; ++again) {
      const SampleResult drawn = sample(task);
      ASSERT_EQ(drawn.samples.size(), 2U);
      EXPECT_EQ(drawn.models[0].sampler, expected.models[0].sampler) << spec;
      for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(drawn.samples[i].bytes, expected.samples[i].bytes) << spec;
        EXPECT_EQ(drawn.samples[i].bits, expected.samples[i].bits) << spec;
      }
    }
  }
}

}  // namespace
}  // namespace kraft::serve
