// What dithering (registry.h, MeasuredContext) regains of what whole bytes hide: rank correlations
// between the increments of the bytes seen in the context.
//
//     build/benchmarks/dither_check mobydick.txt
//
// For zlib, whose exact lengths are known: lengths in whole bytes, dithered, against exact bits.
// For the others: one half of the contexts against another, which shows how much of it is chance.
// The mean over several places of the file.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <numeric>
#include <vector>

#include "kraft/error.h"
#include "kraft/registry.h"

namespace {

using kraft::Bytes;
using kraft::ByteView;

constexpr std::size_t kContextBytes = 5000;
constexpr std::size_t kPlaces = 12;

// The stock encoder, without what the row knows of bits.
class WholeBytes final : public kraft::Codec {
 public:
  explicit WholeBytes(std::shared_ptr<const Codec> codec) : codec_(std::move(codec)) {}
  std::unique_ptr<kraft::Encoder> encoder() const override {
    struct Counting final : kraft::Encoder {
      explicit Counting(std::unique_ptr<kraft::Encoder> one) : encoder(std::move(one)) {}
      void encode(ByteView message, Bytes& stream) override { encoder->encode(message, stream); }
      std::unique_ptr<kraft::Encoder> encoder;  // code_length() is the default: it counts bytes
    };
    return std::make_unique<Counting>(codec_->encoder());
  }
  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    return codec_->decode(stream, limit_bytes);
  }

 private:
  std::shared_ptr<const Codec> codec_;
};

// Ranks from 1 on; equal values share the mean of theirs.
std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i)
      ranks[order[i]] = static_cast<double>(begin + end + 1) / 2;
  }
  return ranks;
}

// Spearman's: Pearson's correlation of the ranks. 0 where one side has no differences.
double rank_correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const std::vector<double> a = ranks(x), b = ranks(y);
  const double mean = (static_cast<double>(a.size()) + 1) / 2;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean) * (b[i] - mean);
    aa += (a[i] - mean) * (a[i] - mean);
    bb += (b[i] - mean) * (b[i] - mean);
  }
  return aa == 0 || bb == 0 ? 0 : ab / std::sqrt(aa * bb);
}

std::vector<double> increments(const kraft::Model& model, ByteView context) {
  std::array<double, 256> all;
  model.start(context)->next_byte(all);
  std::array<bool, 256> seen{};
  for (const kraft::Byte byte : context) seen[byte] = true;
  std::vector<double> bits;
  for (std::size_t b = 0; b < 256; ++b) {
    if (seen[b]) bits.push_back(all[b]);
  }
  return bits;
}

template <typename Score>
double mean_over(ByteView text, Score score) {
  double sum = 0;
  for (std::size_t i = 0; i < kPlaces; ++i)
    sum +=
        score(text.subspan((i + 1) * (text.size() - kContextBytes) / (kPlaces + 1), kContextBytes));
  return sum / kPlaces;
}

void run(ByteView text) {
  std::printf("%-10s %8s %8s %8s %8s\n", "dither", "1", "4", "8", "16");
  const auto exact = kraft::make_model("zlib:9");
  std::printf("%-10s", "zlib:9");
  for (const std::uint64_t dither : {1, 4, 8, 16}) {
    const auto whole = kraft::model_of(std::make_shared<WholeBytes>(kraft::make_codec("zlib:9")),
                                       "zlib", {.dither = dither});
    std::printf(" %8.2f", mean_over(text, [&](ByteView context) {
                  return rank_correlation(increments(*whole, context), increments(*exact, context));
                }));
  }
  std::printf("   against exact bits\n");
  for (const char* spec : {"zstd:3", "brotli:5", "bzip2"}) {
    std::printf("%-10s", spec);
    for (const std::uint64_t dither : {1, 4, 8, 16}) {
      const auto model = kraft::model_of(kraft::make_codec(spec), spec, {.dither = dither});
      std::printf(" %8.2f", mean_over(text, [&](ByteView context) {
                    // The second half drops more than the first one ever does.
                    return rank_correlation(increments(*model, context),
                                            increments(*model, context.subspan(2 * dither)));
                  }));
      std::fflush(stdout);
    }
    std::printf("   against other contexts\n");
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return std::fputs("usage: dither_check FILE\n", stderr), 2;
  std::ifstream file(arguments[1], std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.size() < 2 * kContextBytes) return std::fputs("the file is too short\n", stderr), 1;
  try {
    run(kraft::as_bytes(text));
  } catch (const kraft::Error& error) {
    return std::fprintf(stderr, "%s\n", error.what()), 1;
  }
}
