// What drawing from a language model through kraft, and compressing with it, cost over a loop on
// llama.cpp alone: the same model, draws and settings, in turn, one byte at a time; drawing after a
// context of 256 bytes.
//
//     build/benchmarks/llama_bench
//
// bare_ms, kraft_ms and stock_ms are the medians per byte, in processor time; overhead is the
// median of kraft's time over that of the bare loop just before or after it. stock_ms is the bare
// loop with llama.cpp's own settings (cache in half precision, flash attention where it helps),
// which do not promise the same bits.
#include <benchmark/benchmark.h>

#ifdef KRAFT_HAVE_LLAMA

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <memory>
#include <vector>

#include "kraft/coder.h"
#include "kraft/registry.h"
#include "kraft/sampler.h"
#include "tests/models/tiny_gguf.h"

namespace {

constexpr std::size_t kContextBytes = 256;
constexpr std::size_t kDrawnBytes = 64;

// Of this thread, which does all the work: what else the machine does counts for less.
double processor_seconds() {
  std::timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double milliseconds(double begin_seconds) {
  return 1000 * (processor_seconds() - begin_seconds) / static_cast<double>(kDrawnBytes);
}

kraft::Bytes context_bytes() {
  kraft::Random random(1);
  kraft::Bytes bytes(kContextBytes);
  for (kraft::Byte& byte : bytes) byte = static_cast<kraft::Byte>(random.below(256));
  return bytes;
}

class Bare {
 public:
  Bare(const std::string& path, bool reproducible) {
    llama_model_params model_params = llama_model_default_params();
    model_params.progress_callback = [](float, void*) { return true; };
    model_params.use_extra_bufts = !reproducible;
    model_ = llama_model_load_from_file(path.c_str(), model_params);
    llama_context_params params = llama_context_default_params();
    params.n_ctx = 2048;
    params.n_threads = params.n_threads_batch = 1;
    params.no_perf = true;
    if (reproducible) {
      params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
      params.type_k = params.type_v = GGML_TYPE_F32;
    }
    context_ = llama_init_from_model(model_, params);
  }
  ~Bare() {
    llama_free(context_);
    llama_model_free(model_);
  }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;

  // Milliseconds for each byte that is evaluated, one after the other.
  double evaluate(const kraft::Bytes& text) {
    llama_memory_clear(llama_get_memory(context_), false);
    llama_token token = 256;
    const double begin = processor_seconds();
    llama_decode(context_, llama_batch_get_one(&token, 1));
    for (const kraft::Byte byte : text) {
      benchmark::DoNotOptimize(llama_get_logits_ith(context_, -1));
      token = byte;
      llama_decode(context_, llama_batch_get_one(&token, 1));
    }
    return 1000 * (processor_seconds() - begin) / static_cast<double>(text.size());
  }

  // Milliseconds for each byte drawn.
  double draw(const kraft::Bytes& context, kraft::Bytes& drawn) {
    llama_memory_clear(llama_get_memory(context_), false);
    std::vector<llama_token> tokens = {256};
    tokens.insert(tokens.end(), context.begin(), context.end());
    llama_decode(context_, llama_batch_get_one(tokens.data(), static_cast<int>(tokens.size())));
    kraft::Random random(1);
    std::vector<double> weights(256);
    drawn.clear();
    const double begin = processor_seconds();
    while (drawn.size() < kDrawnBytes) {
      const float* logits = llama_get_logits_ith(context_, -1);
      const float most = *std::max_element(logits, logits + 256);
      for (std::size_t i = 0; i < 256; ++i) weights[i] = std::exp(logits[i] - most);
      auto token = static_cast<llama_token>(random.choose(weights));
      drawn.push_back(static_cast<kraft::Byte>(token));
      llama_decode(context_, llama_batch_get_one(&token, 1));
    }
    return milliseconds(begin);
  }

 private:
  llama_model* model_;
  llama_context* context_;
};

double draw_with_kraft(const kraft::Model& model, const kraft::Bytes& context,
                       kraft::Bytes& drawn) {
  const auto state = model.start(context);
  state->context_bits();
  const auto sampler = kraft::make_sampler("ancestral");
  kraft::Random random(1);
  const double begin = processor_seconds();
  drawn = kraft::sample(*sampler, *state, kraft::Candidates::units_of(model),
                        {.length_bytes = kDrawnBytes, .history = context}, random);
  state->context_bits();  // the last byte's evaluation, as in the bare loop
  return milliseconds(begin);
}

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

// A model with random weights of the size of those that come with kraft: 4 million parameters.
class RandomModel {
 public:
  RandomModel()
      : path_(std::filesystem::temp_directory_path() /
              ("kraft-bench-" + std::to_string(getpid()) + ".gguf")) {
    llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
    kraft::testing::write_gguf({.embedding = 256,
                                .layers = 5,
                                .heads = 8,
                                .feed_forward = 672,
                                .context = 2048,
                                .type = GGML_TYPE_Q8_0},
                               path_.string());
  }
  ~RandomModel() { std::filesystem::remove(path_); }
  RandomModel(const RandomModel&) = delete;
  RandomModel& operator=(const RandomModel&) = delete;

  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

void drawing_a_byte(benchmark::State& state) {
  const RandomModel file;
  const auto model = kraft::make_model("llama:" + file.path());
  Bare bare(file.path(), true), stock(file.path(), false);
  const kraft::Bytes context = context_bytes();
  std::vector<double> bare_ms, kraft_ms, stock_ms, ratios;
  kraft::Bytes one, other;
  for (auto _ : state) {
    const bool bare_first = ratios.size() % 2 == 0;
    if (bare_first) bare_ms.push_back(bare.draw(context, one));
    kraft_ms.push_back(draw_with_kraft(*model, context, other));
    if (!bare_first) bare_ms.push_back(bare.draw(context, one));
    ratios.push_back(kraft_ms.back() / bare_ms.back());
    if (one != other) state.SkipWithError("they draw different bytes");
    stock_ms.push_back(stock.draw(context, one));
  }
  state.counters["bare_ms"] = median(bare_ms);
  state.counters["kraft_ms"] = median(kraft_ms);
  state.counters["stock_ms"] = median(stock_ms);
  state.counters["overhead"] = median(ratios);
}

void compressing_a_byte(benchmark::State& state) {
  const RandomModel file;
  const auto model = kraft::make_model("llama:" + file.path(), {.threads = 1});
  const auto codec = kraft::codec_of(model);
  Bare bare(file.path(), true);
  const kraft::Bytes text = context_bytes();
  const auto each = [&](double begin) {
    return 1000 * (processor_seconds() - begin) / static_cast<double>(text.size());
  };
  std::vector<double> bare_ms, encode_ms, decode_ms, encode_ratios, decode_ratios;
  kraft::Bytes stream;
  for (auto _ : state) {
    bare_ms.push_back(bare.evaluate(text));
    double begin = processor_seconds();
    codec->encoder()->encode(text, stream);
    encode_ms.push_back(each(begin));
    begin = processor_seconds();
    if (codec->decode(stream) != text) state.SkipWithError("it decodes to something else");
    decode_ms.push_back(each(begin));
    encode_ratios.push_back(encode_ms.back() / bare_ms.back());
    decode_ratios.push_back(decode_ms.back() / bare_ms.back());
  }
  state.counters["bare_ms"] = median(bare_ms);
  state.counters["encode_ms"] = median(encode_ms);
  state.counters["decode_ms"] = median(decode_ms);
  state.counters["encode_overhead"] = median(encode_ratios);
  state.counters["decode_overhead"] = median(decode_ratios);
}

BENCHMARK(drawing_a_byte)->Iterations(100)->Unit(benchmark::kMillisecond);
BENCHMARK(compressing_a_byte)->Iterations(20)->Unit(benchmark::kMillisecond);

}  // namespace

#endif  // KRAFT_HAVE_LLAMA

BENCHMARK_MAIN();
