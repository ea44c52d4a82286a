// Lists of matches and histograms of next bytes, against their definitions.

#include "models/lz/match_tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "codecs/messages.h"
#include "models/deflate/prices.h"
#include "models/lz/next_bytes.h"

namespace kraft {
namespace {

using lz::MatchTracker;

// Of each distance that matches two bytes or more: how many, and what follows there.
std::map<std::uint32_t, std::pair<std::uint32_t, Byte>> expected_matches(ByteView text,
                                                                         std::uint32_t window,
                                                                         std::uint32_t longest) {
  std::map<std::uint32_t, std::pair<std::uint32_t, Byte>> matches;
  for (std::uint32_t d = 1; d <= window && d < text.size(); ++d) {
    std::uint32_t m = 0;
    while (m < longest && m + d < text.size() &&
           text[text.size() - 1 - m] == text[text.size() - 1 - m - d])
      ++m;
    if (m >= 2) matches[d] = {m, text[text.size() - d]};
  }
  return matches;
}

std::map<std::uint32_t, std::pair<std::uint32_t, Byte>> listed(MatchTracker& tracker) {
  std::map<std::uint32_t, std::pair<std::uint32_t, Byte>> matches;
  std::uint32_t farthest = 0;
  for (const MatchTracker::Match& match : tracker.matches()) {
    EXPECT_GT(match.distance, farthest) << "nearest first, none twice";
    for (std::uint32_t i = 0; i < match.count; ++i)
      matches[match.distance + i] = {match.length, match.next};
    farthest = match.distance + match.count - 1;
  }
  return matches;
}

std::vector<Bytes> texts() {
  Random random(3);
  std::vector<Bytes> texts = {real_text(700), Bytes(600, 'x'), random_bytes(300, 1)};
  for (const std::size_t letters : {1u, 2u, 3u}) {
    Bytes few(700), runs;
    for (Byte& byte : few) byte = static_cast<Byte>('a' + random.below(letters));
    while (runs.size() < 900)
      runs.insert(runs.end(), 1 + random.below(random.below(80) + 1),
                  static_cast<Byte>('a' + random.below(letters + 1)));
    texts.push_back(few);
    texts.push_back(runs);
  }
  Bytes period;
  for (int i = 0; i < 300; ++i) append(period, as_bytes("abc"));
  texts.push_back(period);
  return texts;
}

TEST(MatchTracker, ListsAllDistancesThatMatchTwoBytesOrMore) {
  for (const Bytes& text : texts()) {
    for (const auto& [window, longest] : {std::pair(1000u, 258u), {100u, 20u}, {7u, 300u}}) {
      MatchTracker tracker(window, longest, 0);
      for (std::size_t at = 0; at < text.size(); ++at) {
        tracker.push(ByteView(text).subspan(at, 1));
        if (at % 5 < 3) {  // sometimes the position before has not been listed
          const auto expected = expected_matches(ByteView(text).first(at + 1), window, longest);
          ASSERT_EQ(listed(tracker), expected) << at;
        }
        tracker.trim();
      }
    }
  }
}

TEST(MatchTracker, GoesBackAndOnAnotherWay) {
  Random random(8);
  for (const Bytes& text : texts()) {
    MatchTracker tracker(120, 258, 500);
    Bytes now;
    for (int step = 0; step < 300; ++step) {
      if (random.below(4) > 0 || now.empty()) {
        const std::size_t at = random.below(text.size());
        const ByteView piece = ByteView(text).subspan(
            at, std::min<std::size_t>(1 + random.below(9), text.size() - at));
        tracker.push(piece);
        append(now, piece);
      } else {
        const std::uint64_t back = 1 + random.below(std::min<std::size_t>(now.size(), 12));
        tracker.pop(back);
        now.resize(now.size() - back);
      }
      ASSERT_EQ(tracker.position(), now.size());
      ASSERT_EQ(listed(tracker), expected_matches(now, 120, 258));
    }
  }
}

TEST(MatchTracker, ListsAnEarlierPosition) {
  const Bytes text = real_text(2000);
  MatchTracker tracker(300, 258, 1000), there(300, 258, 1000);
  tracker.push(text);
  there.push(ByteView(text).first(1500));
  const auto a = tracker.matches(1500);
  const std::vector<MatchTracker::Match> copy(a.begin(), a.end());
  const auto b = there.matches();
  ASSERT_EQ(copy.size(), b.size());
  for (std::size_t i = 0; i < copy.size(); ++i) {
    EXPECT_EQ(copy[i].distance, b[i].distance);
    EXPECT_EQ(copy[i].length, b[i].length);
  }
}

TEST(NextBytes, AreTheSumsOfTheirDefinition) {
  using deflate::DistanceFormat;
  Random random(4);
  std::array<DistanceFormat::Weight, DistanceFormat::kClasses> of_class{};
  for (auto& weight : of_class) weight = static_cast<std::uint32_t>(random.below(1000));
  const lz::DistanceWeights<DistanceFormat> weights(of_class, 500);
  const Bytes text = real_text(1500);
  lz::NextBytes<DistanceFormat> next_bytes;
  next_bytes.begin(weights, {});
  const auto expect_right = [&](ByteView seen) {
    std::array<std::uint32_t, 256> any{}, after{};
    std::uint32_t total = 0;
    for (std::size_t d = 1; d <= 500 && d <= seen.size(); ++d) {
      const auto weight = of_class[static_cast<std::size_t>(
          DistanceFormat::class_of(static_cast<std::uint32_t>(d)))];
      any[seen[seen.size() - d]] += weight;
      if (d == seen.size() || seen[seen.size() - d - 1] != seen.back()) continue;
      after[seen[seen.size() - d]] += weight;
      total += weight;
    }
    ASSERT_EQ(next_bytes.after_any(), any);
    ASSERT_EQ(next_bytes.has_last(), !seen.empty());
    if (seen.empty()) return;
    ASSERT_EQ(next_bytes.after_last(), after);
    ASSERT_EQ(next_bytes.total_after_last(), total);
  };
  expect_right({});
  for (std::size_t at = 1; at <= text.size(); ++at) {
    next_bytes.forth(ByteView(text).first(at));
    if (at % 41 == 0) expect_right(ByteView(text).first(at));
  }
  for (std::size_t at = text.size(); at > 0; --at) {
    next_bytes.back(ByteView(text).first(at));
    if (at % 37 == 0 || at == 1) expect_right(ByteView(text).first(at - 1));
  }
  next_bytes.begin(weights, text);
  expect_right(text);
}

TEST(DistanceWeights, AddUpOverTheWindow) {
  using deflate::DistanceFormat;
  std::array<DistanceFormat::Weight, DistanceFormat::kClasses> of_class{};
  for (std::size_t c = 0; c < of_class.size(); ++c)
    of_class[c] = static_cast<std::uint32_t>(c * c + 1);
  for (const std::uint32_t window : {1u, 5u, 512u, 600u, 32768u}) {
    const lz::DistanceWeights<DistanceFormat> weights(of_class, window);
    std::uint32_t sum = 0;
    for (std::uint32_t d = 1; d <= window; ++d) {
      EXPECT_EQ(weights.of(d), of_class[static_cast<std::size_t>(DistanceFormat::class_of(d))]);
      sum += weights.of(d);
      ASSERT_EQ(weights.up_to(d), sum);
    }
    EXPECT_EQ(weights.up_to(1 << 20), sum);
    EXPECT_EQ(weights.up_to(0), 0u);
  }
}

}  // namespace
}  // namespace kraft
