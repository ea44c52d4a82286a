// Memory for libraries that can only begin a stream by allocating it anew.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

namespace kraft {

// Hands out blocks like malloc() and keeps the large ones for the next stream, so that their pages
// need not come from the kernel again. Small blocks go straight to malloc(). Blocks that a whole
// stream has not used are given back when the next one begins. For one thread; never throws, since
// its callers are C.
class Recycler {
 public:
  Recycler() = default;
  Recycler(const Recycler&) = delete;
  Recycler& operator=(const Recycler&) = delete;
  ~Recycler() {
    for (const Block& block : blocks_) std::free(block.memory);
  }

  // Call between streams, when no block is in use.
  void next_stream() noexcept {
    std::erase_if(blocks_, [](const Block& block) {
      if (!block.recent) std::free(block.memory);
      return !block.recent;
    });
    for (Block& block : blocks_) block.recent = false;
  }

  void* allocate(std::size_t bytes) noexcept {
    if (bytes < kLargeBytes) return std::malloc(bytes);
    Block* best = nullptr;
    for (Block& block : blocks_) {
      if (block.in_use || block.bytes < bytes || block.bytes > 2 * bytes) continue;
      if (!best || block.bytes < best->bytes) best = &block;
    }
    if (!best) best = add(bytes);
    if (!best) return nullptr;
    best->in_use = best->recent = true;
    return best->memory;
  }

  void release(void* memory) noexcept {
    for (Block& block : blocks_) {
      if (block.memory != memory) continue;
      block.in_use = false;
      return;
    }
    std::free(memory);
  }

 private:
  static constexpr std::size_t kLargeBytes = 32 << 10;

  struct Block {
    void* memory;
    std::size_t bytes;
    bool in_use;
    bool recent;
  };

  Block* add(std::size_t bytes) noexcept {
    void* memory = std::malloc(bytes);
    if (!memory) return nullptr;
    try {
      return &blocks_.emplace_back(Block{memory, bytes, true, true});
    } catch (const std::bad_alloc&) {
      std::free(memory);
      return nullptr;
    }
  }

  std::vector<Block> blocks_;
};

}  // namespace kraft
