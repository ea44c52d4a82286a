// A decoder of WavPack blocks to test by: literal, one bit after another, and without a model.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "codecs/wavpack_block.h"
#include "kraft/bytes.h"

namespace kraft::wavpack {

struct Decoded {
  std::vector<std::int32_t> samples;  // left before right
  std::size_t bits = 0;               // of the words that were read
  std::size_t runs_of_zeros = 0;
};

class LiteralReader {
 public:
  explicit LiteralReader(const Block& block) : block_(block), medians_(block.medians) {}

  Decoded run() {
    std::vector<std::int32_t> residuals;
    for (std::size_t i = 0; i < block_.samples * block_.channels; ++i)
      residuals.push_back(next_residual(i % block_.channels));
    for (Pass& pass : block_.passes) undo(pass, residuals);
    if (block_.is_joint) {
      for (std::size_t i = 0; i + 1 < residuals.size(); i += 2) {
        residuals[i + 1] -= residuals[i] >> 1;
        residuals[i] += residuals[i + 1];
      }
    }
    for (std::int32_t& sample : residuals) sample = with_low_bits(sample);
    for (const std::int32_t sample : residuals) {
      decoded_.samples.push_back(sample);
      if (block_.is_doubled) decoded_.samples.push_back(sample);
    }
    decoded_.bits = at_;
    return std::move(decoded_);
  }

 private:
  unsigned bit() {
    if (at_ >= 8 * block_.words.size()) return 1;
    const unsigned bit = block_.words[at_ / 8] >> at_ % 8 & 1u;
    ++at_;
    return bit;
  }
  std::uint32_t bits(unsigned count) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < count; ++i) value |= bit() << i;
    return value;
  }
  std::uint32_t ones(std::uint32_t most) {
    std::uint32_t count = 0;
    while (count < most && bit() == 1) ++count;
    return count;
  }
  // Of n bits: n ones, a zero, and its lower bits.
  std::uint32_t gamma() {
    const std::uint32_t count = ones(32);
    return count < 2 ? count : bits(count - 1) | 1u << (count - 1);
  }
  std::uint32_t below(std::uint32_t size) {  // truncated binary
    if (size == 1) return 0;
    unsigned count = 0;
    while (count < 32 && (size - 1) >> count != 0) ++count;
    const std::uint32_t extra = (1u << count) - size, code = bits(count - 1);
    return code < extra ? code : 2 * code - extra + bit();
  }

  std::int32_t next_residual(std::size_t c) {
    if (zero_is_next_) {
      zero_is_next_ = false;
      return rest_of_word(c, 0);
    }
    if (!one_is_held_ && medians_[0][0] < 2 && medians_[1][0] < 2) {
      bool run = false;
      if (zeros_ > 0) {
        run = --zeros_ > 0;
      } else {
        zeros_ = gamma();
        run = zeros_ > 0;
        if (run) {
          medians_ = {};
          ++decoded_.runs_of_zeros;
        }
      }
      if (run) return 0;
    }
    std::uint32_t number = ones(16);
    if (number == 16) {
      bit();  // a zero; another one would be the end of the words
      number += gamma();
    }
    const std::uint32_t zone = number / 2 + (one_is_held_ ? 1 : 0);
    one_is_held_ = number % 2 == 1;
    zero_is_next_ = !one_is_held_;
    return rest_of_word(c, zone);
  }

  std::int32_t rest_of_word(std::size_t c, std::uint32_t zone) {
    std::array<std::uint32_t, 3>& m = medians_[c];
    std::uint32_t low = 0, size = (m[0] >> 4) + 1;
    if (zone == 0) {
      m[0] -= (m[0] + 126) / 128 * 2;
    } else {
      low = size;
      m[0] += (m[0] + 128) / 128 * 5;
      size = (m[1] >> 4) + 1;
      if (zone == 1) {
        m[1] -= (m[1] + 62) / 64 * 2;
      } else {
        low += size;
        m[1] += (m[1] + 64) / 64 * 5;
        size = (m[2] >> 4) + 1;
        low += (zone - 2) * size;
        if (zone == 2)
          m[2] -= (m[2] + 30) / 32 * 2;
        else
          m[2] += (m[2] + 32) / 32 * 5;
      }
    }
    const auto magnitude = static_cast<std::int32_t>(low + below(size));
    return bit() == 1 ? ~magnitude : magnitude;
  }

  static std::int32_t weighted(std::int32_t weight, std::int32_t sample) {
    return static_cast<std::int32_t>((std::int64_t{weight} * sample + 512) >> 10);
  }
  static void adapt(const Pass& pass, std::int32_t from, std::int32_t residual,
                    std::int32_t& weight) {
    if (from == 0 || residual == 0) return;
    weight += (from ^ residual) < 0 ? -pass.delta : pass.delta;
    if (pass.term < 0 && weight > 1024) weight = 1024;
    if (pass.term < 0 && weight < -1024) weight = -1024;
  }
  static std::int32_t one(Pass& pass, std::size_t c, std::int32_t from, std::int32_t residual) {
    const std::int32_t value = residual + weighted(pass.weights[c], from);
    adapt(pass, from, residual, pass.weights[c]);
    return value;
  }

  void undo(Pass& pass, std::vector<std::int32_t>& values) const {
    std::array<std::vector<std::int32_t>, 2> past;  // of each channel, the first sample first
    for (std::size_t c = 0; c < 2; ++c) {
      const auto& samples = pass.samples[c];
      if (pass.term > 8)
        past[c] = {samples[1], samples[0]};
      else
        past[c].assign(samples.begin(), samples.begin() + (pass.term > 0 ? pass.term : 1));
    }
    for (std::size_t i = 0; i < values.size(); i += block_.channels) {
      if (pass.term == -1 || pass.term == -2) {
        const std::size_t first = pass.term == -1 ? 0 : 1, second = 1 - first;
        std::int32_t& last = pass.samples[first][0];  // of the other channel
        values[i + first] = one(pass, first, last, values[i + first]);
        values[i + second] = one(pass, second, values[i + first], values[i + second]);
        last = values[i + second];
        continue;
      }
      if (pass.term == -3) {
        values[i] = one(pass, 0, pass.samples[0][0], values[i]);
        values[i + 1] = one(pass, 1, pass.samples[1][0], values[i + 1]);
        pass.samples[0][0] = values[i + 1];
        pass.samples[1][0] = values[i];
        continue;
      }
      for (std::size_t c = 0; c < block_.channels; ++c) {
        std::vector<std::int32_t>& p = past[c];
        const std::int32_t a = p[p.size() - 1], b = p.size() > 1 ? p[p.size() - 2] : 0;
        const std::int32_t from = pass.term == 17 ? 2 * a - b
                                  : pass.term == 18
                                      ? (3 * a - b) >> 1
                                      : p[p.size() - static_cast<std::size_t>(pass.term)];
        values[i + c] = one(pass, c, from, values[i + c]);
        p.push_back(values[i + c]);
      }
    }
  }

  std::int32_t with_low_bits(std::int32_t value) const {
    const std::int32_t ones = (1 << block_.low_bits) - 1;
    const std::int32_t shifted = value * (1 << block_.low_bits);
    switch (block_.low) {
      case Block::Low::any:
        return value;
      case Block::Low::zeros:
        return shifted;
      case Block::Low::ones:
        return shifted + ones;
      case Block::Low::alike:
        return (value & 1) != 0 ? shifted + ones : shifted;
    }
    return value;
  }

  Block block_;
  std::array<std::array<std::uint32_t, 3>, 2> medians_;
  std::uint32_t zeros_ = 0;
  bool zero_is_next_ = false, one_is_held_ = false;
  std::size_t at_ = 0;  // bits
  Decoded decoded_;
};

}  // namespace kraft::wavpack
