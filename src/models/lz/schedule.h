// Where a view takes new codes: position 0; 256 (or another power of two), 512, ... doubling, up to
// the refresh; and from there on every so many bytes. It depends on the position alone.
#pragma once

#include <bit>
#include <cstdint>

namespace kraft::lz {

class Schedule {
 public:
  explicit Schedule(std::uint64_t refresh_bytes, std::uint64_t first_bytes = 256)
      : refresh_bytes_(refresh_bytes), first_bytes_(first_bytes) {}

  // The last such position, at or before this one.
  std::uint64_t last_begin(std::uint64_t position) const {
    if (position >= refresh_bytes_) return position - position % refresh_bytes_;
    return position < first_bytes_ ? 0 : std::bit_floor(position);
  }
  bool begins_at(std::uint64_t position) const { return last_begin(position) == position; }

 private:
  std::uint64_t refresh_bytes_;
  std::uint64_t first_bytes_;
};

}  // namespace kraft::lz
