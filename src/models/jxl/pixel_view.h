// What the trees and codes of one stream expect of the next pixel (decoder_view.h has the
// formulas).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "kraft/bytes.h"
#include "models/jxl/pixel_parts.h"
#include "models/jxl/stream.h"

namespace kraft::jxl {

// What each context of a code expects of the next residual. The code's distributions are those of
// the pixels before; which tokens the encoder would choose parts for next, who predicts cannot
// know. So each distribution is what Dirichlet's prior is centred at, and what was counted since
// adds to it:
//
//     P(token) = (kStrength q(token) + count of it) / (kStrength + counts of the cluster)
//
// with q the code's own, of which a small share goes to what the code's clusters have between them:
// a token that did not occur in a context has no part there.
class Residuals {
 public:
  // Of samples of 8 or 16 bits.
  Residuals(std::shared_ptr<const Coding> coding, int depth_bits);

  // The masses of the residuals from `first` on, in steps of one.
  void fill(std::uint32_t context, std::int64_t first, std::span<float> to) const;
  float mass(std::uint32_t context, std::int64_t residual) const;
  // Of 16 bits: sums of 256 masses each, the first of those that begin with `first`. As many
  // operations as a code has tokens, and some hundred.
  void fill_high_bytes(std::uint32_t context, std::int64_t first,
                       std::array<double, 256>& to) const;

  struct Counted {
    std::uint32_t cluster, token;
  };
  std::optional<Counted> count(std::uint32_t context, std::int64_t residual);
  void take_back(const Counted& counted);

 private:
  struct Coded {
    std::uint32_t token = 0;
    float share = 0;  // 2^-further bits; 0: the token is not there
  };
  // Residuals that are coded alike, one step apart.
  struct Run {
    std::int32_t first = 0, step = 1, count = 0;
    Coded coded;
  };
  struct Table {
    std::int32_t far = 0;        // residuals from -far to far; larger ones have no mass
    std::vector<Coded> coded;    // of each
    std::vector<Run> runs = {};  // of 16 bits
  };

  // What does not change; copies share it.
  struct Fixed {
    std::shared_ptr<const Coding> coding;
    std::vector<std::shared_ptr<const Table>> coded;  // of each cluster
    std::vector<std::vector<float>> tokens;           // what each of them has of kStrength
  };

  static Table table_of(const EntropyCode& code, const HybridInteger& integer, int depth_bits);
  static std::shared_ptr<const Fixed> fixed_of(std::shared_ptr<const Coding> coding,
                                               int depth_bits);
  Coded coded(std::size_t cluster, std::int64_t residual) const {
    const Table& table = *fixed_->coded[cluster];
    if (residual < -table.far || residual > table.far) return {};
    return table.coded[static_cast<std::size_t>(residual + table.far)];
  }
  float mass_of(std::size_t cluster, const Coded& coded) const {
    if (coded.share == 0) return 0;
    const float counted = static_cast<float>(counts_[cluster][coded.token]);
    return (fixed_->tokens[cluster][coded.token] + counted) * coded.share;
  }

  std::shared_ptr<const Fixed> fixed_;
  std::vector<std::vector<std::uint32_t>> counts_;  // of the tokens of each cluster
};

// Pixels come row by row. Memory is O(width), and what was pushed since the last trim(). One thread
// at a time; copies are independent.
class PixelView {
 public:
  // Before the first pixel of the stream. Throws Error where its channels depend on each other in
  // ways that libjxl does not write (a tree that looks at other channels).
  explicit PixelView(const Stream& stream);

  std::size_t size() const { return size_; }

  // What each value of the next byte weighs, where those before it in the pixel have these values.
  void masses(ByteView before, std::array<double, 256>& masses);

  // Of the part of the picture where the next pixel is.
  const PixelParts& parts() { return *columns_at(size_ % width_).parts; }

  // From now on, the tokens of what is pushed are counted, and colours are not.
  void begin_counting();

  // From now on, it is counted how often colours of palettes are pushed.
  void watch_colours() { watches_ = true; }
  // What colours that palettes lack will cost, in bits a pixel: a palette lacks the next one as
  // often as it has colours that have been there once (Good, Biometrika 40, 1953).
  double new_colour_bits() const;

  void push(ByteView pixel);
  void pop();   // one that was pushed since the last trim()
  void trim();  // gives up the memory that only pop() needs

 private:
  // Columns that are coded alike.
  struct Columns {
    std::size_t begin, end;
    std::shared_ptr<const PixelParts> parts;
    std::size_t residuals;    // which of them
    std::vector<Walk> walks;  // of each coded channel
    struct Watched {
      std::size_t bytes = 1;  // of a pixel that the palette stands for
      std::unordered_map<std::int32_t, std::size_t> times = {};  // that places were there
    };
    std::vector<Watched> palettes = {};
  };

  Columns& columns_at(std::size_t x);
  static void watch(Columns& columns, ByteView pixel);
  void fill(Columns& columns, std::size_t coded, const CodedValues& values, std::span<float> to);
  void fill_word(Columns& columns, std::size_t coded, ByteView begun,
                 std::array<double, 256>& masses);

  std::size_t width_;
  std::vector<Columns> columns_;
  std::vector<Residuals> residuals_;
  bool counts_ = false, watches_ = false;
  std::vector<std::optional<Residuals::Counted>> counted_;  // since the last trim()
  std::size_t size_ = 0;
};

}  // namespace kraft::jxl
