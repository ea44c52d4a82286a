// The decoder's view of LZ4: what comes out of the decompressor next?
//
// A sequence is a token of two nibbles, which say how many literals come and how long the copy
// after them is, the literals, and an offset of 16 bits. A nibble of 15 is followed by bytes that
// are added to it, up to one that is not 255 (LZ4 block format, Y. Collet, 2011-2022). None of it
// is coded by how often it comes: fair coin flips make every nibble, byte and offset equally
// likely. So a literal costs 8 bits, whatever it is, and all that LZ4 knows is that texts repeat:
//
//     P(run = l)   1/16 for l < 15, then 1/16 * 256^-(1 + (l - 15) / 255)
//     P(length)    the same of length - 4
//     P(offset)    1 / 65535, or less of them after less text
//
// With B_t the mass of all parses with a sequence that begins at t, a run of l literals from there
// on reaches t + l with the mass B_t 256^-l, and
//
//     E_t = sum over l of B_{t-l} 256^-l P(run = l)     a copy begins at t
//     C_t = sum over l of B_{t-l} 256^-l P(run > l)     a literal comes at t
//     A_t = E_t / the number of offsets that reach no farther than the text
//     P(b) proportional to  C_t / 256 + sum over d <= 65535 of G_t(m_d) [x_{t+1-d} = b]
//     B_{t+1} = sum over d of H_t(m_d)
//
// with m_d, G and H of A as in deflate/decoder_view.h. The sums over runs go 255 bytes back: those
// from there on are 1/256 of what they were 255 bytes before.
//
// There is nothing that is learned or held still. Every kRestart bytes the masses are computed
// anew, over parses that begin kRunInBytes before, so that a long context need not be gone through
// from its beginning. Copies longer than kLongest count as several. The end of a block, where LZ4
// wants literals, is left out.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "kraft/bytes.h"
#include "models/lz/byte_masses.h"
#include "models/lz/match_tracker.h"
#include "models/lz/next_bytes.h"
#include "models/lz/schedule.h"

namespace kraft::lz4 {

inline constexpr std::uint32_t kWindow = 65535;
inline constexpr std::uint32_t kShortestCopy = 4;
inline constexpr std::uint32_t kLongest = 1024;
inline constexpr std::uint64_t kRunInBytes = 2 * kLongest;
inline constexpr std::uint64_t kRestart = 16384;

// Of a number that a nibble and bytes after it say: that it is `value`, and that it is more.
double equal_share(std::uint32_t value);
double longer_share(std::uint32_t value);

struct OffsetFormat {
  using Weight = std::uint32_t;
  static constexpr int kClasses = 1;
  static int class_of(std::uint32_t) { return 0; }
  static std::uint32_t first_distance(int) { return 1; }
};

// Some 5 us a byte for observing, and as much for a distribution, on text. Memory is O(window), and
// bytes since the last trim(). One thread at a time; copies are independent.
class DecoderView {
 public:
  DecoderView();

  void observe(Byte byte);
  void observe(ByteView bytes);
  std::uint64_t position_bytes() const { return tracker_.position(); }
  double bits_of(Byte byte);
  void next_byte(std::span<double, 256> bits);
  void rewind(std::uint64_t position_bytes);
  void trim();

  // Pretends that a sequence begins here.
  void begin_sequence();

 private:
  struct Place {
    std::int64_t exponent = 0;  // masses are in units of 2^-exponent
    double begun = 0;           // B_t
    double copy = 0;            // A_t
    double literal = 0;         // C_t
    // Of E_t and C_t what runs of 15 literals and more add.
    double long_ends = 0, long_goes_on = 0;
  };
  struct Block {
    std::uint64_t begin = 0;
    std::uint64_t first = 0;  // position of the first place
    std::vector<Place> places;
  };

  Block& block() { return blocks_.back(); }
  void start_block(std::uint64_t begin, std::uint64_t first);
  void begin_block(std::uint64_t position);
  void add_up_matches(std::uint64_t position);
  void push_place(std::uint64_t position);
  void end_runs(Place place, std::uint64_t position);
  double factor(const Place& place, std::int64_t unit, std::uint64_t literals) const;
  void prepare();

  lz::Schedule schedule_;
  lz::MatchTracker tracker_;
  lz::NextBytes<OffsetFormat> next_bytes_;
  bool next_bytes_are_current_ = false;
  std::vector<Block> blocks_;
  bool prepared_ = false;
  lz::ByteMasses next_;
  std::uint32_t longest_match_ = 0;
  std::vector<std::uint32_t> matches_of_length_;  // how many match so many bytes or more
  std::vector<double> open_;
};

}  // namespace kraft::lz4
