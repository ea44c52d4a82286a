// How fast are LZMA's lengths to fractions of a bit, against compressing the whole context again?
//
//     lzma_bench mobydick.txt [astronaut.png ...] [--benchmark_filter=xz:6]
//
// For contexts of 2, 8, 60 and 250 KB of each file (its bytes as they are) and some presets with a
// dictionary of 64 KiB, the length after each of the 256 next bytes, on one thread. The counters:
//
//     candidate_us     a candidate, all 256 measured by rewinding
//     recompress_us    a candidate, by one stock encoder for the whole message, in the same run
//     ratio            the second by the first
//     distinct         different lengths among the 256
//     distinct_bytes   the same in whole bytes
//     prepare_us       what there is to do once for every 64 bytes of context
//
// Processor time of the thread, so that a loaded machine hardly disturbs it.
#include <benchmark/benchmark.h>
#include <lzma.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "kraft/bytes.h"
#include "models/lzma/engine.h"

namespace {

using kraft::Byte;
using kraft::Bytes;
using kraft::ByteView;
using kraft::lzma::Engine;
using kraft::lzma::Length;
using kraft::lzma::Text;

constexpr std::uint64_t kTailBytes = 64;

double now_us() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) * 1e-3;
}

// The shortest of three runs.
template <class Work>
double time_us(Work work) {
  double shortest = 0;
  for (int i = 0; i < 3; ++i) {
    const double start = now_us();
    work();
    const double taken = now_us() - start;
    shortest = i == 0 ? taken : std::min(shortest, taken);
  }
  return shortest;
}

double recompression_us(lzma_options_lzma options, ByteView context) {
  Bytes message(context.begin(), context.end());
  message.push_back('e');
  Bytes out(lzma_stream_buffer_bound(message.size()));
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  lzma_stream stream = LZMA_STREAM_INIT;  // keeps its memory from one message to the next
  const double us = time_us([&] {
    if (lzma_raw_encoder(&stream, filters) != LZMA_OK) return;
    stream.next_in = message.data();
    stream.avail_in = message.size();
    stream.next_out = out.data();
    stream.avail_out = out.size();
    benchmark::DoNotOptimize(lzma_code(&stream, LZMA_FINISH));
  });
  lzma_end(&stream);
  return us;
}

void all_next_bytes(benchmark::State& state, const Bytes& input, std::uint32_t preset,
                    std::size_t context_bytes) {
  lzma_options_lzma options;
  lzma_lzma_preset(&options, preset);
  options.dict_size = 1 << 16;
  const Text text{.begin = 0, .context = ByteView(input).first(context_bytes)};

  Engine engine(options, 1, {});
  const auto trailing =
      engine.advance(*engine.start(), text, kraft::lzma::far_flush(context_bytes), false);
  auto flushed = engine.start();
  const double prepare_us = time_us([&] {
    flushed =
        engine.advance(*trailing, text, kraft::lzma::near_flush(context_bytes, kTailBytes), true);
  });

  std::array<Byte, 256> bytes;
  std::vector<Engine::Task> tasks;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<Byte>(i);
    tasks.push_back(
        {.from = flushed.get(), .flush = {}, .text = {0, text.context, {&bytes[i], 1}}});
  }
  std::vector<Length> lengths(tasks.size());
  const double start = now_us();
  for (auto _ : state) engine.lengths(tasks, lengths);
  const double candidate_us =
      (now_us() - start) / static_cast<double>(state.iterations() * bytes.size());

  std::set<double> bits;
  std::set<std::uint64_t> whole_bytes;
  for (const Length& length : lengths) {
    bits.insert(length.bits);
    whole_bytes.insert(length.stream_bytes);
  }
  const double recompress_us = recompression_us(options, text.context);
  state.counters["candidate_us"] = candidate_us;
  state.counters["recompress_us"] = recompress_us;
  state.counters["ratio"] = recompress_us / candidate_us;
  state.counters["distinct"] = static_cast<double>(bits.size());
  state.counters["distinct_bytes"] = static_cast<double>(whole_bytes.size());
  state.counters["prepare_us"] = prepare_us;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc < 2) {
    std::fprintf(stderr, "usage: lzma_bench FILE... [--benchmark_...]\n");
    return 1;
  }
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const Bytes input((std::istreambuf_iterator<char>(file)), {});
    const std::string name = std::string(argv[i]).substr(std::string(argv[i]).rfind('/') + 1);
    for (const std::uint32_t preset : {0u, 1u, 3u, 6u, 9u}) {
      for (const std::size_t context : {2000u, 8000u, 60000u, 250000u}) {
        if (context > input.size()) continue;
        benchmark::RegisterBenchmark(
            (name + "/xz:" + std::to_string(preset) + "/" + std::to_string(context)).c_str(),
            [=](benchmark::State& state) { all_next_bytes(state, input, preset, context); })
            ->Unit(benchmark::kMillisecond);
      }
    }
  }
  benchmark::RunSpecifiedBenchmarks();
}
