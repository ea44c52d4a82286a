// The entropy coding of JPEG XL (ISO/IEC 18181-1, annex C): integers in contexts, each context
// mapped to a cluster, each cluster with a distribution of tokens (asymmetric numeral systems or a
// prefix code) and a way to make integers of tokens and bits.
//
//     const EntropyCode code = EntropyCode::read(bits, contexts);
//     SymbolReader reader(code, bits);
//     const std::uint32_t value = reader.read(code.cluster(context));
//     reader.finish();
//     code.share(cluster, value);   // 2^-bits of an integer there: probability of token and bits
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/jxl/bits.h"
#include "models/lz/prefix_code.h"

namespace kraft::jxl {

// How an integer is a token and further bits: below 2^split_exponent the token is the integer;
// above, it has the number of bits, and some of the highest and lowest ones (section C.2.3).
struct HybridInteger {
  std::uint32_t split_exponent = 0, high_bits = 0, low_bits = 0;

  struct Coded {
    std::uint32_t token;
    int bits;  // further ones
  };
  friend bool operator==(const HybridInteger&, const HybridInteger&) = default;
  Coded code(std::uint32_t value) const;
  std::uint32_t read(std::uint32_t token, Bits& bits) const;
};

// A distribution in parts of 4096, and the table by which the decoder's state says a symbol: each
// symbol has a bucket, which it may share with one other (the alias method).
class AnsDistribution {
 public:
  static AnsDistribution read(Bits& bits, int log_alphabet);

  double share(std::uint32_t symbol) const {
    return symbol < parts_.size() ? parts_[symbol] / 4096.0 : 0;
  }
  std::uint32_t read_symbol(std::uint32_t& state, Bits& bits) const;

 private:
  struct Bucket {
    std::uint16_t cutoff, symbol, offset;  // from the cutoff on: another symbol
  };

  void make_buckets(int log_alphabet);

  std::vector<std::uint16_t> parts_;
  std::vector<Bucket> buckets_;
  int log_bucket_ = 0;
};

// How copies of what came before are coded: as tokens from the first one on.
struct CopyTokens {
  std::uint32_t first_token = 0, shortest = 0;
  HybridInteger length;
};

class EntropyCode {
 public:
  // With copies of what came before (LZ77) only where they may be.
  static EntropyCode read(Bits& bits, std::size_t contexts, bool may_copy = true);

  std::size_t contexts() const { return cluster_of_.size() - (copies_ ? 1 : 0); }
  std::size_t clusters() const { return integers_.size(); }
  std::size_t cluster(std::size_t context) const { return cluster_of_[context]; }
  bool uses_prefix_code() const { return !prefix_codes_.empty(); }
  bool has_copies() const { return copies_.has_value(); }

  const HybridInteger& integer(std::size_t cluster) const { return integers_[cluster]; }
  // Whether the token begins a copy.
  bool is_copy(std::uint32_t token) const { return copies_ && token >= copies_->first_token; }
  // The share of a token, among all of the cluster.
  double token_share(std::size_t cluster, std::uint32_t token) const;

  // Of an integer that is no copy: of token and further bits.
  double share(std::size_t cluster, std::uint32_t value) const;
  // Of all tokens that begin copies.
  double share_of_copies(std::size_t cluster) const;

 private:
  friend class SymbolReader;

  std::optional<CopyTokens> copies_;
  std::vector<std::uint8_t> cluster_of_;  // the last one is that of distances, if there are copies
  std::vector<HybridInteger> integers_;
  std::vector<lz::PrefixCode> prefix_codes_;    // either these,
  std::vector<AnsDistribution> distributions_;  // or these
};

// Reads integers one after the other. Holds on to the code and the bits.
class SymbolReader {
 public:
  // `width`: of the widest channel, by which distances mean pixels around; 0 for no channels.
  SymbolReader(const EntropyCode& code, Bits& bits, std::size_t width = 0);

  std::uint32_t read(std::size_t cluster);
  // Throws Error where the last state is not what the encoder begins with.
  void finish() const;

 private:
  std::uint32_t token(std::size_t cluster);
  void begin_copy(std::uint32_t token);

  const EntropyCode& code_;
  Bits& bits_;
  std::size_t width_;
  std::uint32_t state_ = 0;
  std::vector<std::uint32_t> past_;  // if there are copies
  std::uint32_t to_copy_ = 0;
  std::size_t from_ = 0;
};

}  // namespace kraft::jxl
