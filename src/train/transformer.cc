#include "train/transformer.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "train/matmul.h"

namespace kraft::train {
namespace {

constexpr std::int64_t kQueries = 64;  // attended to at once

void add(const std::vector<float>& from, float* to) {
  for (std::size_t i = 0; i < from.size(); ++i) to[i] += from[i];
}

// y = x / rms(x) * gain, row by row; keeps 1 / rms.
void normalise(std::int64_t rows, std::int64_t width, float epsilon, const float* x,
               const float* gain, float* y, float* scale) {
  for (std::int64_t r = 0; r < rows; ++r, x += width, y += width) {
    float sum = 0;
    for (std::int64_t i = 0; i < width; ++i) sum += x[i] * x[i];
    const float s = 1 / std::sqrt(sum / static_cast<float>(width) + epsilon);
    scale[r] = s;
    for (std::int64_t i = 0; i < width; ++i) y[i] = x[i] * s * gain[i];
  }
}

// Adds to d_x, and to d_gain.
void normalise_backward(std::int64_t rows, std::int64_t width, const float* x, const float* gain,
                        const float* scale, const float* d_y, float* d_x, float* d_gain) {
  for (std::int64_t r = 0; r < rows; ++r, x += width, d_y += width, d_x += width) {
    const float s = scale[r];
    float dot = 0;
    for (std::int64_t i = 0; i < width; ++i) dot += d_y[i] * gain[i] * x[i];
    const float pull = dot * s * s * s / static_cast<float>(width);
    for (std::int64_t i = 0; i < width; ++i) {
      d_gain[i] += d_y[i] * x[i] * s;
      d_x[i] += d_y[i] * gain[i] * s - x[i] * pull;
    }
  }
}

}  // namespace

std::vector<Tensor> tensors(const Config& config) {
  std::vector<Tensor> all;
  std::int64_t offset = 0;
  const auto place = [&](std::string name, std::int64_t rows, std::int64_t columns) {
    all.push_back({std::move(name), rows, columns, offset});
    offset += rows * columns;
  };
  const std::int64_t d = config.width;
  place("token_embd.weight", config.vocabulary, d);
  for (std::int64_t l = 0; l < config.layers; ++l) {
    const std::string block = "blk." + std::to_string(l) + ".";
    place(block + "attn_q.weight", d, d);  // q, k, v and gate, up are read as one matrix each
    place(block + "attn_k.weight", d, d);
    place(block + "attn_v.weight", d, d);
    place(block + "attn_output.weight", d, d);
    place(block + "ffn_gate.weight", config.inner, d);
    place(block + "ffn_up.weight", config.inner, d);
    place(block + "ffn_down.weight", d, config.inner);
    place(block + "attn_norm.weight", 1, d);
    place(block + "ffn_norm.weight", 1, d);
  }
  place("output_norm.weight", 1, d);
  return all;
}

std::int64_t parameter_count(const Config& config) {
  const Tensor last = tensors(config).back();
  return last.offset + last.count();
}

std::vector<float> initial_parameters(const Config& config, std::uint64_t seed) {
  std::vector<float> parameters(static_cast<std::size_t>(parameter_count(config)));
  std::mt19937_64 engine(seed);
  std::normal_distribution<float> normal;
  for (const Tensor& tensor : tensors(config)) {
    const std::span<float> values(parameters.data() + tensor.offset,
                                  static_cast<std::size_t>(tensor.count()));
    if (tensor.rows == 1) {
      std::ranges::fill(values, 1.0F);
    } else if (!tensor.name.ends_with("attn_output.weight") &&
               !tensor.name.ends_with("ffn_down.weight")) {
      const float spread =
          tensor.is_embedding() ? 0.02F : 0.7F / std::sqrt(static_cast<float>(tensor.columns));
      for (float& value : values) value = normal(engine) * spread;
    }
  }
  return parameters;
}

Transformer::Transformer(const Config& config)
    : config_(config),
      tensors_(tensors(config)),
      layers_(static_cast<std::size_t>(config.layers)) {}

void Transformer::bind(std::span<const float> parameters) {
  const auto at = [&](std::size_t i) { return parameters.data() + tensors_[i].offset; };
  embedding_ = at(0);
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const std::size_t first = 1 + 9 * l;
    Layer& layer = layers_[l];
    layer.query_key_value = at(first);
    layer.attention_out = at(first + 3);
    layer.gate_up = at(first + 4);
    layer.down = at(first + 6);
    layer.attention_norm = at(first + 7);
    layer.feed_norm = at(first + 8);
  }
  final_norm_ = at(tensors_.size() - 1);
}

void Transformer::resize(std::int64_t length, std::int64_t tokens) {
  if (length == length_ && tokens == tokens_) return;
  length_ = length;
  tokens_ = tokens;
  const auto n = static_cast<std::size_t>(tokens);
  const auto d = static_cast<std::size_t>(config_.width);
  const auto f = static_cast<std::size_t>(config_.inner);
  for (Layer& layer : layers_) {
    for (auto* v : {&layer.in, &layer.normed, &layer.mixed, &layer.middle, &layer.feed_normed})
      v->resize(n * d);
    layer.qkv.resize(n * 3 * d);
    layer.gates.resize(n * 2 * f);
    layer.active.resize(n * f);
    layer.scale.resize(n);
    layer.feed_scale.resize(n);
    layer.log_sum.resize(n * static_cast<std::size_t>(config_.heads));
  }
  for (auto* v : {&x_, &final_normed_, &d_x_, &d_normed_, &d_mixed_}) v->resize(n * d);
  final_scale_.resize(n);
  logits_.resize(n * static_cast<std::size_t>(config_.vocabulary));
  d_wide_.resize(n * std::max(3 * d, 2 * f));
  d_active_.resize(n * f);
  d_weights_.resize(
      std::max(std::max(3 * d, 2 * f) * d, static_cast<std::size_t>(config_.vocabulary) * d));
  scores_.resize(static_cast<std::size_t>(kQueries * length));
  d_scores_.resize(scores_.size());

  const std::int64_t pairs = config_.head_width() / 2;
  cosines_.resize(static_cast<std::size_t>(length * pairs));
  sines_.resize(cosines_.size());
  for (std::int64_t t = 0; t < length; ++t) {
    for (std::int64_t i = 0; i < pairs; ++i) {
      const double angle =
          static_cast<double>(t) * std::pow(static_cast<double>(config_.rope_base),
                                            -static_cast<double>(i) / static_cast<double>(pairs));
      cosines_[static_cast<std::size_t>(t * pairs + i)] = static_cast<float>(std::cos(angle));
      sines_[static_cast<std::size_t>(t * pairs + i)] = static_cast<float>(std::sin(angle));
    }
  }
}

// Rotates the pairs of queries and keys by their position, forwards (1) or backwards (-1).
void Transformer::rotate(std::vector<float>& qkv, float direction) const {
  const std::int64_t pairs = config_.head_width() / 2;
  for (std::int64_t n = 0; n < tokens_; ++n) {
    const float* cosine = cosines_.data() + (n % length_) * pairs;
    const float* sine = sines_.data() + (n % length_) * pairs;
    for (std::int64_t h = 0; h < 2 * config_.heads; ++h) {
      float* head = qkv.data() + n * 3 * config_.width + h * config_.head_width();
      for (std::int64_t i = 0; i < pairs; ++i) {
        const float a = head[2 * i];
        const float b = head[2 * i + 1];
        head[2 * i] = a * cosine[i] - direction * b * sine[i];
        head[2 * i + 1] = direction * a * sine[i] + b * cosine[i];
      }
    }
  }
}

// Softmax attention, some queries at a time; keeps the logarithm of each query's sum.
void Transformer::attend(Layer& layer) {
  const std::int64_t d = config_.width;
  const std::int64_t hd = config_.head_width();
  const float scale = 1 / std::sqrt(static_cast<float>(hd));
  for (std::int64_t unit = 0; unit < tokens_ / length_ * config_.heads; ++unit) {
    const std::int64_t start = unit / config_.heads * length_;
    const std::int64_t h = unit % config_.heads;
    const float* q = layer.qkv.data() + start * 3 * d + h * hd;
    const float* k = q + d;
    const float* v = k + d;
    float* log_sum = layer.log_sum.data() + unit * length_;
    for (std::int64_t first = 0; first < length_; first += kQueries) {
      const std::int64_t rows = std::min(kQueries, length_ - first);
      const std::int64_t keys = first + rows;
      block_matmul(rows, keys, hd, scale, {q + first * 3 * d, 3 * d}, {k, 3 * d, Turn::yes}, 0,
                   scores_.data(), length_);
      for (std::int64_t r = 0; r < rows; ++r) {
        float* row = scores_.data() + r * length_;
        const std::int64_t seen = first + r + 1;
        float top = row[0];
        for (std::int64_t i = 1; i < seen; ++i) top = std::max(top, row[i]);
        float sum = 0;
        for (std::int64_t i = 0; i < seen; ++i) {
          row[i] = std::exp(row[i] - top);
          sum += row[i];
        }
        for (std::int64_t i = 0; i < seen; ++i) row[i] /= sum;
        std::fill(row + seen, row + keys, 0.0F);
        log_sum[first + r] = top + std::log(sum);
      }
      block_matmul(rows, hd, keys, 1, {scores_.data(), length_}, {v, 3 * d}, 0,
                   layer.mixed.data() + (start + first) * d + h * hd, d);
    }
  }
}

// From d_mixed to d_wide_, laid out as qkv. The weights are computed again.
void Transformer::attend_backward(Layer& layer, const std::vector<float>& d_mixed) {
  const std::int64_t d = config_.width;
  const std::int64_t hd = config_.head_width();
  const float scale = 1 / std::sqrt(static_cast<float>(hd));
  std::fill(d_wide_.begin(), d_wide_.begin() + tokens_ * 3 * d, 0.0F);
  for (std::int64_t unit = 0; unit < tokens_ / length_ * config_.heads; ++unit) {
    const std::int64_t start = unit / config_.heads * length_;
    const std::int64_t h = unit % config_.heads;
    const float* q = layer.qkv.data() + start * 3 * d + h * hd;
    const float* k = q + d;
    const float* v = k + d;
    float* d_q = d_wide_.data() + start * 3 * d + h * hd;
    const float* log_sum = layer.log_sum.data() + unit * length_;
    for (std::int64_t first = 0; first < length_; first += kQueries) {
      const std::int64_t rows = std::min(kQueries, length_ - first);
      const std::int64_t keys = first + rows;
      const float* out = layer.mixed.data() + (start + first) * d + h * hd;
      const float* d_out = d_mixed.data() + (start + first) * d + h * hd;
      block_matmul(rows, keys, hd, scale, {q + first * 3 * d, 3 * d}, {k, 3 * d, Turn::yes}, 0,
                   scores_.data(), length_);
      block_matmul(rows, keys, hd, 1, {d_out, d}, {v, 3 * d, Turn::yes}, 0, d_scores_.data(),
                   length_);
      for (std::int64_t r = 0; r < rows; ++r) {
        float* row = scores_.data() + r * length_;
        float* d_row = d_scores_.data() + r * length_;
        const std::int64_t seen = first + r + 1;
        float mean = 0;
        for (std::int64_t i = 0; i < hd; ++i) mean += out[r * d + i] * d_out[r * d + i];
        const float shift = log_sum[first + r];
        for (std::int64_t i = 0; i < seen; ++i) {
          row[i] = std::exp(row[i] - shift);
          d_row[i] = row[i] * (d_row[i] - mean);
        }
        std::fill(row + seen, row + keys, 0.0F);
        std::fill(d_row + seen, d_row + keys, 0.0F);
      }
      block_matmul(rows, hd, keys, scale, {d_scores_.data(), length_}, {k, 3 * d}, 0,
                   d_q + first * 3 * d, 3 * d);
      block_matmul(keys, hd, rows, scale, {d_scores_.data(), length_, Turn::yes},
                   {q + first * 3 * d, 3 * d}, 1, d_q + d, 3 * d);
      block_matmul(keys, hd, rows, 1, {scores_.data(), length_, Turn::yes}, {d_out, d}, 1,
                   d_q + 2 * d, 3 * d);
    }
  }
}

void Transformer::forward_layer(Layer& layer, std::vector<float>& x) {
  const std::int64_t d = config_.width;
  const std::int64_t f = config_.inner;
  layer.in = x;
  normalise(tokens_, d, config_.epsilon, x.data(), layer.attention_norm, layer.normed.data(),
            layer.scale.data());
  matmul(Turn::no, Turn::yes, tokens_, 3 * d, d, layer.normed.data(), layer.query_key_value,
         layer.qkv.data());
  rotate(layer.qkv, 1);
  attend(layer);
  matmul(Turn::no, Turn::yes, tokens_, d, d, layer.mixed.data(), layer.attention_out,
         layer.middle.data());
  add(x, layer.middle.data());
  normalise(tokens_, d, config_.epsilon, layer.middle.data(), layer.feed_norm,
            layer.feed_normed.data(), layer.feed_scale.data());
  matmul(Turn::no, Turn::yes, tokens_, 2 * f, d, layer.feed_normed.data(), layer.gate_up,
         layer.gates.data());
  for (std::int64_t n = 0; n < tokens_; ++n) {
    const float* gate = layer.gates.data() + n * 2 * f;
    float* active = layer.active.data() + n * f;
    for (std::int64_t i = 0; i < f; ++i)
      active[i] = gate[i] / (1 + std::exp(-gate[i])) * gate[f + i];
  }
  matmul(Turn::no, Turn::yes, tokens_, d, f, layer.active.data(), layer.down, x.data());
  add(layer.middle, x.data());
}

// d_x_ holds the gradient of the layer's output, then that of its input.
void Transformer::backward_layer(Layer& layer, std::int64_t index, std::span<float> gradient) {
  const std::int64_t d = config_.width;
  const std::int64_t f = config_.inner;
  const auto slot = [&](std::int64_t which) {
    return gradient.data() + tensors_[static_cast<std::size_t>(1 + 9 * index + which)].offset;
  };
  // The gradient of y = x w': of w is d_y' x, of x is d_y w.
  const auto weights = [&](std::int64_t rows, std::int64_t columns, const float* d_y,
                           const std::vector<float>& in, float* to) {
    matmul(Turn::yes, Turn::no, rows, columns, tokens_, d_y, in.data(), d_weights_.data());
    for (std::int64_t i = 0; i < rows * columns; ++i)
      to[i] += d_weights_[static_cast<std::size_t>(i)];
  };

  weights(d, f, d_x_.data(), layer.active, slot(6));
  matmul(Turn::no, Turn::no, tokens_, f, d, d_x_.data(), layer.down, d_active_.data());
  for (std::int64_t n = 0; n < tokens_; ++n) {
    const float* gate = layer.gates.data() + n * 2 * f;
    const float* d_active = d_active_.data() + n * f;
    float* d_gate = d_wide_.data() + n * 2 * f;
    for (std::int64_t i = 0; i < f; ++i) {
      const float sigmoid = 1 / (1 + std::exp(-gate[i]));
      const float silu = gate[i] * sigmoid;
      d_gate[i] = d_active[i] * gate[f + i] * (sigmoid + silu * (1 - sigmoid));
      d_gate[f + i] = d_active[i] * silu;
    }
  }
  weights(2 * f, d, d_wide_.data(), layer.feed_normed, slot(4));
  matmul(Turn::no, Turn::no, tokens_, d, 2 * f, d_wide_.data(), layer.gate_up, d_normed_.data());
  normalise_backward(tokens_, d, layer.middle.data(), layer.feed_norm, layer.feed_scale.data(),
                     d_normed_.data(), d_x_.data(), slot(8));

  weights(d, d, d_x_.data(), layer.mixed, slot(3));
  matmul(Turn::no, Turn::no, tokens_, d, d, d_x_.data(), layer.attention_out, d_mixed_.data());
  attend_backward(layer, d_mixed_);
  rotate(d_wide_, -1);
  weights(3 * d, d, d_wide_.data(), layer.normed, slot(0));
  matmul(Turn::no, Turn::no, tokens_, d, 3 * d, d_wide_.data(), layer.query_key_value,
         d_normed_.data());
  normalise_backward(tokens_, d, layer.in.data(), layer.attention_norm, layer.scale.data(),
                     d_normed_.data(), d_x_.data(), slot(7));
}

// Turns logits_ into their gradient, if that is wanted.
double Transformer::losses(std::span<const std::int32_t> targets, bool backward,
                           std::span<float> bits) {
  const std::int64_t tokens = config_.vocabulary;
  double sum_bits = 0;
  for (std::size_t n = 0; n < targets.size(); ++n) {
    float* row = logits_.data() + static_cast<std::int64_t>(n) * tokens;
    const float top = *std::max_element(row, row + tokens);
    float sum = 0;
    for (std::int64_t i = 0; i < tokens; ++i) sum += std::exp(row[i] - top);
    const auto target = static_cast<std::size_t>(targets[n]);
    const double loss = (top + std::log(sum) - row[target]) / std::numbers::ln2;
    sum_bits += loss;
    if (!bits.empty()) bits[n] = static_cast<float>(loss);
    if (!backward) continue;
    for (std::int64_t i = 0; i < tokens; ++i) row[i] = std::exp(row[i] - top) / sum;
    row[target] -= 1;
  }
  return sum_bits;
}

double Transformer::run(std::span<const float> parameters, std::int64_t length,
                        std::span<const std::int32_t> tokens, std::span<const std::int32_t> targets,
                        std::span<float> gradient, std::span<float> losses_bits) {
  const std::int64_t d = config_.width;
  bind(parameters);
  resize(length, static_cast<std::int64_t>(tokens.size()));
  for (std::size_t n = 0; n < tokens.size(); ++n)
    std::copy_n(embedding_ + tokens[n] * d, d, x_.data() + static_cast<std::int64_t>(n) * d);
  for (Layer& layer : layers_) forward_layer(layer, x_);
  normalise(tokens_, d, config_.epsilon, x_.data(), final_norm_, final_normed_.data(),
            final_scale_.data());
  matmul(Turn::no, Turn::yes, tokens_, config_.vocabulary, d, final_normed_.data(), embedding_,
         logits_.data());
  const double bits = losses(targets, !gradient.empty(), losses_bits);
  if (gradient.empty()) return bits;

  matmul(Turn::yes, Turn::no, config_.vocabulary, d, tokens_, logits_.data(), final_normed_.data(),
         d_weights_.data());
  for (std::int64_t i = 0; i < config_.vocabulary * d; ++i)
    gradient[static_cast<std::size_t>(i)] += d_weights_[static_cast<std::size_t>(i)];
  matmul(Turn::no, Turn::no, tokens_, d, config_.vocabulary, logits_.data(), embedding_,
         d_normed_.data());
  std::ranges::fill(d_x_, 0.0F);
  normalise_backward(tokens_, d, x_.data(), final_norm_, final_scale_.data(), d_normed_.data(),
                     d_x_.data(), gradient.data() + tensors_.back().offset);
  for (std::int64_t l = config_.layers - 1; l >= 0; --l)
    backward_layer(layers_[static_cast<std::size_t>(l)], l, gradient);
  for (std::size_t n = 0; n < tokens.size(); ++n)
    for (std::int64_t i = 0; i < d; ++i)
      gradient[static_cast<std::size_t>(tokens[n] * d + i)] +=
          d_x_[n * static_cast<std::size_t>(d) + static_cast<std::size_t>(i)];
  return bits;
}

}  // namespace kraft::train
