// Memory that is zero until it is written, for many small objects that are read at random.
// Aligned to kAlignment bytes.
//
//     const auto memory = std::make_shared<ZeroedMemory>(ZeroedMemory::kHugeBytes);
//     memory->begin()[12] = 1;
//
// From kHugeBytes on it comes straight from the system, in huge pages where these are to be had
// (transparent huge pages of Linux): one fault and one entry of the translation buffer for what
// takes 512 otherwise. Throws std::bad_alloc.
#pragma once

#include <cstddef>

#include "kraft/bytes.h"

namespace kraft {

class ZeroedMemory {
 public:
  static constexpr std::size_t kHugeBytes = std::size_t{1} << 21;
  static constexpr std::size_t kAlignment = 64;

  explicit ZeroedMemory(std::size_t size_bytes);
  ~ZeroedMemory();
  ZeroedMemory(const ZeroedMemory&) = delete;
  ZeroedMemory& operator=(const ZeroedMemory&) = delete;

  Byte* begin() const { return begin_; }

 private:
  Byte* begin_ = nullptr;
  void* mapped_ = nullptr;  // none: it is of the heap
  std::size_t mapped_bytes_ = 0;
};

}  // namespace kraft
