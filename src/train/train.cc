// kraft-train: trains a small LLaMA of bytes, or of tokens, on one file.
//
//   kraft-train --data text.bin --valid mobydick.txt --out text.ckpt --steps 3000
//   kraft-train --data text.bin --tokens 5000 --out text.ckpt
//
// Tokens are byte pairs learnt from the file, which the checkpoint keeps. Every sequence begins
// with a BOS token followed by consecutive tokens of the file. Batches depend on --seed and on the
// step alone, so that a training which was stopped goes on from its checkpoint as if nothing had
// happened. kraft-export turns a checkpoint into GGUF.
#include <algorithm>
#include <boost/program_options.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "evaluate/bpe.h"
#include "kraft/error.h"
#include "train/checkpoint.h"
#include "train/optimizer.h"
#include "train/transformer.h"
#include "train/words.h"

namespace kraft::train {
namespace {

namespace po = boost::program_options;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBytes = 256;
constexpr std::size_t kMostTokens = 65535;  // and BOS: a token is kept in two bytes

// Sequences are `length` long until this share of all steps is done.
struct Stage {
  double until = 1;
  std::int64_t length = 512;
};

struct Options {
  std::string data, valid, out;
  std::int64_t steps = 3000;
  std::int64_t warmup = 40;
  double decay = 0.4;  // share of the steps at the end over which the rate falls to 0
  std::int64_t batch = 16384;
  std::int64_t micro_batch = 4096;
  std::int64_t align = 1;
  std::size_t tokens = kBytes;
  std::uint64_t seed = 1;
  unsigned threads = 0;
  std::int64_t every = 100;
  std::size_t valid_chunks = 24;
  std::vector<Stage> stages;
};

// "512:0.9,2048:1"
std::vector<Stage> parse_stages(const std::string& text) {
  std::vector<Stage> stages;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    long long length = 0;
    Stage stage;
    if (std::sscanf(text.substr(at, end - at).c_str(), "%lld:%lf", &length, &stage.until) < 1 ||
        length < 2)
      throw UsageError("--lengths: expected LENGTH:SHARE,..., found " + text);
    stage.length = length;
    stages.push_back(stage);
    at = end + 1;
  }
  if (stages.empty()) throw UsageError("--lengths is empty");
  return stages;
}

std::int64_t length_at(const Options& options, std::int64_t step) {
  const double done = static_cast<double>(step) / static_cast<double>(options.steps);
  for (const Stage& stage : options.stages)
    if (done < stage.until) return stage.length;
  return options.stages.back().length;
}

double rate_at(const Options& options, std::int64_t step) {
  const double left =
      static_cast<double>(options.steps - step) / static_cast<double>(options.steps);
  const double warm = static_cast<double>(step + 1) / static_cast<double>(options.warmup);
  return std::min({1.0, warm, left / options.decay});
}

struct Batch {
  std::vector<std::int32_t> tokens, targets;

  void append(std::int32_t begin, std::span<const std::uint16_t> sequence) {
    tokens.push_back(begin);
    tokens.insert(tokens.end(), sequence.begin(), sequence.end() - 1);
    targets.insert(targets.end(), sequence.begin(), sequence.end());
  }
};

// The checkpoint, or a new model where there is none.
Checkpoint first_state(const Options& options, const Config& shape, const Bytes& data) {
  if (std::filesystem::exists(options.out)) {
    Checkpoint state = Checkpoint::load(options.out);
    Config wanted = shape;
    wanted.vocabulary = static_cast<std::int64_t>(options.tokens) + 1;
    if (state.config != wanted) throw Error(options.out + ": holds a model of another shape");
    return state;
  }
  BytePairs pairs;
  if (options.tokens > kBytes) pairs = BytePairs::learn_words(gpt2_words(data), options.tokens);
  if (pairs.size() < options.tokens)
    throw Error(options.data + ": has no more than " + std::to_string(pairs.size()) +
                " tokens that occur twice");
  return {shape, std::move(pairs), options.seed};
}

class Training {
 public:
  Training(Options options, const Config& config)
      : Training(std::move(options), config, read_whole(options.data)) {}

  void run() {
    const auto begin = Clock::now();
    const std::int64_t first = state_.optimizer.steps;
    double mean_bits = 0;
    std::int64_t since = 0;
    while (state_.optimizer.steps < options_.steps) {
      const std::int64_t step = state_.optimizer.steps;
      mean_bits += one_step(step);
      ++since;
      if ((step + 1) % options_.every != 0 && step + 1 != options_.steps) continue;
      const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
      const double per_step = seconds / static_cast<double>(step + 1 - first);
      std::fprintf(stderr, "step %lld/%lld  %.4f bits/byte  %.0f tokens/s  %.0f s left",
                   static_cast<long long>(step + 1), static_cast<long long>(options_.steps),
                   mean_bits / static_cast<double>(since),
                   static_cast<double>(options_.batch) / per_step,
                   per_step * static_cast<double>(options_.steps - step - 1));
      if (!valid_.empty()) std::fprintf(stderr, "  valid %.4f", validate());
      std::fputc('\n', stderr);
      mean_bits = 0;
      since = 0;
      state_.save(options_.out);
    }
  }

 private:
  Training(Options options, const Config& config, const Bytes& data)
      : options_(std::move(options)),
        pool_(options_.threads),
        state_(first_state(options_, config, data)),
        data_(tokens_of(state_.pairs, data)),
        micros_(options_.batch / options_.micro_batch) {
    for (std::uint32_t token = 0; token < state_.pairs.size(); ++token)
      token_bytes_.push_back(state_.pairs.bytes_of(token).size());
    if (!options_.valid.empty()) valid_ = read_whole(options_.valid);
    const auto longest = std::ranges::max(options_.stages, {}, &Stage::length).length;
    if (data_.size() < static_cast<std::size_t>(longest + options_.align))
      throw Error(options_.data + ": too short for sequences of " + std::to_string(longest));
    if (micros_ < 1) throw UsageError("--batch is smaller than --micro-batch");
    for (unsigned i = 0; i < pool_.size(); ++i) workers_.emplace_back(state_.config);
    gradients_.resize(static_cast<std::size_t>(micros_));
    for (auto& gradient : gradients_) gradient.resize(state_.parameters.size());
  }

  std::size_t bytes_of(const Batch& batch) const {
    std::size_t bytes = 0;
    for (const std::int32_t token : batch.targets)
      bytes += token_bytes_[static_cast<std::size_t>(token)];
    return bytes;
  }

  double one_step(std::int64_t step) {
    const std::int64_t length = length_at(options_, step);
    std::vector<double> bits(static_cast<std::size_t>(micros_));
    const std::int32_t begin = state_.config.begin();
    pool_.run(static_cast<std::size_t>(micros_), [&](std::size_t micro, unsigned worker) {
      std::seed_seq seed{options_.seed, static_cast<std::uint64_t>(step), std::uint64_t{micro}};
      std::mt19937_64 engine(seed);
      Batch batch;
      const std::size_t places = (data_.size() - static_cast<std::size_t>(length)) /
                                     static_cast<std::size_t>(options_.align) +
                                 1;
      for (std::int64_t i = 0; i < options_.micro_batch / length; ++i)
        batch.append(begin, std::span(data_).subspan(
                                engine() % places * static_cast<std::size_t>(options_.align),
                                static_cast<std::size_t>(length)));
      std::ranges::fill(gradients_[micro], 0.0F);
      bits[micro] = workers_[worker].run(state_.parameters, length, batch.tokens, batch.targets,
                                         gradients_[micro]) /
                    static_cast<double>(bytes_of(batch));
    });
    std::vector<float>& sum = gradients_[0];
    for (std::size_t m = 1; m < gradients_.size(); ++m)
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += gradients_[m][i];
    const auto scale = 1 / static_cast<float>(options_.batch);
    for (float& value : sum) value *= scale;
    state_.optimizer.step(rate_at(options_, step), sum, state_.parameters);
    double mean = 0;
    for (const double b : bits) mean += b / static_cast<double>(micros_);
    return mean;
  }

  // Mean bits per byte in chunks of 2048, spread evenly over the file.
  double validate() {
    constexpr std::size_t kChunk = 2048;
    const std::size_t there = valid_.size() / kChunk;
    const std::size_t count = std::min(options_.valid_chunks, there);
    std::vector<double> bits(count);
    pool_.run(count, [&](std::size_t i, unsigned worker) {
      const ByteView chunk = ByteView(valid_).subspan(i * (there / count) * kChunk, kChunk);
      Batch batch;
      batch.append(state_.config.begin(), tokens_of(state_.pairs, chunk));
      bits[i] =
          workers_[worker].run(state_.parameters, static_cast<std::int64_t>(batch.tokens.size()),
                               batch.tokens, batch.targets, {});
    });
    double sum = 0;
    for (const double b : bits) sum += b;
    return sum / static_cast<double>(count * kChunk);
  }

  Options options_;
  ThreadPool pool_;
  Checkpoint state_;
  std::vector<std::uint16_t> data_;  // in tokens
  Bytes valid_;
  std::vector<std::size_t> token_bytes_;  // by token
  std::int64_t micros_;
  std::vector<Transformer> workers_;
  std::vector<std::vector<float>> gradients_;
};

int run(int argc, char** argv) {
  Options options;
  Config config;
  std::string stages;
  po::options_description description("kraft-train: train a small LLaMA");
  auto add = description.add_options();
  add("help", "this text");
  add("data", po::value(&options.data)->required(), "file to train on");
  add("valid", po::value(&options.valid), "file never trained on, scored in chunks of 2048 bytes");
  add("out", po::value(&options.out)->required(), "checkpoint; training goes on from it");
  add("tokens", po::value(&options.tokens)->default_value(options.tokens),
      "byte pairs are learnt from the data until there are so many tokens; 256: bytes");
  add("layers", po::value(&config.layers)->default_value(config.layers), "layers");
  add("width", po::value(&config.width)->default_value(config.width), "of the residual stream");
  add("heads", po::value(&config.heads)->default_value(config.heads), "attention heads");
  add("inner", po::value(&config.inner)->default_value(config.inner),
      "width of the feed-forward part");
  add("steps", po::value(&options.steps)->default_value(options.steps), "in all");
  add("decay", po::value(&options.decay)->default_value(options.decay),
      "share of the steps over which the rate falls to 0");
  add("batch", po::value(&options.batch)->default_value(options.batch), "tokens of a step");
  add("micro-batch", po::value(&options.micro_batch)->default_value(options.micro_batch),
      "tokens that one thread takes at a time");
  add("lengths", po::value(&stages)->default_value("512:0.9,2048:1"),
      "LENGTH:SHARE,...: tokens of a sequence until that share of the steps");
  add("align", po::value(&options.align)->default_value(options.align),
      "sequences begin at multiples of this");
  add("seed", po::value(&options.seed)->default_value(options.seed),
      "of the first weights and the batches");
  add("threads", po::value(&options.threads)->default_value(options.threads),
      "0: one per processor");
  add("every", po::value(&options.every)->default_value(options.every),
      "steps between reports and checkpoints");
  po::variables_map values;
  po::store(po::parse_command_line(argc, argv, description), values);
  if (values.contains("help")) {
    std::puts("kraft-train --data FILE --out FILE [options]");
    for (const auto& option : description.options())
      std::printf("  --%-14s %s\n", option->long_name().c_str(), option->description().c_str());
    return 0;
  }
  po::notify(values);
  options.stages = parse_stages(stages);
  if (options.tokens < kBytes || options.tokens > kMostTokens)
    throw UsageError("--tokens " + std::to_string(options.tokens) + ": expected 256..65535");
  if (options.tokens > kBytes && options.align > 1)
    throw UsageError("--align is for models of bytes, and --tokens makes one of others");
  Training(std::move(options), config).run();
  return 0;
}

}  // namespace
}  // namespace kraft::train

int main(int argc, char** argv) {
  try {
    return kraft::train::run(argc, argv);
  } catch (const kraft::UsageError& error) {
    std::fprintf(stderr, "kraft-train: %s\n", error.what());
    return 2;
  } catch (const boost::program_options::error& error) {
    std::fprintf(stderr, "kraft-train: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kraft-train: %s\n", error.what());
    return 1;
  }
}
