#include "models/bwt/column.h"

#include <algorithm>

#include "base/suffix_array.h"
#include "kraft/error.h"

namespace kraft::bwt {

Column::Column(ByteView text, std::span<const std::uint8_t> tables) {
  const Bytes backwards(text.rbegin(), text.rend());
  const std::vector<std::int32_t> order = suffixes_in_order(backwards);
  // Half full, so that there is room.
  constexpr std::size_t kFill = kChunkRows / 2;
  const auto append = [&](std::size_t context_bytes) {
    if (chunks_.empty() || sizes_.back() == kFill) {
      chunks_.emplace_back();
      sizes_.push_back(0);
    }
    const std::size_t row = sizes_.back()++;
    chunks_.back().next[row] = text[context_bytes];
    chunks_.back().table[row] = tables[context_bytes];
    ++size_;
  };
  if (!text.empty()) append(0);
  for (const std::int32_t begin : order) {
    const std::size_t context_bytes = text.size() - static_cast<std::size_t>(begin);
    if (context_bytes == text.size())
      hole_ = size_;
    else
      append(context_bytes);
  }
  if (chunks_.empty()) {
    chunks_.emplace_back();
    sizes_.push_back(0);
  }
  for (std::vector<std::uint16_t>& counts : counts_) counts.resize(chunks_.size());
  for (std::size_t c = 0; c < chunks_.size(); ++c) recount(c);
  for (const Byte byte : text) ++totals_[byte];
}

void Column::recount(std::size_t chunk) {
  for (std::vector<std::uint16_t>& counts : counts_) counts[chunk] = 0;
  chunks_[chunk].bytes = {};
  for (std::size_t r = 0; r < sizes_[chunk]; ++r) {
    const Byte byte = chunks_[chunk].next[r];
    ++counts_[byte][chunk];
    chunks_[chunk].bytes.add(byte);
  }
}

// ---- Going on and back -----------------------------------------------------------------------

Column::Place Column::place_of(std::size_t index) const {
  std::size_t chunk = 0;
  while (index >= sizes_[chunk]) index -= sizes_[chunk++];
  return {chunk, index};
}

// The place of the hole: at the end of a chunk rather than at the begin of the next.
Column::Place Column::place_to_insert() const {
  if (hole_ == 0) return {0, 0};
  const Place before = place_of(hole_ - 1);
  return {before.chunk, before.row + 1};
}

void Column::split(std::size_t chunk) {
  const auto next = static_cast<std::ptrdiff_t>(chunk) + 1;
  chunks_.insert(chunks_.begin() + next, Chunk{});
  sizes_.insert(sizes_.begin() + next, 0);
  for (std::vector<std::uint16_t>& counts : counts_) counts.insert(counts.begin() + next, 0);
  Chunk& from = chunks_[chunk];
  Chunk& to = chunks_[chunk + 1];
  const std::size_t kept = sizes_[chunk] / 2, moved = sizes_[chunk] - kept;
  std::copy_n(from.next.begin() + kept, moved, to.next.begin());
  std::copy_n(from.table.begin() + kept, moved, to.table.begin());
  sizes_[chunk] = static_cast<std::uint16_t>(kept);
  sizes_[chunk + 1] = static_cast<std::uint16_t>(moved);
  recount(chunk);
  recount(chunk + 1);
}

std::size_t Column::count_above(Byte byte, Place hole) const {
  const std::vector<std::uint16_t>& counts = counts_[byte];
  std::size_t count = 0;
  for (std::size_t c = 0; c < hole.chunk; ++c) count += counts[c];
  const auto begin = chunks_[hole.chunk].next.begin();
  return count + static_cast<std::size_t>(
                     std::count(begin, begin + static_cast<std::ptrdiff_t>(hole.row), byte));
}

void Column::push(Byte next) {
  Place place = place_to_insert();
  if (sizes_[place.chunk] == kChunkRows) {
    split(place.chunk);
    place = place_to_insert();
  }
  const std::uint8_t table = size_ == 0 ? std::uint8_t{0} : at(hole_ == 0 ? 0 : hole_ - 1).table;
  std::size_t row = 1 + count_above(next, place);
  for (std::size_t byte = 0; byte < next; ++byte) row += totals_[byte];

  Chunk& chunk = chunks_[place.chunk];
  std::uint16_t& rows = sizes_[place.chunk];
  std::copy_backward(chunk.next.begin() + place.row, chunk.next.begin() + rows,
                     chunk.next.begin() + rows + 1);
  std::copy_backward(chunk.table.begin() + place.row, chunk.table.begin() + rows,
                     chunk.table.begin() + rows + 1);
  chunk.next[place.row] = next;
  chunk.table[place.row] = table;
  chunk.bytes.add(next);
  ++rows;
  ++counts_[next][place.chunk];
  ++totals_[next];
  ++size_;
  holes_.push_back(static_cast<std::uint32_t>(hole_));
  hole_ = row;
}

void Column::pop() {
  if (holes_.empty()) throw Error("a column of contexts cannot go back to before its begin");
  hole_ = holes_.back();
  holes_.pop_back();
  const Place place = place_of(hole_);
  Chunk& chunk = chunks_[place.chunk];
  std::uint16_t& rows = sizes_[place.chunk];
  const Byte byte = chunk.next[place.row];
  std::copy(chunk.next.begin() + place.row + 1, chunk.next.begin() + rows,
            chunk.next.begin() + place.row);
  std::copy(chunk.table.begin() + place.row + 1, chunk.table.begin() + rows,
            chunk.table.begin() + place.row);
  --rows;
  if (--counts_[byte][place.chunk] == 0) chunk.bytes.remove(byte);
  --totals_[byte];
  --size_;
}

// ---- Around the hole -------------------------------------------------------------------------

Row Column::at(std::size_t index) const {
  const Place place = place_of(index);
  return {chunks_[place.chunk].next[place.row], chunks_[place.chunk].table[place.row]};
}

Bytes Column::read(std::size_t begin, std::size_t count) const {
  Bytes bytes;
  if (count == 0) return bytes;
  bytes.reserve(count);
  Place place = place_of(begin);
  for (; bytes.size() < count; ++place.chunk, place.row = 0) {
    const std::size_t rows = std::min(sizes_[place.chunk] - place.row, count - bytes.size());
    const auto from = chunks_[place.chunk].next.begin() + static_cast<std::ptrdiff_t>(place.row);
    bytes.insert(bytes.end(), from, from + static_cast<std::ptrdiff_t>(rows));
  }
  return bytes;
}

std::size_t Column::above(std::span<Nearest> found) const {
  ByteSet seen;
  std::size_t count = 0;
  const Place hole = place_to_insert();
  std::size_t begin = hole_ - hole.row;  // of the chunk
  for (std::size_t c = hole.chunk;; --c) {
    const Chunk& chunk = chunks_[c];
    std::size_t r = c == hole.chunk ? hole.row : sizes_[c];
    while (r > 0 && chunk.bytes.has_more_than(seen)) {
      const Byte byte = chunk.next[--r];
      if (seen.has(byte)) continue;
      seen.add(byte);
      found[count++] = {{byte, chunk.table[r]}, begin + r};
      if (count == found.size()) return count;
    }
    if (c == 0) return count;
    begin -= sizes_[c - 1];
  }
}

std::size_t Column::below(std::span<Nearest> found) const {
  ByteSet seen;
  std::size_t count = 0;
  const Place hole = place_to_insert();
  std::size_t begin = hole_ - hole.row;
  for (std::size_t c = hole.chunk; c < chunks_.size(); begin += sizes_[c++]) {
    const Chunk& chunk = chunks_[c];
    std::size_t r = c == hole.chunk ? hole.row : 0;
    for (; r < sizes_[c] && chunk.bytes.has_more_than(seen); ++r) {
      const Byte byte = chunk.next[r];
      if (seen.has(byte)) continue;
      seen.add(byte);
      found[count++] = {{byte, chunk.table[r]}, begin + r};
      if (count == found.size()) return count;
    }
  }
  return count;
}

std::size_t Column::run_up(std::size_t index) const {
  const Place last = place_of(index);
  const Byte byte = chunks_[last.chunk].next[last.row];
  std::size_t run = 0;
  for (std::size_t c = last.chunk + 1; c-- > 0;) {
    const Chunk& chunk = chunks_[c];
    const std::size_t rows = c == last.chunk ? last.row + 1 : sizes_[c];
    if (c < last.chunk && chunk.bytes.is_only(byte)) {
      run += rows;
      continue;
    }
    for (std::size_t r = rows; r > 0; --r, ++run) {
      if (chunk.next[r - 1] != byte) return run;
    }
  }
  return run;
}

std::size_t Column::run_down(std::size_t index) const {
  const Place first = place_of(index);
  const Byte byte = chunks_[first.chunk].next[first.row];
  std::size_t run = 0;
  for (std::size_t c = first.chunk; c < chunks_.size(); ++c) {
    const Chunk& chunk = chunks_[c];
    if (c > first.chunk && chunk.bytes.is_only(byte)) {
      run += sizes_[c];
      continue;
    }
    for (std::size_t r = c == first.chunk ? first.row : 0; r < sizes_[c]; ++r, ++run) {
      if (chunk.next[r] != byte) return run;
    }
  }
  return run;
}

}  // namespace kraft::bwt
