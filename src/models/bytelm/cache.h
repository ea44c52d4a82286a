// The keys and values of the tokens so far, in blocks that copies share.
//
//     Cache cache(bytes_per_block);
//     const std::size_t position = cache.append();      // its numbers may be written now
//     cache.writable(position / kBlockTokens)[0] = 1;
//     cache.truncate(position);                         // as if it had not been
//     Cache copy = cache;                               // O(blocks); written blocks are copied
//
// Belongs to one thread at a time; copies may be used by others.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "models/bytelm/kernels.h"

namespace kraft::bytelm {

class Cache {
 public:
  explicit Cache(std::size_t bytes_per_block) : bytes_per_block_(bytes_per_block) {}

  std::size_t tokens() const { return tokens_; }

  // Makes room for a token and returns its position.
  std::size_t append() {
    const std::size_t block = tokens_ / kBlockTokens;
    if (block == owners_.size()) {
      owners_.push_back(std::make_shared<std::int8_t[]>(bytes_per_block_));
      blocks_.push_back(owners_.back().get());
    } else {
      own(block);
    }
    return tokens_++;
  }

  // Keeps the first so many tokens, at most all.
  void truncate(std::size_t tokens) {
    tokens_ = tokens;
    const std::size_t blocks = (tokens + kBlockTokens - 1) / kBlockTokens;
    owners_.resize(blocks);
    blocks_.resize(blocks);
  }

  const std::int8_t* const* blocks() const { return blocks_.data(); }

  // Of a block with tokens that were appended to this object, and not copied since.
  std::int8_t* writable(std::size_t block) { return owners_[block].get(); }

 private:
  void own(std::size_t block) {
    if (owners_[block].use_count() == 1) {
      // What another thread did with its copy before it let go of the block has been done.
      std::atomic_thread_fence(std::memory_order_acquire);
      return;
    }
    auto copy = std::make_shared_for_overwrite<std::int8_t[]>(bytes_per_block_);
    std::memcpy(copy.get(), owners_[block].get(), bytes_per_block_);
    blocks_[block] = copy.get();
    owners_[block] = std::move(copy);
  }

  std::size_t bytes_per_block_;
  std::size_t tokens_ = 0;
  std::vector<std::shared_ptr<std::int8_t[]>> owners_;
  std::vector<const std::int8_t*> blocks_;  // the same
};

}  // namespace kraft::bytelm
