#include "models/bytelm/engine.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>

namespace kraft::bytelm {
namespace {

// Of a cache's block: keys, values, and the shifts of both.
std::size_t bytes_of_layer(const Network& network) {
  return 2 * kBlockTokens * (network.width + network.heads);
}

}  // namespace

// A token of a batch.
struct Engine::Item {
  Cache* cache;
  std::size_t position;
  std::size_t token;
  Distribution* next;
  std::vector<float>* hidden;
  std::size_t slot = 0;  // of its residual
};

// The place of a batch among those that follow each other through the layers.
class Engine::Turn {
 public:
  using LayersDone = std::atomic<std::size_t>;

  // The only batch.
  Turn() = default;

  Turn(const LayersDone* before, LayersDone* own) : before_(before), own_(own) {}

  // Its keys and values of a layer are there. Waits for those of all batches before it.
  void done_with(std::size_t layer) const {
    if (before_ != nullptr) {
      for (std::size_t done = before_->load(); done <= layer; done = before_->load())
        before_->wait(done);
    }
    give_up(layer + 1);
  }

  // No one waits for so many layers any longer.
  void give_up(std::size_t layers) const {
    if (own_ == nullptr) return;
    own_->store(layers);
    own_->notify_all();
  }

 private:
  const LayersDone* before_ = nullptr;
  LayersDone* own_ = nullptr;
};

// What a matrix is multiplied by, for each item.
struct Engine::Inputs {
  std::vector<std::int16_t> numbers;
  std::array<Scale, kMostInputs> scales{};
};

// The memory of an evaluation. Each thread keeps one.
struct Engine::Work {
  void resize(const Network& network, std::size_t window_tokens) {
    const std::size_t columns = std::max(network.width, network.inner);
    const auto at_least = [](auto& vector, std::size_t size) {
      if (vector.size() < size) vector.resize(size);
    };
    stride = columns;
    at_least(inputs.numbers, kMostInputs * columns);
    at_least(residual, kMostInputs * network.width);
    at_least(wide, columns);
    sums_stride = std::max(columns, kBegin) + kRowsAtOnce;
    at_least(sums, kMostInputs * sums_stride);
    at_least(projected, 3 * kMostInputs * columns);
    at_least(queries, kMostInputs * network.width);
    at_least(score_shifts, kMostInputs * network.heads);
    blocks = Attention::most_blocks(window_tokens);
    at_least(of_tokens, kMostInputs * blocks * kBlockTokens);
    at_least(octaves, kMostInputs * blocks);
    at_least(block_sums, kMostInputs * blocks);
    at_least(mixed, kMostInputs * network.width);
    at_least(weights, kMostInputs * network.heads);
    at_least(logits, kMostInputs * kBegin);
  }

  std::int16_t* numbers(std::size_t item) { return inputs.numbers.data() + item * stride; }

  std::vector<Item> items;
  Inputs inputs;
  std::size_t stride = 0;              // of inputs
  std::vector<std::int32_t> residual;  // Q16, by slot
  std::vector<std::int64_t> wide;
  std::vector<std::int32_t> sums;
  std::size_t sums_stride = 0;
  std::vector<std::int32_t> projected;  // Q16: queries, keys and values; gates
  std::vector<std::int16_t> queries;
  std::vector<int> score_shifts;
  std::size_t blocks = 0;  // of a token's octaves and sums
  std::vector<std::int16_t> of_tokens;
  std::vector<std::int32_t> octaves, block_sums, mixed;
  std::vector<std::uint64_t> weights;
  std::vector<std::int32_t> logits;
};

Engine::Engine(std::shared_ptr<const Network> network, std::size_t window_tokens,
               const Kernels& kernels, unsigned threads)
    : network_(std::move(network)),
      window_tokens_(window_tokens),
      kernels_(kernels),
      rotations_(rotations(window_tokens, network_->head_width() / 2, network_->rope_base_q16)),
      pool_(threads) {
  mix_shift_ = std::max(1, static_cast<int>(std::bit_width(window_tokens)) - 9);
  constexpr Wide kOctavesOfNat = 1549082005;  // 1 / ln 2, in units of 2^-30
  // The root of 2^92 / head_width has 46 bits behind the point.
  const std::uint64_t over_root = wide_square_root((Wide{1} << 92) / network_->head_width());
  query_scale_q30_ = static_cast<std::int64_t>(over_root * kOctavesOfNat >> 46);
}

Cache Engine::cache() const { return Cache(network_->layer_count * bytes_of_layer(*network_)); }

void Engine::evaluate(std::span<const Question> questions) const {
  constexpr std::size_t kMany = 4 * kMostInputs;
  std::vector<Item> items;
  for (const Question& question : questions)
    items.push_back(
        {question.cache, question.cache->append(), question.token, question.next, question.hidden});
  const bool one_sequence = std::ranges::all_of(
      items, [&items](const Item& item) { return item.cache == items[0].cache; });
  if (items.size() >= kMany && one_sequence && pool_.size() > 1) {
    const std::unique_lock lock(pool_is_used_, std::try_to_lock);
    if (lock.owns_lock()) return evaluate_by_threads(items);
  }
  for (std::span<const Item> rest = items; !rest.empty();) {
    const std::size_t count = std::min(rest.size(), kMostInputs);
    evaluate_some(rest.first(count), {});
    rest = rest.subspan(count);
  }
}

// A batch is what a block of the cache has of the items, so that no other one writes what it reads.
void Engine::evaluate_by_threads(std::span<const Item> items) const {
  static_assert(kBlockTokens <= kMostInputs);
  const std::size_t before = items[0].position % kBlockTokens;
  const std::size_t batches = (before + items.size() + kBlockTokens - 1) / kBlockTokens;
  std::vector<Turn::LayersDone> done(batches);
  pool_.run(batches, [&](std::size_t batch, unsigned) {
    const std::size_t first = batch == 0 ? 0 : batch * kBlockTokens - before;
    const std::size_t last = std::min((batch + 1) * kBlockTokens - before, items.size());
    const Turn turn(batch == 0 ? nullptr : &done[batch - 1], &done[batch]);
    try {
      evaluate_some(items.subspan(first, last - first), turn);
    } catch (...) {
      turn.give_up(network_->layer_count);
      throw;
    }
  });
}

void Engine::evaluate_some(std::span<const Item> items, const Turn& turn) const {
  static thread_local Work work;
  work.resize(*network_, window_tokens_);
  const std::size_t width = network_->width;
  work.items.assign(items.begin(), items.end());
  for (std::size_t slot = 0; slot < items.size(); ++slot) {
    work.items[slot].slot = slot;
    std::copy_n(network_->embedding.data() + items[slot].token * width, width,
                work.residual.data() + slot * width);
  }
  for (std::size_t l = 0; l < network_->layer_count; ++l) {
    attend(l, turn, work);
    if (work.items.empty()) return;
    feed_forward(network_->layers[l], work);
  }
  normalise(work, network_->last_gain);
  show_hidden(work);
  project(network_->output, work, work.logits.data(), kBegin);
  for (std::size_t i = 0; i < work.items.size(); ++i)
    *work.items[i].next = Distribution({work.logits.data() + i * kBegin, kBegin});
}

void Engine::normalise(Work& work, std::span<const std::int32_t> gain) const {
  const std::size_t width = network_->width;
  for (std::size_t item = 0; item < work.items.size(); ++item)
    work.inputs.scales[item] =
        kernels_.normalise(work.residual.data() + work.items[item].slot * width, gain.data(), width,
                           network_->epsilon_q32, work.wide.data(), work.numbers(item));
}

// The inputs have 13 bits, their factor 16: products are exact, and rounded to the nearest float.
void Engine::show_hidden(Work& work) const {
  for (std::size_t item = 0; item < work.items.size(); ++item) {
    std::vector<float>* hidden = work.items[item].hidden;
    if (hidden == nullptr) continue;
    const auto [factor, exponent] = work.inputs.scales[item];
    const std::int16_t* numbers = work.numbers(item);
    hidden->resize(network_->width);
    for (std::size_t i = 0; i < hidden->size(); ++i)
      (*hidden)[i] = static_cast<float>(std::ldexp(factor * numbers[i], -exponent));
  }
}

// Rounds numbers in units of 2^-fraction_bits, in `wide`, to the inputs of an item.
void Engine::set_inputs(std::size_t item, std::size_t count, int fraction_bits, Work& work) const {
  const int right = kernels_.round(work.wide.data(), count, kInputBits, work.numbers(item));
  work.inputs.scales[item] = {1 << kFactorBits, fraction_bits - right + kFactorBits};
}

// to[item * stride + row] = matrix times inputs, in Q16.
void Engine::project(const Matrix& matrix, Work& work, std::int32_t* to, std::size_t stride) const {
  std::array<const std::int16_t*, kMostInputs> inputs;
  std::array<std::int32_t*, kMostInputs> sums;
  const std::size_t count = work.items.size();
  for (std::size_t item = 0; item < count; ++item) {
    inputs[item] = work.numbers(item);
    sums[item] = work.sums.data() + item * work.sums_stride;
  }
  kernels_.multiply(matrix.weights.data(), matrix.blocks(), matrix.columns, inputs.data(), count,
                    sums.data());
  for (std::size_t item = 0; item < count; ++item) {
    const Scale& scale = work.inputs.scales[item];
    kernels_.scale(matrix.scales.data(), scale.factor, sums[item], matrix.rows,
                   matrix.exponent + scale.exponent - kFactorBits - kResidualBits,
                   to + item * stride);
  }
}

// Rotates query and key by their position, in interleaved pairs, and writes key and value to the
// cache.
void Engine::keep(std::size_t layer, std::size_t item, Work& work) const {
  const Network& network = *network_;
  const std::size_t width = network.width, head_width = network.head_width();
  const std::size_t position = work.items[item].position;
  const Rotation* rotation = rotations_.data() + position * (head_width / 2);
  std::int32_t* query = work.projected.data() + item * 3 * width;
  std::int32_t* key = query + width;
  const std::int32_t* value = key + width;
  for (std::size_t head = 0; head < 2 * network.heads; ++head)
    kernels_.turn(rotation, head_width / 2, query + head * head_width);

  const std::size_t slot = position % kBlockTokens;
  std::int8_t* block =
      work.items[item].cache->writable(position / kBlockTokens) + layer * bytes_of_layer(network);
  const std::int64_t most_key = (1 << key_bits(head_width)) - 1;
  constexpr std::int64_t kMostValue = (1 << kValueBits) - 1;
  for (std::size_t head = 0; head < network.heads; ++head) {
    const int key_right = kResidualBits - network.layers[layer].key_exponents[head];
    const int value_right = kResidualBits - network.layers[layer].value_exponents[head];
    std::int8_t* keys = block + head * head_width * kBlockTokens;
    std::int8_t* values = keys + width * kBlockTokens;
    std::int8_t* shifts = block + 2 * kBlockTokens * (width + head);
    std::array<std::int16_t, kMostHeadWidth> kept;
    shifts[slot] = static_cast<std::int8_t>(
        kernels_.narrow(key + head * head_width, head_width, key_right, most_key, kept.data()));
    std::int8_t* to = keys + 2 * slot;
    for (std::size_t i = 0; i < head_width; i += 2, to += 2 * kBlockTokens) {
      to[0] = static_cast<std::int8_t>(kept[i]);
      to[1] = static_cast<std::int8_t>(kept[i + 1]);
    }
    shifts[kBlockTokens + slot] = static_cast<std::int8_t>(kernels_.narrow(
        value + head * head_width, head_width, value_right, kMostValue, kept.data()));
    to = values + slot / 2 * head_width * 2 + slot % 2;
    for (std::size_t i = 0; i < head_width; ++i) to[2 * i] = static_cast<std::int8_t>(kept[i]);
  }
}

// Queries in the units that scores need, rounded; returns how far products are shifted to scores.
int Engine::round_query(const std::int32_t* query, int key_exponent, Work& work,
                        std::int16_t* rounded) const {
  const std::size_t head_width = network_->head_width();
  const int most_bits = key_bits(head_width);
  for (std::size_t i = 0; i < head_width; ++i)
    work.wide[i] = query[i] * query_scale_q30_ >> kResidualBits;  // Q30
  const int right = kernels_.round(work.wide.data(), head_width, most_bits, rounded);
  // Products are in units of 2^(right - 30 - key_exponent), scores of 2^-16.
  return std::clamp(30 - right + key_exponent - 16, 2, 31);
}

// The heads of all tokens, as inputs of the matrix behind them.
void Engine::mix_heads(std::size_t l, Work& work) const {
  constexpr int kFractionBits = 12;  // of mixed values, in their units
  const Network& network = *network_;
  const Layer& layer = network.layers[l];
  const std::size_t width = network.width, heads = network.heads;
  const std::size_t head_width = network.head_width();
  const std::size_t keys = l * bytes_of_layer(network);
  std::array<Attention, kMostInputs> attentions;
  for (std::size_t item = 0; item < work.items.size(); ++item) {
    for (std::size_t h = 0; h < heads; ++h)
      work.score_shifts[item * heads + h] = round_query(
          work.projected.data() + item * 3 * width + h * head_width, layer.key_exponents[h], work,
          work.queries.data() + item * width + h * head_width);
    attentions[item] = {.blocks = work.items[item].cache->blocks(),
                        .keys = keys,
                        .values = keys + width * kBlockTokens,
                        .shifts = keys + 2 * width * kBlockTokens,
                        .tokens = work.items[item].position + 1,
                        .heads = heads,
                        .head_width = head_width,
                        .mix_shift = mix_shift_,
                        .queries = work.queries.data() + item * width,
                        .score_shifts = work.score_shifts.data() + item * heads,
                        .of_tokens = work.of_tokens.data() + item * work.blocks * kBlockTokens,
                        .octaves = work.octaves.data() + item * work.blocks,
                        .sums = work.block_sums.data() + item * work.blocks,
                        .mixed = work.mixed.data() + item * width,
                        .weights = work.weights.data() + item * heads};
  }
  kernels_.attend(attentions.data(), work.items.size());

  // mixed * 2^(mix_shift + 17) / weight: the weight is at least 2^26, and below 2^56.
  constexpr int kInverseBits = 56;
  const int right = kInverseBits - 12 - kMostValueShift - mix_shift_ - kFractionBits;
  const int finest = *std::ranges::max_element(layer.value_exponents);
  for (std::size_t item = 0; item < work.items.size(); ++item) {
    for (std::size_t h = 0; h < heads; ++h) {
      const auto inverse = static_cast<std::int64_t>((std::uint64_t{1} << kInverseBits) /
                                                     attentions[item].weights[h]);
      kernels_.mix(attentions[item].mixed + h * head_width, head_width, inverse, right,
                   std::min(finest - layer.value_exponents[h], 20),
                   work.wide.data() + h * head_width);
    }
    set_inputs(item, width, kFractionBits + finest, work);
  }
}

void Engine::attend(std::size_t l, const Turn& turn, Work& work) const {
  const Layer& layer = network_->layers[l];
  const std::size_t width = network_->width;
  normalise(work, layer.attention_gain);
  project(layer.key, work, work.projected.data() + width, 3 * width);
  project(layer.value, work, work.projected.data() + 2 * width, 3 * width);
  project(layer.query, work, work.projected.data(), 3 * width);
  for (std::size_t item = 0; item < work.items.size(); ++item) keep(l, item, work);
  turn.done_with(l);

  if (l + 1 == network_->layer_count) {  // from here on, only what was asked for
    std::size_t wanted = 0;
    for (std::size_t item = 0; item < work.items.size(); ++item) {
      if (work.items[item].next == nullptr) continue;
      if (wanted != item) {
        work.items[wanted] = work.items[item];
        std::copy_n(work.projected.data() + item * 3 * width, width,
                    work.projected.data() + wanted * 3 * width);
      }
      ++wanted;
    }
    work.items.resize(wanted);
  }
  if (work.items.empty()) return;
  mix_heads(l, work);
  project(layer.attention_out, work, work.projected.data(), width);
  for (std::size_t item = 0; item < work.items.size(); ++item) {
    std::int32_t* x = work.residual.data() + work.items[item].slot * width;
    const std::int32_t* more = work.projected.data() + item * width;
    for (std::size_t i = 0; i < width; ++i) x[i] = saturated(std::int64_t{x[i]} + more[i]);
  }
}

// SwiGLU: down (silu(gate x) * up x).
void Engine::feed_forward(const Layer& layer, Work& work) const {
  const std::size_t width = network_->width, inner = network_->inner;
  normalise(work, layer.feed_gain);
  std::int32_t* gates = work.projected.data();
  project(layer.gate, work, gates, 2 * inner);
  project(layer.up, work, gates + inner, 2 * inner);
  for (std::size_t item = 0; item < work.items.size(); ++item) {
    const std::int32_t* gate = gates + item * 2 * inner;
    kernels_.activate(gate, gate + inner, inner, sigmoids(), work.wide.data());
    set_inputs(item, inner, 2 * kResidualBits, work);
  }
  project(layer.down, work, work.projected.data(), width);
  for (std::size_t item = 0; item < work.items.size(); ++item) {
    std::int32_t* x = work.residual.data() + work.items[item].slot * width;
    const std::int32_t* more = work.projected.data() + item * width;
    for (std::size_t i = 0; i < width; ++i) x[i] = saturated(std::int64_t{x[i]} + more[i]);
  }
}

}  // namespace kraft::bytelm
