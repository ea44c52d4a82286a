// A LLaMA of bytes or tokens that can be trained: RMSNorm, rotary positions in interleaved pairs,
// causal attention, SwiGLU, the output tied to the embedding (Touvron et al. 2023, arXiv
// 2302.13971). The gradient is written out by hand and checked against differences in tests/train.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace kraft::train {

struct Config {
  std::int64_t vocabulary = 257;  // 256 bytes, tokens of more, then the beginning of a sequence
  std::int64_t layers = 4;
  std::int64_t width = 256;
  std::int64_t heads = 8;
  std::int64_t inner = 512;  // of the feed-forward part
  float rope_base = 10000;
  float epsilon = 1e-5F;  // of RMSNorm

  std::int64_t head_width() const { return width / heads; }
  std::int32_t begin() const { return static_cast<std::int32_t>(vocabulary - 1); }
  bool operator==(const Config&) const = default;
};

// One parameter matrix within the vector of all; `columns` is what its input has. Vectors have one
// row.
struct Tensor {
  std::string name;  // as GGUF calls it
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t offset = 0;

  std::int64_t count() const { return rows * columns; }
  bool is_embedding() const { return offset == 0; }
};

// Where everything lies: first the embedding, then each layer's matrices, then the norms.
std::vector<Tensor> tensors(const Config& config);
std::int64_t parameter_count(const Config& config);

// Drawn so that every layer starts as the identity.
std::vector<float> initial_parameters(const Config& config, std::uint64_t seed);

// Computes on one thread; keeps its buffers between calls.
class Transformer {
 public:
  explicit Transformer(const Config& config);

  // `tokens` holds sequences of `length` inputs each, `targets` what follows each input. Returns
  // the sum of -log2 p(target) in bits; losses, if not empty, gets each. The gradient of the sum of
  // -ln p is added to `gradient` if that is not empty.
  double run(std::span<const float> parameters, std::int64_t length,
             std::span<const std::int32_t> tokens, std::span<const std::int32_t> targets,
             std::span<float> gradient, std::span<float> losses_bits = {});

 private:
  struct Layer {
    const float *attention_norm, *query_key_value, *attention_out, *feed_norm, *gate_up, *down;
    std::vector<float> in, normed, scale, qkv, log_sum, mixed, middle, feed_normed, feed_scale,
        gates, active;
  };

  void bind(std::span<const float> parameters);
  void resize(std::int64_t length, std::int64_t tokens);
  void forward_layer(Layer& layer, std::vector<float>& x);
  void backward_layer(Layer& layer, std::int64_t index, std::span<float> gradient);
  void attend(Layer& layer);
  void attend_backward(Layer& layer, const std::vector<float>& d_mixed);
  void rotate(std::vector<float>& qkv, float direction) const;
  double losses(std::span<const std::int32_t> targets, bool backward, std::span<float> bits);

  Config config_;
  std::vector<Tensor> tensors_;
  std::int64_t length_ = 0;
  std::int64_t tokens_ = 0;
  std::vector<Layer> layers_;
  const float* embedding_ = nullptr;
  const float* final_norm_ = nullptr;
  std::vector<float> x_, final_normed_, final_scale_, logits_;
  std::vector<float> d_x_, d_wide_, d_normed_, d_mixed_, d_active_, d_weights_;
  std::vector<float> scores_, d_scores_, cosines_, sines_;
};

}  // namespace kraft::train
