// Repetition control: n-grams of bytes that were drawn already.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "kraft/bytes.h"
#include "samplers/byte_set.h"

namespace kraft {

// Which bytes would complete an n-gram that is already there? Belongs to one drawing.
class RepeatIndex {
 public:
  explicit RepeatIndex(int ngram_bytes) : key_bytes_(static_cast<std::size_t>(ngram_bytes) - 1) {}

  // Sets `bytes` to those that followed an earlier occurrence of the last n-1 bytes of drawn +
  // prefix within drawn + prefix. `drawn` may only grow. O(bytes drawn since the last call + n
  // |prefix|).
  void completing(ByteView drawn, ByteView prefix, ByteSet& bytes);

 private:
  void learn(ByteView drawn);

  std::size_t key_bytes_;
  std::size_t learnt_bytes_ = 0;
  std::unordered_map<std::string, ByteSet> followers_;  // of each key of n-1 bytes
  std::string key_;
  Bytes end_;
};

}  // namespace kraft
