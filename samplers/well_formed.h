// Strings of several bytes, against candidates that are single bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "kraft/candidates.h"
#include "samplers/byte_set.h"

namespace kraft {

// Whether candidates, all of them single bytes, allow a string. One thread at a time.
class WellFormed {
 public:
  explicit WellFormed(const Candidates& candidates);

  // After `text`, with `remaining_bytes` to be drawn, those of the string included.
  bool operator()(ByteView text, std::uint64_t remaining_bytes, ByteView string);

 private:
  const Candidates* candidates_;
  ByteSet bytes_;
  Bytes end_;  // scratch
  std::vector<std::uint32_t> allowed_;
};

}  // namespace kraft
