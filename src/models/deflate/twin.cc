#include "models/deflate/twin.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <numeric>

#include "kraft/error.h"

namespace kraft::deflate {
namespace {

constexpr std::uint32_t kMinLookahead = kMaxMatch + kMinMatch + 1;
constexpr std::uint32_t kTooFar = 4096;  // a match of 3 bytes must not lie further back
constexpr std::uint32_t kSkipped = ~std::uint32_t{0};  // in previous_: never inserted
constexpr std::size_t kPadding = 16;                   // readable bytes behind the data

std::uint64_t load64(const Byte* p) {
  std::uint64_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

std::uint16_t load16(const Byte* p) {
  std::uint16_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// How many of the first `limit` bytes agree. Reads up to 7 bytes more.
std::uint32_t common_length(const Byte* a, const Byte* b, std::uint32_t limit) {
  static_assert(std::endian::native == std::endian::little);
  for (std::uint32_t n = 0; n < limit; n += 8) {
    const std::uint64_t difference = load64(a + n) ^ load64(b + n);
    if (difference != 0) {
      return std::min(limit, n + static_cast<std::uint32_t>(std::countr_zero(difference)) / 8);
    }
  }
  return limit;
}

std::size_t shared_prefix(ByteView a, ByteView b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

}  // namespace

Twin::Twin(const Parameters& parameters) {
  static constexpr Limits kLevels[10] = {
      {0, 0, 0, 0},         {4, 4, 8, 4},        {4, 5, 16, 8},     {4, 6, 32, 32},
      {4, 4, 16, 16},       {8, 16, 32, 32},     {8, 16, 128, 128}, {8, 32, 128, 256},
      {32, 128, 258, 1024}, {32, 258, 258, 4096}};
  const int level = parameters.level;
  limits_ = kLevels[level];
  method_ = level == 0                              ? Method::kStored
            : parameters.strategy == Z_HUFFMAN_ONLY ? Method::kHuffmanOnly
            : parameters.strategy == Z_RLE          ? Method::kRunLength
            : level <= 3                            ? Method::kGreedy
                                                    : Method::kLazy;
  filtered_ = parameters.strategy == Z_FILTERED;
  fixed_only_ = parameters.strategy == Z_FIXED;
  window_size_ = std::uint32_t{1} << std::max(parameters.window_bits, 9);
  max_distance_ = window_size_ - kMinLookahead;
  const auto hash_bits = static_cast<std::uint32_t>(parameters.mem_level) + 7;
  hash_shift_ = (hash_bits + kMinMatch - 1) / kMinMatch;
  hash_mask_ = (std::uint32_t{1} << hash_bits) - 1;
  block_symbols_ = (std::uint32_t{1} << (parameters.mem_level + 6)) - 1;
  slide_lookahead_ = method_ == Method::kHuffmanOnly ? 1
                     : method_ == Method::kRunLength ? kMaxMatch + 1
                                                     : kMinLookahead;
  const std::size_t capacity = 4 * std::size_t{window_size_} + 4096;
  data_.resize(capacity + kPadding);
  if (method_ == Method::kGreedy || method_ == Method::kLazy) {
    head_.resize(hash_mask_ + 1);
    previous_.resize(capacity);
  }
}

// ---- hash chains -----------------------------------------------------------------------------

std::uint32_t Twin::hash_of(Byte a, Byte b, Byte c) const {
  return (std::uint32_t{a} << 2 * hash_shift_ ^ std::uint32_t{b} << hash_shift_ ^ c) & hash_mask_;
}

std::uint32_t Twin::hash_at(std::uint32_t at) const {
  return hash_of(data_[at], data_[at + 1], data_[at + 2]);
}

// Puts the positions up to `at` into the chains; their three bytes must have been observed.
void Twin::insert_through(std::uint32_t at) {
  for (; inserted_ <= at; ++inserted_) {
    std::uint32_t& head = head_[hash_at(inserted_)];
    previous_[inserted_] = head;
    head = inserted_;
  }
}

// The inverse: chains are data, so taking a position out is putting its predecessor back.
void Twin::remove_from(std::uint32_t at) {
  while (inserted_ > at) {
    --inserted_;
    if (previous_[inserted_] != kSkipped) head_[hash_at(inserted_)] = previous_[inserted_];
  }
}

// ---- the window ------------------------------------------------------------------------------

// Makes data_ take `bytes` more: by dropping what no match can reach any more or, while marks need
// the past, by growing.
void Twin::make_room(std::size_t bytes) {
  const std::size_t needed = size_ + bytes + kPadding;
  if (needed <= data_.size()) return;
  if (needed > kSkipped) throw Error("deflate: more than 4 GiB observed behind a mark");
  const std::uint32_t oldest =
      head_.empty() ? cursor_.at : std::min(cursor_.at, std::max(inserted_, 1u) - 1);
  const std::uint32_t drop =
      marks_.empty() && oldest > window_size_ + 1 ? oldest - window_size_ - 1 : 0;
  if (drop > 0) {
    std::memmove(data_.data(), data_.data() + drop, size_ - drop);
    const auto moved = [drop](std::uint32_t p) { return p > drop ? p - drop : 0; };
    if (!head_.empty()) {
      for (std::uint32_t i = drop; i < inserted_; ++i) {
        previous_[i - drop] = previous_[i] == kSkipped ? kSkipped : moved(previous_[i]);
      }
      for (std::uint32_t& head : head_) head = moved(head);
    }
    inserted_ = inserted_ > drop ? inserted_ - drop : 0;
    size_ -= drop;
    cursor_.at -= std::min(drop, cursor_.at);
    origin_ += drop;
  }
  if (size_ + bytes + kPadding > data_.size()) {
    data_.resize(std::max(size_ + bytes + kPadding, data_.size() * 3 / 2));
    if (!head_.empty()) previous_.resize(data_.size() - kPadding);
  }
}

void Twin::append(ByteView bytes) {
  make_room(bytes.size());
  std::memcpy(data_.data() + size_, bytes.data(), bytes.size());
  size_ += static_cast<std::uint32_t>(bytes.size());
  if (method_ == Method::kLazy && size_ >= kMinMatch) insert_through(size_ - kMinMatch);
}

// ---- the parse -------------------------------------------------------------------------------

// Follows zlib's window as the parse reaches cursor.at. zlib slides it by half when less than
// slide_lookahead_ bytes lie ahead and the second half is nearly used up. In a small zone before
// the end of the window that depends on whether the input goes on; false says that it does, and
// that it matters: a block might be flushed there, and cannot be stored once its start has left.
template <bool kFinal>
bool Twin::slide_window(Cursor& cursor, bool may_flush) const {
  const std::uint64_t offset = origin_ + cursor.at - cursor.window_base;
  if (offset < 2 * window_size_ - kMinLookahead) return true;
  const bool certain = offset > 2 * std::uint64_t{window_size_} - slide_lookahead_;
  if (certain || (kFinal && size_ - cursor.at < slide_lookahead_)) {
    cursor.window_base += window_size_;
    return true;
  }
  if (kFinal || size_ - cursor.at >= slide_lookahead_) return true;
  return !may_flush;
}

// Whether zlib would start a search at this head of a chain. The first position of its window is
// the same number as "no position".
bool Twin::reachable(const Cursor& cursor, std::uint32_t head) const {
  return head != 0 && cursor.at - head <= max_distance_ && origin_ + head != cursor.window_base;
}

// zlib's longest_match among the chain that begins with `head`.
Twin::Match Twin::longest_match(std::uint32_t at, std::uint32_t head,
                                std::uint32_t longer_than) const {
  const Byte* const data = data_.data();
  const Byte* const scan = data + at;
  const std::uint32_t lookahead = size_ - at;
  const std::uint32_t longest = std::min(kMaxMatch, lookahead);
  const std::uint32_t nice = std::min(limits_.nice, lookahead);
  const std::uint32_t limit = at > max_distance_ ? at - max_distance_ : 0;
  std::uint32_t budget = longer_than >= limits_.good ? limits_.chain >> 2 : limits_.chain;
  Match best{.length = longer_than};
  const std::uint16_t first = load16(scan);
  std::uint16_t last = load16(scan + best.length - 1);
  std::uint32_t candidate = head;
  do {
    const Byte* const match = data + candidate;
    if (load16(match + best.length - 1) == last && load16(match) == first) {
      const std::uint32_t length = common_length(scan, match, longest);
      if (length > best.length) {
        best.length = length;
        best.start = candidate;
        if (length == lookahead) best.touches_end = true;
        if (length >= nice) break;
        last = load16(scan + length - 1);
      }
    }
    candidate = previous_[candidate];
  } while (candidate > limit && --budget != 0);
  return best;
}

// Each step handles one position as one turn of zlib's loop does, and returns false if it cannot
// because what is still to come would change it. kFinal: nothing is to come.

template <bool kFinal, class Sink>
bool Twin::step_lazy(Cursor& cursor, Sink& sink) {
  const std::uint32_t at = cursor.at;
  const std::uint32_t lookahead = size_ - at;
  Match found;
  if (cursor.length < limits_.lazy) {
    sink.searching(*this, cursor);
    if (lookahead < kMinMatch) {
      if (!kFinal) return false;
    } else {
      const std::uint32_t head = previous_[at];
      if (!kFinal && lookahead < slide_lookahead_ &&
          origin_ + head == cursor.window_base + window_size_ && at - head == max_distance_) {
        return false;  // the slide would make this head "no position"
      }
      if (reachable(cursor, head)) {
        if (cursor.length < lookahead) {
          found = longest_match(at, head, cursor.length);
          if (found.touches_end && lookahead < kMaxMatch && !kFinal) return false;
          if (found.length <= 5 &&
              (filtered_ || (found.length == kMinMatch && at - found.start > kTooFar))) {
            found.length = 2;
          }
        } else if (!kFinal) {
          return false;
        }
      }
    }
  }
  if (cursor.length >= kMinMatch && found.length <= cursor.length) {
    cursor.at = at - 1 + cursor.length;
    sink.match(cursor, cursor.length, cursor.distance);
    cursor.length = 2;
    cursor.pending = false;
    return true;
  }
  if (cursor.pending) sink.literal(cursor, data_[at - 1]);
  cursor.pending = true;
  cursor.length = found.length;
  cursor.distance = at - found.start;
  ++cursor.at;
  return true;
}

template <bool kFinal, class Sink>
bool Twin::step_greedy(Cursor& cursor, Sink& sink) {
  const std::uint32_t at = cursor.at;
  const std::uint32_t lookahead = size_ - at;
  Match found;
  sink.searching(*this, cursor);
  if (lookahead >= kMinMatch) {
    insert_through(at);
    const std::uint32_t head = previous_[at];
    if (!kFinal && lookahead < slide_lookahead_ &&
        origin_ + head == cursor.window_base + window_size_ && at - head == max_distance_) {
      return false;
    }
    if (reachable(cursor, head)) {
      found = longest_match(at, head, 2);
      if (found.touches_end && lookahead < kMaxMatch && !kFinal) return false;
    }
  } else if (!kFinal) {
    return false;
  }
  if (found.length < kMinMatch) {
    ++cursor.at;
    sink.literal(cursor, data_[at]);
    return true;
  }
  cursor.at += found.length;
  // Long matches are not inserted. (Nor are short ones at the very end, where it cannot matter.)
  if (found.length > limits_.lazy) {
    for (; inserted_ < cursor.at; ++inserted_) previous_[inserted_] = kSkipped;
  }
  sink.match(cursor, found.length, at - found.start);
  return true;
}

template <bool kFinal, class Sink>
bool Twin::step_run_length(Cursor& cursor, Sink& sink) {
  const std::uint32_t at = cursor.at;
  const std::uint32_t lookahead = size_ - at;
  std::uint32_t run = 0;
  sink.searching(*this, cursor);
  if (lookahead < kMinMatch) {
    if (!kFinal) return false;
  } else if (origin_ + at > 0) {
    const std::uint32_t longest = std::min(kMaxMatch, lookahead);
    run = common_length(data_.data() + at - 1, data_.data() + at, longest);
    if (run == lookahead && run < kMaxMatch && !kFinal) return false;
  }
  if (run < kMinMatch) {
    ++cursor.at;
    sink.literal(cursor, data_[at]);
  } else {
    cursor.at += run;
    sink.match(cursor, run, 1);
  }
  return true;
}

// Parses as far as is certain; kFinal: to the end.
template <bool kFinal, class Sink>
void Twin::parse(Cursor& cursor, Sink& sink) {
  while (cursor.at < size_) {
    if (!slide_window<kFinal>(cursor, sink.nearly_full())) return;
    bool done = true;
    switch (method_) {
      case Method::kLazy:
        done = step_lazy<kFinal>(cursor, sink);
        break;
      case Method::kGreedy:
        done = step_greedy<kFinal>(cursor, sink);
        break;
      case Method::kRunLength:
        done = step_run_length<kFinal>(cursor, sink);
        break;
      case Method::kHuffmanOnly:
        ++cursor.at;
        sink.literal(cursor, data_[cursor.at - 1]);
        break;
      case Method::kStored:
        cursor.at = size_;
        break;
    }
    if (!done) return;
  }
  if (!kFinal) return;
  slide_window<true>(cursor, false);
}

// What surrounds a block that ends at stream position `end`.
BlockPlace Twin::place_of_block(const Cursor& cursor, std::uint64_t end) const {
  return {.bits_before = cursor.bits,
          .stored_bytes = end - cursor.block_start,
          .storable = cursor.block_start >= cursor.window_base,
          .fixed_only = fixed_only_};
}

// Ends the block at stream position `end` and starts the next one there.
void Twin::finish_block(Cursor& cursor, BlockTally& tally, std::uint64_t end) const {
  cursor.bits = bits_after_block(place_of_block(cursor, end), fixed_only_ ? 0 : dynamic_bits(tally),
                                 fixed_bits(tally));
  cursor.block_start = end;
  tally = BlockTally();
}

// Counts symbols into a tally and finishes blocks as they fill up.
struct Twin::Committer {
  const Twin& twin;
  BlockTally& tally;

  void searching(const Twin&, const Cursor&) {}
  bool nearly_full() const { return tally.symbols + 1 >= twin.block_symbols_; }

  void literal(Cursor& cursor, Byte byte) {
    tally.add_literal(byte);
    flush_if_full(cursor);
  }

  void match(Cursor& cursor, std::uint32_t length, std::uint32_t distance) {
    tally.add_match(length, distance);
    flush_if_full(cursor);
  }

  void flush_if_full(Cursor& cursor) {
    if (tally.symbols == twin.block_symbols_) {
      twin.finish_block(cursor, tally, twin.origin_ + cursor.at);
    }
  }
};

void Twin::observe(ByteView bytes) {
  constexpr std::size_t kChunk = 1 << 15;
  while (!bytes.empty()) {
    const ByteView chunk = bytes.first(std::min(bytes.size(), kChunk));
    append(chunk);
    Committer committer{*this, tally_};
    parse<false>(cursor_, committer);
    bytes = bytes.subspan(chunk.size());
  }
}

// Level 0 copies the input in blocks of 65,535 bytes, each with a header of 5 bytes.
std::uint64_t Twin::stored_stream_bits() const {
  const std::uint64_t blocks = std::max<std::uint64_t>(1, (position_bytes() + 65534) / 65535);
  return 8 * (5 * blocks + position_bytes());
}

// The last block of the stream for what was observed.
Twin::LastBlock Twin::last_block() {
  Cursor cursor = cursor_;
  LastBlock last{.tally = tally_, .place = {}};
  Committer committer{*this, last.tally};
  const std::uint32_t inserted = inserted_;
  parse<true>(cursor, committer);
  remove_from(inserted);
  // The byte that awaited its verdict: the last symbol does not fill a block up.
  if (cursor.pending) last.tally.add_literal(data_[size_ - 1]);
  last.place = place_of_block(cursor, position_bytes());
  return last;
}

std::uint64_t Twin::bits() {
  if (method_ == Method::kStored) return stored_stream_bits();
  const LastBlock last = last_block();
  std::uint32_t dynamic = 0;
  if (!fixed_only_) pricer_.price(last.tally, {}, {}, {&last.tally, 1}, {&dynamic, 1});
  return bits_after_block(last.place, dynamic, fixed_bits(last.tally));
}

Mark Twin::mark() { return marks_.push({cursor_, tally_, size_, inserted_}); }

void Twin::rewind(Mark mark) {
  const Snapshot& snapshot = marks_.back_to(mark);
  if (!head_.empty()) remove_from(snapshot.inserted);
  cursor_ = snapshot.cursor;
  tally_ = snapshot.tally;
  size_ = snapshot.size;
}

void Twin::forget(Mark mark) { marks_.forget(mark); }

// Visits continuations in lexicographic order, so that each shares as much as possible with the one
// before, and goes back to the branching point in between.
template <class Visit>
void Twin::walk(std::span<const ByteView> continuations, Visit visit) {
  std::vector<std::size_t> order(continuations.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::ranges::lexicographical_compare(continuations[a], continuations[b]);
  });
  struct Branch {
    std::size_t depth;
    Mark mark;
  };
  std::vector<Branch> branches = {{0, mark()}};
  std::size_t depth = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const ByteView bytes = continuations[order[i]];
    const std::size_t shared_with_next =
        i + 1 < order.size() ? shared_prefix(bytes, continuations[order[i + 1]]) : 0;
    if (shared_with_next > depth) {
      observe(bytes.subspan(depth, shared_with_next - depth));
      depth = shared_with_next;
    }
    if (shared_with_next > branches.back().depth) branches.push_back({depth, mark()});
    observe(bytes.subspan(depth));
    visit(order[i]);
    while (branches.back().depth > shared_with_next) branches.pop_back();
    rewind(branches.back().mark);
    depth = branches.back().depth;
  }
  forget(branches.front().mark);
}

// Continuations that differ in their last byte only are one question about the next byte; the last
// blocks of the others are priced together.
void Twin::measure(std::span<const ByteView> continuations, std::span<std::uint64_t> bits) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < continuations.size(); ++i) {
    if (continuations[i].empty()) {
      bits[i] = this->bits();
    } else {
      order.push_back(i);
    }
  }
  const auto stem = [&](std::size_t i) {
    return continuations[i].first(continuations[i].size() - 1);
  };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::ranges::lexicographical_compare(stem(a), stem(b));
  });
  std::vector<ByteView> stems;
  std::vector<std::size_t> group_start;
  for (std::size_t k = 0; k < order.size(); ++k) {
    if (k > 0 && std::ranges::equal(stem(order[k]), stems.back())) continue;
    stems.push_back(stem(order[k]));
    group_start.push_back(k);
  }
  group_start.push_back(order.size());

  LastBlocks waiting;
  std::vector<Byte> alphabet;
  std::vector<std::uint64_t> group_bits;
  walk(stems, [&](std::size_t g) {
    const auto group =
        std::span(order).subspan(group_start[g], group_start[g + 1] - group_start[g]);
    if (group.size() == 1 && method_ != Method::kStored) {
      observe(continuations[group[0]].last(1));
      waiting.add(last_block(), group[0]);
      if (waiting.tallies.size() == 64) price_waiting(waiting, bits);
      return;
    }
    alphabet.clear();
    for (const std::size_t i : group) alphabet.push_back(continuations[i].back());
    group_bits.resize(group.size());
    next_byte(alphabet, group_bits);
    for (std::size_t k = 0; k < group.size(); ++k) bits[group[k]] = group_bits[k];
  });
  price_waiting(waiting, bits);
}

void Twin::price_waiting(LastBlocks& waiting, std::span<std::uint64_t> bits) {
  const std::size_t n = waiting.tallies.size();
  dynamic_bits_.assign(n, 0);
  if (!fixed_only_ && n > 0) {
    pricer_.price(waiting.tallies[0], {}, {}, waiting.tallies, dynamic_bits_);
  }
  for (std::size_t i = 0; i < n; ++i) {
    bits[waiting.answers[i]] =
        bits_after_block(waiting.places[i], dynamic_bits_[i], fixed_bits(waiting.tallies[i]));
  }
  waiting = {};
}

void Twin::extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
                  std::span<std::uint64_t> bits) {
  walk(prefixes, [&](std::size_t i) {
    next_byte(alphabet, bits.subspan(i * alphabet.size(), alphabet.size()));
  });
}

void Twin::next_byte(std::span<std::uint64_t, 256> bits) {
  std::array<Byte, 256> alphabet;
  std::iota(alphabet.begin(), alphabet.end(), Byte{0});
  next_byte(alphabet, bits);
}

// ---- the next byte ---------------------------------------------------------------------------

// Parses to the end of the input into a block that does not fill up. With `continuing`, notes the
// bytes which, if they came next, could make a match longer: with all others the parse is the same
// and ends with one more literal.
struct Twin::Probe {
  BlockTally& tally;
  Twin* watched = nullptr;
  ByteSet* continuing = nullptr;

  void searching(const Twin&, const Cursor& cursor) {
    if (watched != nullptr) watched->find_continuing(cursor, *continuing);
  }
  bool nearly_full() const { return false; }
  void literal(Cursor&, Byte byte) { tally.add_literal(byte); }
  void match(Cursor&, std::uint32_t length, std::uint32_t distance) {
    tally.add_match(length, distance);
  }
};

// Adds the bytes which, if they came next, a search at the cursor would find. A few too many do no
// harm: what is added is tried, what is not added must not matter.
void Twin::find_continuing(const Cursor& cursor, ByteSet& bytes) {
  const std::uint32_t lookahead = size_ - cursor.at;
  if (method_ == Method::kRunLength) {
    if (cursor.at + origin_ > 0) bytes.set(data_[size_ - 1]);
  } else if (lookahead == 2) {
    find_third_bytes(cursor.at, bytes);
  } else if (lookahead > 2 && lookahead < kMaxMatch && cursor.length <= lookahead) {
    find_following_bytes(cursor.at, cursor.length, bytes);
  }
}

// Two bytes lie ahead; the next one chooses the chain itself.
void Twin::find_third_bytes(std::uint32_t at, ByteSet& bytes) {
  std::uint32_t limit = at > max_distance_ ? at - max_distance_ : 0;
  if (method_ == Method::kGreedy) {
    if (at > 0) insert_through(at - 1);
  } else {
    if (filtered_) return;  // matches of three are dropped
    if (at > kTooFar) limit = std::max(limit, at - kTooFar - 1);
  }
  const Byte* const data = data_.data();
  const std::uint16_t first = load16(data + at);
  const std::uint32_t hash = hash_of(data[at], data[at + 1], 0);
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t candidate = head_[hash ^ b];
    if (candidate < limit || candidate == 0) continue;
    std::uint32_t budget = limits_.chain;
    do {
      const Byte* const match = data + candidate;
      if (match[2] == b && load16(match) == first) {
        bytes.set(b);
        break;
      }
      candidate = previous_[candidate];
    } while (candidate > limit && --budget != 0);
  }
}

// The bytes behind candidates that agree with all that lies ahead.
void Twin::find_following_bytes(std::uint32_t at, std::uint32_t longer_than, ByteSet& bytes) {
  if (method_ == Method::kGreedy) insert_through(at);
  const std::uint32_t limit = at > max_distance_ ? at - max_distance_ : 0;
  std::uint32_t candidate = previous_[at];
  if (candidate < limit || candidate == 0) return;
  std::uint32_t budget = longer_than >= limits_.good ? limits_.chain >> 2 : limits_.chain;
  const std::uint32_t lookahead = size_ - at;
  const Byte* const scan = data_.data() + at;
  const std::uint16_t first = load16(scan);
  const std::uint16_t last = load16(scan + lookahead - 2);
  do {
    const Byte* const match = data_.data() + candidate;
    if (load16(match + lookahead - 2) == last && load16(match) == first &&
        common_length(scan, match, lookahead) == lookahead) {
      bytes.set(match[lookahead]);
    }
    candidate = previous_[candidate];
  } while (candidate > limit && --budget != 0);
}

// Whether one more byte keeps zlib from sliding its window at some position: then the parse of what
// was observed is not the same with that byte behind it.
bool Twin::next_byte_holds_slide() const {
  std::uint64_t slide = cursor_.window_base + 2 * std::uint64_t{window_size_} - kMinLookahead;
  while (slide < origin_ + cursor_.at) slide += window_size_;
  return position_bytes() == slide + kMinLookahead - 1;
}

void Twin::next_byte(std::span<const Byte> alphabet, std::span<std::uint64_t> bits) {
  if (!next_byte_quickly(alphabet, bits)) next_byte_plainly(alphabet, bits);
}

// The obvious way: try each.
void Twin::next_byte_plainly(std::span<const Byte> alphabet, std::span<std::uint64_t> bits) {
  const Mark here = mark();
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    observe(alphabet.subspan(i, 1));
    bits[i] = this->bits();
    rewind(here);
  }
  forget(here);
}

// Parses what was observed to its end, as part of a block that goes on.
BlockTally Twin::tail(Twin* watched, ByteSet* continuing) {
  BlockTally tally = tally_;
  Cursor cursor = cursor_;
  const std::uint32_t inserted = inserted_;
  Probe probe{tally, watched, continuing};
  parse<true>(cursor, probe);
  if (cursor.pending) tally.add_literal(data_[size_ - 1]);
  remove_from(inserted);
  return tally;
}

// The same had one more byte been observed. There must be room for it.
BlockTally Twin::tail_with(Byte byte) {
  const std::uint32_t inserted = inserted_;
  data_[size_++] = byte;
  if (method_ == Method::kLazy && size_ >= kMinMatch) insert_through(size_ - kMinMatch);
  const BlockTally tally = tail(nullptr, nullptr);
  remove_from(inserted);
  --size_;
  return tally;
}

// All bytes but a few leave the parse as it is and add a literal to one and the same block. False:
// not so here, the block is about to end or the window to slide.
bool Twin::next_byte_quickly(std::span<const Byte> alphabet, std::span<std::uint64_t> bits) {
  if (method_ == Method::kStored || (!head_.empty() && next_byte_holds_slide())) return false;
  make_room(1);
  ByteSet continuing;
  const BlockTally base = tail(this, &continuing);
  if (base.symbols + 1 >= block_symbols_) return false;
  continuing_.clear();
  plain_bytes_.clear();
  for (const Byte byte : alphabet) {
    if (continuing[byte]) {
      continuing_.push_back(tail_with(byte));
      if (continuing_.back().symbols >= block_symbols_) return false;
    } else {
      plain_bytes_.push_back(byte);
    }
  }

  const std::uint64_t end = position_bytes() + 1;
  Cursor cursor = cursor_;
  while (end >= cursor.window_base + 2 * std::uint64_t{window_size_} - kMinLookahead) {
    cursor.window_base += window_size_;
  }
  const BlockPlace place = place_of_block(cursor, end);
  dynamic_bits_.assign(alphabet.size(), 0);
  const auto plain = std::span(dynamic_bits_).first(plain_bytes_.size());
  const auto others = std::span(dynamic_bits_).subspan(plain_bytes_.size());
  if (!fixed_only_) pricer_.price(base, plain_bytes_, plain, continuing_, others);
  for (std::size_t i = 0, next_plain = 0, next_other = 0; i < alphabet.size(); ++i) {
    if (continuing[alphabet[i]]) {
      bits[i] = bits_after_block(place, others[next_other], fixed_bits(continuing_[next_other]));
      ++next_other;
    } else {
      const int fixed_literal = fixed_bits(int{alphabet[i]});
      bits[i] = bits_after_block(place, plain[next_plain++],
                                 fixed_bits(base) + static_cast<std::uint32_t>(fixed_literal));
    }
  }
  return true;
}

// ---- self check ------------------------------------------------------------------------------

namespace {

// Bytes of the stream that zlib writes; 0 if it fails.
std::uint64_t zlib_bytes(const Parameters& p, ByteView message) {
  z_stream z{};
  if (deflateInit2(&z, p.level, Z_DEFLATED, -p.window_bits, p.mem_level, p.strategy) != Z_OK) {
    return 0;
  }
  Bytes stream(deflateBound(&z, static_cast<uLong>(message.size())) + 64);
  z.next_in = const_cast<Byte*>(message.data());
  z.avail_in = static_cast<uInt>(message.size());
  z.next_out = stream.data();
  z.avail_out = static_cast<uInt>(stream.size());
  const bool finished = ::deflate(&z, Z_FINISH) == Z_STREAM_END;
  const std::uint64_t bytes = z.total_out;
  deflateEnd(&z);
  return finished ? bytes : 0;
}

// Words of a small vocabulary, runs, and noise by turns: long matches, lazy decisions, far and near
// copies, literals of many frequencies.
Bytes check_input(std::size_t size) {
  Bytes bytes;
  std::uint32_t state = 1;
  const auto below = [&](std::uint32_t n) {
    state = state * 1664525 + 1013904223;
    return (state >> 8) % n;
  };
  while (bytes.size() < size) {
    const std::uint32_t kind = below(16);
    const std::uint32_t length = 1 + below(kind == 0 ? 300 : 12);
    const auto old = static_cast<std::uint32_t>(bytes.size());
    const std::uint32_t from = old == 0 ? 0 : below(std::min<std::uint32_t>(old, 1 << below(16)));
    for (std::uint32_t i = 0; i < length; ++i) {
      if (kind < 8 && old > 0) {
        bytes.push_back(bytes[old - 1 - from + i]);
      } else {
        bytes.push_back(static_cast<Byte>(kind < 12 ? 97 + below(1 + below(26)) : below(256)));
      }
    }
  }
  bytes.resize(size);
  return bytes;
}

// Whether the twin's lengths are zlib's after each of these many bytes.
bool agrees(const Parameters& p, ByteView input, std::span<const std::size_t> sizes) {
  Twin twin(p);
  std::size_t observed = 0;
  for (const std::size_t size : sizes) {
    twin.observe(input.subspan(observed, size - observed));
    observed = size;
    if ((twin.bits() + 7) / 8 != zlib_bytes(p, input.first(size))) return false;
  }
  return true;
}

}  // namespace

bool self_check(const Parameters& parameters) {
  static constexpr std::size_t kSizes[] = {0, 1, 2, 3, 7, 40, 300, 1021, 1025, 8000};
  static const Bytes input = check_input(8000);
  Parameters least = parameters;
  least.window_bits = 9;
  least.mem_level = 1;
  // Literals of nine bits each: a block that may not have trees of its own is better stored, which
  // zlib has noticed since 1.2.13.
  Bytes high(400);
  for (std::size_t i = 0; i < high.size(); ++i) high[i] = static_cast<Byte>(144 + i * i % 61);
  static constexpr std::size_t kHighSizes[] = {10, 100, 400};
  return agrees(parameters, input, kSizes) && agrees(least, input, kSizes) &&
         agrees(parameters, high, kHighSizes);
}

}  // namespace kraft::deflate
