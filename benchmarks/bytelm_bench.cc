// What a byte costs in kraft's own engine for language models of bytes, with and without vector
// instructions, and what it costs in `bytelm:text` and `llama#1:text`: predicted, drawn and decoded
// alone; read from a prompt and encoded, where what follows is known; and one of eight
// continuations, which are evaluated together.
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
#include "kraft/sampler.h"
#include "models/bytelm/engine.h"
#include "models/llama/weights.h"

namespace {

using kraft::bytelm::Cache;
using kraft::bytelm::Distribution;
using kraft::bytelm::Engine;
using kraft::bytelm::Question;

constexpr std::size_t kContextBytes = 1024;
constexpr std::size_t kCodedBytes = 2047;
constexpr std::size_t kMostBytes = 2048;

// Of this thread, which does all the work: what else the machine does counts for less.
double processor_seconds() {
  std::timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// What the model writes, the same each time.
kraft::Bytes text_of(std::size_t size) {
  static const kraft::Bytes text = [] {
    kraft::Random random(1);
    const auto state = kraft::make_model("bytelm:text")->start();
    return kraft::sample(*kraft::make_sampler("ancestral"), *state, kraft::Candidates::all(),
                         {.length_bytes = kMostBytes}, random);
  }();
  return {text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size)};
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

// Of a loop over what a benchmark measures.
template <typename Work>
void measure(benchmark::State& state, std::size_t bytes, const Work& work) {
  double seconds = 0;
  for (auto _ : state) {
    const double begin = processor_seconds();
    work();
    seconds += processor_seconds() - begin;
  }
  state.counters["ms"] =
      1000 * seconds / static_cast<double>(bytes) / static_cast<double>(state.iterations());
}

std::shared_ptr<const kraft::Model> model_of(const char* spec) {
  return kraft::make_model(spec, {.threads = 1});
}

// With the whole distribution, after a context.
std::unique_ptr<kraft::State> begun(const kraft::Model& model) {
  auto state = model.start(text_of(kContextBytes));
  std::array<double, 256> bits;
  state->next_byte(bits);
  return state;
}

void predicted(benchmark::State& state, const char* spec) {
  const auto model = model_of(spec);
  const auto context = begun(*model);
  const kraft::Mark mark = context->mark();
  std::array<double, 256> bits;
  measure(state, 1, [&] {
    context->observe(kraft::as_bytes("a"));
    context->next_byte(bits);
    context->rewind(mark);
  });
}

void drawn(benchmark::State& state, const char* spec) {
  constexpr std::size_t kBytes = 32;
  const auto model = model_of(spec);
  const auto context = begun(*model);
  const auto sampler = kraft::make_sampler("ancestral");
  const kraft::Mark mark = context->mark();
  measure(state, kBytes, [&] {
    kraft::Random random(1);
    kraft::sample(*sampler, *context, kraft::Candidates::all(), {.length_bytes = kBytes}, random);
    context->rewind(mark);
  });
}

void continued_by_eight(benchmark::State& state, const char* spec) {
  const auto model = model_of(spec);
  const auto context = begun(*model);
  const kraft::Bytes ends = kraft::Bytes{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'};
  std::vector<kraft::ByteView> prefixes;
  for (const kraft::Byte& end : ends) prefixes.emplace_back(&end, 1);
  const kraft::Bytes alphabet = {'x'};
  std::array<double, 8> bits;
  measure(state, ends.size(), [&] { context->extend(prefixes, alphabet, bits); });
}

void prompt(benchmark::State& state, const char* spec) {
  const auto model = model_of(spec);
  const kraft::Bytes text = text_of(2047);
  measure(state, text.size(), [&] {
    std::array<double, 256> bits;
    model->start(text)->next_byte(bits);
  });
}

void encoded(benchmark::State& state, const char* spec) {
  const auto model = model_of(spec);
  const kraft::Bytes text = text_of(kCodedBytes);
  measure(state, text.size(), [&] {
    kraft::RangeEncoder encoder;
    kraft::encode_bytes(*model->start(), text, encoder);
    benchmark::DoNotOptimize(encoder.finish());
  });
}

void decoded(benchmark::State& state, const char* spec) {
  const auto model = model_of(spec);
  const kraft::Bytes text = text_of(kCodedBytes);
  kraft::RangeEncoder encoder;
  kraft::encode_bytes(*model->start(), text, encoder);
  const kraft::Bytes stream = encoder.finish();
  measure(state, text.size(), [&] {
    kraft::RangeDecoder decoder(stream);
    benchmark::DoNotOptimize(kraft::decode_bytes(*model->start(), text.size(), decoder));
  });
}

#ifdef KRAFT_HAVE_LLAMA
#define KRAFT_OF_BOTH(function)                                                      \
  BENCHMARK_CAPTURE(function, bytelm, "bytelm:text")->Unit(benchmark::kMillisecond); \
  BENCHMARK_CAPTURE(function, llama, "llama#1:text")->Unit(benchmark::kMillisecond)
#else
#define KRAFT_OF_BOTH(function) \
  BENCHMARK_CAPTURE(function, bytelm, "bytelm:text")->Unit(benchmark::kMillisecond)
#endif

KRAFT_OF_BOTH(predicted);
KRAFT_OF_BOTH(drawn);
KRAFT_OF_BOTH(continued_by_eight);
KRAFT_OF_BOTH(prompt);
KRAFT_OF_BOTH(encoded);
KRAFT_OF_BOTH(decoded);

}  // namespace

BENCHMARK_MAIN();
