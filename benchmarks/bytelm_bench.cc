// What a byte costs in kraft's own engine for language models of bytes: read alone, after a context
// of so many bytes; read with fifteen others, of the same text or of other continuations; and
// coded.
//
//     build/benchmarks/bytelm_bench
//
// ms is the processor's time for a byte, of one thread.
#include <benchmark/benchmark.h>

#include <array>
#include <ctime>
#include <memory>
#include <vector>

#include "kraft/coder.h"
#include "kraft/random.h"
#include "kraft/registry.h"
#include "models/bytelm/engine.h"
#include "models/llama/weights.h"

namespace {

using kraft::bytelm::Cache;
using kraft::bytelm::Distribution;
using kraft::bytelm::Engine;
using kraft::bytelm::Question;

// Of this thread, which does all the work: what else the machine does counts for less.
double processor_seconds() {
  std::timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

kraft::Bytes text_of(std::size_t size) {
  kraft::Random random(1);
  kraft::Bytes text(size);
  for (kraft::Byte& byte : text) byte = static_cast<kraft::Byte>('a' + random.below(26));
  return text;
}

void append(const Engine& engine, Cache& cache, kraft::ByteView text) {
  std::vector<Question> questions;
  for (const kraft::Byte byte : text) questions.push_back({&cache, byte});
  engine.evaluate(questions);
}

const kraft::bytelm::Kernels& kernels(std::int64_t fast) {
  return fast ? kraft::bytelm::fast_kernels() : kraft::bytelm::plain_kernels();
}

std::shared_ptr<const kraft::bytelm::Network> network() {
  return kraft::bytelm::load_network(kraft::find_weights("text"));
}

// A byte after `context` others, for `at_once` sequences that begin alike.
void next(benchmark::State& state) {
  const auto context = static_cast<std::size_t>(state.range(0));
  const auto at_once = static_cast<std::size_t>(state.range(1));
  const Engine engine(network(), 2049, kernels(state.range(2)));
  Cache begun = engine.cache();
  append(engine, begun, text_of(context));
  std::vector<Cache> caches(at_once, begun);
  std::vector<Distribution> distributions(at_once);
  double seconds = 0;
  for (auto _ : state) {
    for (Cache& cache : caches) cache.truncate(context);
    std::vector<Question> questions;
    for (std::size_t i = 0; i < at_once; ++i)
      questions.push_back({&caches[i], 'a' + i, &distributions[i]});
    const double begin = processor_seconds();
    engine.evaluate(questions);
    seconds += processor_seconds() - begin;
  }
  state.counters["ms"] =
      1000 * seconds / static_cast<double>(at_once) / static_cast<double>(state.iterations());
}
BENCHMARK(next)
    ->ArgNames({"context", "at_once", "fast"})
    ->Args({0, 1, 1})
    ->Args({1024, 1, 1})
    ->Args({2047, 1, 1})
    ->Args({1024, 8, 1})
    ->Args({1024, 16, 1})
    ->Args({1024, 1, 0})
    ->Unit(benchmark::kMillisecond);

// A prompt.
void prefill(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const Engine engine(network(), 2049, kernels(1));
  const kraft::Bytes text = text_of(size);
  double seconds = 0;
  for (auto _ : state) {
    Cache cache = engine.cache();
    const double begin = processor_seconds();
    append(engine, cache, text);
    seconds += processor_seconds() - begin;
  }
  state.counters["ms"] =
      1000 * seconds / static_cast<double>(size) / static_cast<double>(state.iterations());
}
BENCHMARK(prefill)->ArgName("bytes")->Arg(256)->Arg(2048)->Unit(benchmark::kMillisecond);

// A text through the model and the coder.
void code(benchmark::State& state) {
  const auto model = kraft::make_model("bytelm:text");
  const kraft::Bytes text = text_of(static_cast<std::size_t>(state.range(0)));
  double seconds = 0;
  for (auto _ : state) {
    const double begin = processor_seconds();
    kraft::RangeEncoder encoder;
    kraft::encode_bytes(*model->start(), text, encoder);
    benchmark::DoNotOptimize(encoder.finish());
    seconds += processor_seconds() - begin;
  }
  state.counters["ms"] =
      1000 * seconds / static_cast<double>(text.size()) / static_cast<double>(state.iterations());
}
BENCHMARK(code)->ArgName("bytes")->Arg(256)->Arg(4096)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
