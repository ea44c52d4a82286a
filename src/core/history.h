// The end of what was observed, as long as a model or a mark can need it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/marks.h"
#include "kraft/bytes.h"

namespace kraft {

// Keeps at least the last `context_bytes` bytes (0: all), and what the oldest mark needs. Observing
// n bytes costs O(n) on average; memory is O(context_bytes + bytes since the oldest mark).
class History {
 public:
  explicit History(std::uint64_t context_bytes) : context_bytes_(context_bytes) {}

  void observe(ByteView bytes) {
    append(bytes_, bytes);
    position_bytes_ += bytes.size();
    if (context_bytes_ == 0 || !marks_.empty()) return;
    // Half of the buffer is dropped at a time, so that each byte moves at most once on average.
    constexpr std::size_t kSlack = 4096;
    if (bytes_.size() > kSlack && (bytes_.size() - kSlack) / 2 > context_bytes_)
      bytes_.erase(bytes_.begin(), bytes_.end() - static_cast<std::ptrdiff_t>(context_bytes_));
  }

  // The last context_bytes bytes, or as many as there are.
  ByteView context() const {
    const ByteView all(bytes_);
    return context_bytes_ == 0 ? all
                               : all.last(std::min<std::uint64_t>(context_bytes_, all.size()));
  }

  std::uint64_t position_bytes() const { return position_bytes_; }

  Mark mark() { return marks_.push(position_bytes_); }

  void rewind(Mark mark) {
    const std::uint64_t position_bytes = marks_.back_to(mark);
    bytes_.resize(bytes_.size() - (position_bytes_ - position_bytes));
    position_bytes_ = position_bytes;
  }

  void forget(Mark mark) { marks_.forget(mark); }
  void forget_all() { marks_.clear(); }

 private:
  std::uint64_t context_bytes_;
  std::uint64_t position_bytes_ = 0;
  Bytes bytes_;
  MarkStack<std::uint64_t> marks_;
};

}  // namespace kraft
