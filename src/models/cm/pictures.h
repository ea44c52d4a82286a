// What the pixels of a picture so far let expect of the next byte, a sample of 8 bits.
//
// Least squares over neighbours and channels, with memories of different length, some of which
// reach over rows in a narrow column of the picture; simple predictions; and a last, small least
// squares that puts them together. The distribution of each is as wide as its errors nearby (Wu and
// Memon, "Context-based, adaptive, lossless image coding", 1997, has it so for one).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kraft/bytes.h"
#include "models/cm/least_squares.h"
#include "models/cm/samples.h"
#include "models/journaled_memory.h"

namespace kraft::cm {

struct PixelShape {
  std::uint32_t width = 1, channels = 1;
};

class PictureFront {
 public:
  static constexpr std::uint32_t kMostRowBytes = 1 << 15;

  PictureFront(PixelShape shape, Effort effort);

  // Takes memory from an address on and returns where it ends.
  std::size_t lay_out(std::size_t begin);
  void look_ahead(const JournaledMemory& memory, Outlook& outlook);
  // The weights of predictions move only if it learns.
  void observe(JournaledMemory& memory, Byte byte, bool learns);

 private:
  using Address = JournaledMemory::Address;
  static constexpr std::size_t kStages = 10;
  using Inputs = std::array<std::int32_t, kMostSquaresInputs>;
  using StageErrors = std::array<std::int16_t, 16>;  // in sixteenths; a power of two
  using ColumnSquares = LeastSquares<12>;

  struct Channel {
    LeastSquares<32> squares, slow;
    ColumnSquares quick;
    LeastSquares<8> last;
    std::array<std::int32_t, kStages> means{};  // of errors of late, in units of 2^-8
  };

  // What lies around the sample.
  struct Near {
    int w = 0, n = 0, nw = 0, ne = 0, ww = 0, nn = 0, nne = 0;
  };

  // Of the plane `color`, the pixel `left` columns and `up` rows before this one; to the right of
  // it only in rows above. Beyond the edges, the nearest one that there is.
  int at(const JournaledMemory& memory, std::uint32_t color, int left, int up) const;
  // The errors at such a pixel, of this plane; null beyond the edges.
  const StageErrors* errors_at(const JournaledMemory& memory, int left, int up) const;
  std::uint64_t place_of(std::int64_t x, std::int64_t y, std::uint32_t color) const {
    return static_cast<std::uint64_t>(y * shape_.width + x) * shape_.channels + color;
  }
  Address ring(Address begin, std::uint64_t place, std::size_t bytes) const {
    return begin + static_cast<Address>((place & (ring_entries_ - 1)) * bytes);
  }
  Address column(std::uint32_t width_pixels) const;

  void expect(const JournaledMemory& memory);
  void fill_inputs(const JournaledMemory& memory);
  void expect_simply(const JournaledMemory& memory);
  void find_errors_nearby(const JournaledMemory& memory);
  void add_spreads(Outlook& outlook) const;
  void add_sets_and_maps(const JournaledMemory& memory, Outlook& outlook) const;
  void add_hashes(const JournaledMemory& memory, Outlook& outlook) const;
  std::int32_t scale() const;  // of the last stage
  unsigned apart(std::size_t a, std::size_t b) const;

  PixelShape shape_;
  Effort effort_;
  LeastSquaresSettings squares_, slow_, quick_, column_, narrow_, last_;
  std::uint32_t ring_entries_ = 1;  // samples that are remembered; a power of two
  Address pixels_ = 0, errors_ = 0, columns_ = 0, narrow_columns_ = 0;
  std::uint64_t position_ = 0;
  std::uint32_t x_ = 0, color_ = 0;
  std::int64_t y_ = 0;
  std::vector<Channel> channels_;

  // Of the next sample.
  Near near_;
  int base_ = 0;
  Inputs inputs_{}, quick_inputs_{}, last_inputs_{};
  std::array<std::int32_t, kStages> expected_{}, nearby_{};  // in sixteenths
};

}  // namespace kraft::cm
