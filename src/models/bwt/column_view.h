// What the decoder's views of bzip2 and bzip3 have in common: the column of the last block of text
// (models/bwt/column.h), with a code that is held still from one refresh to the next.
//
// A Block is the column and the code from a refresh on. It has
//
//     push(byte), pop(), pushed()    as a Column's
//     bits_of(byte)                  -log2 P(byte) in the hole
//     next_byte(bits)                of all bytes, the same numbers
//
// and is copied with the view.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "kraft/bytes.h"
#include "models/lz/refuse_rewind.h"
#include "models/lz/schedule.h"

namespace kraft::bwt {

// An engine of lz/view_state.h. Memory is that of a Block, and two bytes for each of the block. One
// thread at a time; copies are independent.
template <typename Block>
class ColumnView {
 public:
  static constexpr std::uint64_t kFirstRefresh = 16;

  // `begin` makes a block of text of `block_bytes` or less.
  ColumnView(std::function<Block(ByteView)> begin, std::uint64_t block_bytes,
             std::uint64_t refresh_bytes)
      : begin_(std::move(begin)),
        block_bytes_(static_cast<std::size_t>(block_bytes)),
        schedule_(refresh_bytes, kFirstRefresh) {
    begin_block();
  }

  void observe(Byte byte) {
    text_.push_back(byte);
    ++position_;
    if (schedule_.begins_at(position_))
      begin_block();
    else
      blocks_.back().block.push(byte);
  }

  // The same as observing the bytes one by one, but passes over what does not matter in the end.
  void observe(ByteView bytes) {
    const std::uint64_t end = position_ + bytes.size();
    const std::uint64_t begin = schedule_.last_begin(end);
    if (begin > position_) {
      const auto skipped = static_cast<std::size_t>(begin - position_);
      append(text_, bytes.first(skipped));
      bytes = bytes.subspan(skipped);
      position_ = begin;
      begin_block();
    }
    for (const Byte byte : bytes) observe(byte);
  }

  std::uint64_t position_bytes() const { return position_; }
  double bits_of(Byte byte) { return blocks_.back().block.bits_of(byte); }
  void next_byte(std::span<double, 256> bits) { blocks_.back().block.next_byte(bits); }

  // Back to an earlier position, at or after the last trim().
  void rewind(std::uint64_t position) {
    if (position > position_ || position < blocks_.front().begin)
      lz::refuse_rewind(position, position_);
    while (blocks_.back().begin > position) blocks_.pop_back();
    Begun& last = blocks_.back();
    while (last.begin + last.block.pushed() > position) last.block.pop();
    text_.resize(text_.size() - static_cast<std::size_t>(position_ - position));
    position_ = position;
  }

  // Gives up the memory that only rewinding needs.
  void trim() {
    if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
    // What the next block can need is kept; half of the buffer is dropped at a time.
    if (text_.size() / 2 > block_bytes_)
      text_.erase(text_.begin(), text_.end() - static_cast<std::ptrdiff_t>(block_bytes_));
  }

 private:
  struct Begun {
    std::uint64_t begin;  // where it comes into force
    Block block;
  };

  void begin_block() {
    const std::size_t size = std::min(text_.size(), block_bytes_);
    blocks_.push_back({position_, begin_(ByteView(text_).last(size))});
  }

  std::function<Block(ByteView)> begin_;
  std::size_t block_bytes_;
  lz::Schedule schedule_;
  std::uint64_t position_ = 0;
  Bytes text_;                 // its end
  std::vector<Begun> blocks_;  // the last one is in force; those before, for rewinding
};

}  // namespace kraft::bwt
