// The coder of one JPEG-LS scan without loss, as a distribution: LOCO-I (ISO/IEC 14495-1, Annex A;
// M. Weinberger, G. Seroussi, G. Sapiro, "The LOCO-I lossless image compression algorithm", 2000).
//
// A sample x is expected to be what the median of three predictions from its neighbours says,
// corrected by what the context of the place has been wrong by. Its error, folded to a number that
// is never negative, is written by a Golomb code whose parameter k adapts with the context, and
// whose words have at most `limit` bits. So every value has a word of known length at every place,
// and P(x) = 2^-length, with some left over for words that no value has.
//
// Where all neighbours are equal, runs are coded. A bit says that the next L = 2^J(run index)
// samples, or the rest of the row, are like the last one; or that they are not, and J bits say how
// many of them are. Then the sample that ends the run follows by a Golomb code of its own. At the
// r-th sample of such a piece, when m of them fit into the row:
//
//     S_r = 1/2 + (min(L, m) - r) / 2L         that the run comes as far as that
//     P(x = the last one) = S_{r+1} / S_r
//     P(x) = 2^-length / 2L / S_r              for the others
//
//     Scan scan(/*width=*/512, /*depth_bits=*/8);
//     scan.code().share(x);                    // of the next sample
//     scan.push(x);
//
// Belongs to one thread at a time; copies are independent.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kraft::jpegls {

inline constexpr int kRunContexts = 2;
inline constexpr int kContexts = 365;
inline constexpr std::uint16_t kNoContext = 0xffff;

// What a context has learnt of its errors.
struct Context {
  std::int32_t magnitude = 0;   // A: sum of absolute values
  std::int32_t bias = 0;        // B: sum since the last correction
  std::int16_t correction = 0;  // C
  std::int16_t count = 1;       // N
  std::int16_t negative = 0;    // Nn, of the contexts that end runs
};

// What the words of all values at a place are. A value's error e is its distance from `expected`,
// in the direction of `sign`, modulo 2^depth_bits into [-2^(depth_bits-1), 2^(depth_bits-1)).
struct Code {
  int depth_bits = 8;
  int k = 0;
  int limit = 32;  // bits of the longest word, which `depth_bits` end
  int expected = 0;
  int sign = 1;
  int of_zero = 0;  // what e = 0 is folded to; e > 0 to 2 (e - 1) + after_positive, and so on
  int after_positive = 2;
  int after_negative = 1;

  // In a run: the value that prolongs it, and its share; each other one has `others` of its word's.
  bool is_run = false;
  int repeated = 0;
  double repeated_share = 0;
  double others = 1;

  // What all shares are parts of: of the stream's words at this place P(x) = share(x) / whole.
  // Their sum over all values may be less.
  double whole = 1;

  double share(int value) const;

  // Of all values from `first` to `last` together; O(log(values)).
  double share(int first, int last) const;

  int error(int value) const;
  int folded(int error) const;
  int word_bits(int folded) const;

 private:
  double word_share(int value) const;
  double sum_of_errors(int first, int last) const;
  double sum_of_words(int offset, int first, int last) const;
};

class Scan {
 public:
  Scan(std::size_t width, int depth_bits);

  Code code() const;

  // What push() changes besides the samples.
  struct Undo {
    Context before = {};
    std::uint16_t context = kNoContext;  // which that was
    std::uint16_t run_begun = 0;
    std::uint8_t run_index = 0;
    bool run_goes_on = false;
  };
  Undo push(int sample);
  void pop(const Undo& undo);

  // Gives up samples that are not needed any more; pop() goes back to here at most.
  void trim();

 private:
  struct Neighbours {
    int left = 0, above = 0, above_left = 0, above_right = 0;
    bool all_equal() const {
      return above_right == above && above == above_left && above_left == left;
    }
  };
  struct Place {  // a context, seen from the sign that makes its first gradient positive
    int context = 0;
    int sign = 1;
  };

  int back(std::size_t samples) const;  // 0 above the first row
  Neighbours neighbours() const;
  bool in_run(const Neighbours& near) const { return run_goes_on_ || near.all_equal(); }
  Place place(const Neighbours& near) const;
  int quantised(int gradient) const;
  Code regular_code(const Neighbours& near) const;
  Code run_code(const Neighbours& near) const;
  void adapt(int context, int error);
  void prolong_run();
  void end_run(const Neighbours& near, const Code& code, int sample);

  std::size_t width_;
  int depth_bits_, limit_;
  std::array<int, 3> thresholds_;
  std::array<Context, kContexts + kRunContexts> contexts_;
  std::uint8_t run_index_ = 0;
  bool run_goes_on_ = false;     // through what was pushed last
  std::uint16_t run_begun_ = 0;  // samples of its present piece
  std::size_t column_ = 0;
  std::vector<std::uint16_t> samples_;  // the last of them
};

}  // namespace kraft::jpegls
