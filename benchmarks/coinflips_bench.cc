// How fast do stock decompressors turn coin flips into text?
//
//     coinflips_bench mobydick.txt [FILE...]
//
// For contexts of 32 KB, 250 KB and all of each file, and for several lengths of a segment: MB/s of
// what is drawn, the flips for a byte, and how often in a megabyte the decoder refused them. One
// thread; the best of five runs by processor time, so that a loaded machine hardly disturbs it.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <set>
#include <vector>

#include "kraft/coinflips.h"
#include "kraft/error.h"
#include "kraft/registry.h"

namespace {

using kraft::Bytes;
using kraft::ByteView;

constexpr int kRuns = 5;

double now_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

void measure(const char* spec, kraft::CoinFlips& flips, std::size_t context_bytes,
             std::size_t segment_bytes, std::size_t total_bytes) {
  kraft::Random random(1);
  Bytes segment(segment_bytes);
  double best_seconds = 0, bits = 0;
  const std::uint64_t refused_before = flips.refused();
  const std::size_t segments = std::max<std::size_t>(1, total_bytes / segment_bytes);
  for (int run = 0; run < kRuns; ++run) {
    const double start = now_seconds();
    for (std::size_t i = 0; i < segments; ++i) bits += flips.draw(segment, random);
    const double seconds = now_seconds() - start;
    best_seconds = run == 0 ? seconds : std::min(best_seconds, seconds);
  }
  const auto drawn = static_cast<double>(segments * segment_bytes);
  std::printf("%-8s %9zu %9zu %9.1f %12.3f %11.1f\n", spec, context_bytes, segment_bytes,
              drawn / best_seconds * 1e-6, bits / drawn / kRuns,
              static_cast<double>(flips.refused() - refused_before) / drawn / kRuns * 1e6);
}

void measure_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw kraft::Error(std::string(path) + ": cannot be read");
  const Bytes bytes{std::istreambuf_iterator<char>(file), {}};
  std::printf("%s\n%-8s %9s %9s %9s %12s %11s\n", path, "model", "context", "segment", "MB/s",
              "flips a byte", "refused/MB");
  const std::set<std::size_t> contexts = {std::min<std::size_t>(32'000, bytes.size()),
                                          std::min<std::size_t>(250'000, bytes.size()),
                                          bytes.size()};
  for (const char* spec : {"gzip:9", "xz:6"}) {
    const std::size_t total = spec[0] == 'g' ? std::size_t{1} << 23 : std::size_t{1} << 20;
    for (const std::size_t context : contexts) {
      const auto state = kraft::make_model(spec)->start(ByteView(bytes).first(context));
      const auto flips = state->stock_decoder()->coin_flips(1);
      for (const std::size_t segment : {256u, 1024u, 4096u, 65536u})
        measure(spec, *flips, context, segment, total);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    for (int i = 1; i < argc; ++i) measure_file(argv[i]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "coinflips_bench: %s\n", error.what());
    return 1;
  }
  return argc > 1 ? 0 : 2;
}
