#include "base/zeroed_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <new>

namespace kraft {

ZeroedMemory::ZeroedMemory(std::size_t size_bytes) {
  if (size_bytes < kHugeBytes) {
    begin_ = static_cast<Byte*>(::operator new (size_bytes, std::align_val_t{kAlignment}));
    std::memset(begin_, 0, size_bytes);
    return;
  }
  mapped_bytes_ = size_bytes + kHugeBytes;  // what is not aligned stays untouched
  mapped_ =
      mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped_ == MAP_FAILED) throw std::bad_alloc();
  const auto address = reinterpret_cast<std::uintptr_t>(mapped_);
  begin_ = static_cast<Byte*>(mapped_) + (kHugeBytes - address % kHugeBytes) % kHugeBytes;
#ifdef MADV_HUGEPAGE
  madvise(begin_, size_bytes, MADV_HUGEPAGE);  // without it, small pages do
#endif
}

ZeroedMemory::~ZeroedMemory() {
  if (mapped_ != nullptr)
    munmap(mapped_, mapped_bytes_);
  else
    ::operator delete (begin_, std::align_val_t{kAlignment});
}

}  // namespace kraft
