// Where the last bytes have occurred before, and how many of them.
//
// At a position t the distance d matches m bytes if the last m bytes equal those d before:
// x[t - j] = x[t - j - d] for j = 1..m, and no more. A copy that was begun k <= m bytes ago from
// that distance can still be going on; it says that the next byte is x[t - d]. The tracker lists
// all distances that match two bytes or more, by chains of the places where the same two bytes
// stand. The distances that match no byte, or one, are too many to be listed: next_bytes.h sums
// them.
//
//     MatchTracker tracker(32768, 258, 0);
//     tracker.push(as_bytes("abcabcab"));
//     for (const MatchTracker::Match& m : tracker.matches())    // distance 3, length 5, next 'c'
//
// In a run of one byte nearly every distance matches; those alike are listed as one entry, so that
// a run costs no more than its longest match.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kraft/bytes.h"

namespace kraft::lz {

// Pushing and popping a byte is O(1); a list of matches is O(entries) on text. Memory is 9 bytes
// for each byte that is kept, and 256 KiB. One thread at a time; copies are independent.
class MatchTracker {
 public:
  struct Match {
    std::uint32_t distance;  // the nearest of `count` distances in a row
    std::uint32_t count;
    std::uint32_t length;  // at most `longest`
    Byte next;             // what follows there; the same at all `count` distances
  };

  // Lists distances of at most `window` bytes and lengths of at most `longest`; keeps the last
  // `kept` bytes at least, and the window.
  MatchTracker(std::uint32_t window, std::uint32_t longest, std::uint64_t kept);

  // Begins anew with a text of which `skipped` bytes are not known and do not matter.
  void begin(std::uint64_t skipped);

  void push(ByteView bytes);
  void pop(std::uint64_t count);  // bytes that are kept

  // Drops what lies before the bytes to keep, every now and then. Costs O(1) a byte on average.
  void trim();

  std::uint64_t position() const { return base_ + bytes_.size(); }

  // What is kept, up to a position.
  ByteView text() const { return bytes_; }
  ByteView text_up_to(std::uint64_t position) const {
    return text().first(static_cast<std::size_t>(position - base_));
  }

  // Where the text ends, or ended at an earlier position of which the window is kept; nearest
  // first. Valid until the next call.
  std::span<const Match> matches(std::uint64_t position);
  std::span<const Match> matches() { return matches(position()); }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  void list_in_run(std::size_t end, std::uint32_t run);
  bool list_run(std::size_t end, std::size_t last);
  void list_by_pair(std::size_t end);
  std::uint32_t common_suffix(std::size_t end, std::size_t other, std::uint32_t known) const;

  std::uint32_t window_, longest_;
  std::uint64_t kept_;
  std::uint64_t base_ = 0;  // position of the first byte kept
  Bytes bytes_;
  std::vector<std::uint32_t> previous_;  // how far back the same pair ends; 0: nowhere
  std::vector<std::uint32_t> run_;       // how many equal bytes end here, this one included
  std::vector<std::uint32_t> last_;      // of each pair, where it last ended: index; kNone: nowhere
  std::vector<Match> matches_;
  // Long matches of the position listed last, by distance: no need to compare all of them again.
  std::vector<std::uint32_t> long_length_;
  std::vector<std::uint64_t> long_listed_;  // in which listing
  std::uint64_t listing_ = 0;
  std::uint64_t listed_position_ = UINT64_MAX;
};

}  // namespace kraft::lz
