#include "samplers/gram_index.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace kraft {
namespace {

constexpr std::uint64_t kBase = 0x9e3779b97f4a7c15u;  // odd

// Of kBase modulo 2^64. Newton's iteration doubles the bits that are right, three at first.
constexpr std::uint64_t kInverse = [] {
  std::uint64_t inverse = kBase;
  for (int right_bits = 3; right_bits < 64; right_bits *= 2) inverse *= 2 - kBase * inverse;
  return inverse;
}();
static_assert(kBase * kInverse == 1);

// splitmix64's output function (Steele, Lea and Flood 2014): what a byte counts for.
constexpr std::uint64_t mix(std::uint64_t x) {
  x += kBase;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

std::uint64_t value_of(Byte byte) {
  static constexpr auto values = [] {
    std::array<std::uint64_t, 256> all{};
    for (std::uint64_t i = 0; i < all.size(); ++i) all[i] = mix(i);
    return all;
  }();
  return values[byte];
}

std::uint64_t appended(std::uint64_t hash, Byte byte) { return hash * kBase + value_of(byte); }

}  // namespace

GramIndex::GramIndex(std::size_t gram_bytes)
    : gram_bytes_(gram_bytes), leaving_factor_(1), slots_(1 << 10) {
  for (std::size_t i = 0; i < gram_bytes; ++i) leaving_factor_ *= kBase;
}

void GramIndex::push(ByteView text) {
  hash_ = appended(hash_, text[learnt_bytes_]);
  if (learnt_bytes_ >= gram_bytes_)
    hash_ -= leaving_factor_ * value_of(text[learnt_bytes_ - gram_bytes_]);
}

void GramIndex::unlearn(ByteView text, std::size_t first_bytes) {
  while (learnt_bytes_ > first_bytes) {
    if (learnt_bytes_ >= gram_bytes_) {
      if (is_first_.back()) erase(hash_);
      is_first_.pop_back();
    }
    // The opposite of push().
    --learnt_bytes_;
    if (learnt_bytes_ >= gram_bytes_)
      hash_ += leaving_factor_ * value_of(text[learnt_bytes_ - gram_bytes_]);
    hash_ = (hash_ - value_of(text[learnt_bytes_])) * kInverse;
  }
}

std::size_t GramIndex::slot(std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = mix(hash) & mask;
  while (slots_[at] != 0 && slots_[at] != hash) at = (at + 1) & mask;
  return at;
}

bool GramIndex::contains(std::uint64_t hash) const { return slots_[slot(hash | 1)] != 0; }

// The lowest bit is given up, so that 0 can stand for a free place.
bool GramIndex::insert(std::uint64_t hash) {
  const std::size_t at = slot(hash | 1);
  if (slots_[at] != 0) return false;
  slots_[at] = hash | 1;
  if (2 * ++used_ > slots_.size()) grow();
  return true;
}

// What may have come to lie behind it, because it was there, moves up (Knuth, volume 3,
// section 6.4, algorithm R).
void GramIndex::erase(std::uint64_t hash) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t free = slot(hash | 1);
  for (std::size_t at = (free + 1) & mask; slots_[at] != 0; at = (at + 1) & mask) {
    const std::size_t home = mix(slots_[at]) & mask;
    if (((at - home) & mask) < ((at - free) & mask)) continue;
    slots_[free] = slots_[at];
    free = at;
  }
  slots_[free] = 0;
  --used_;
}

void GramIndex::grow() {
  std::vector<std::uint64_t> old(2 * slots_.size());
  old.swap(slots_);
  for (const std::uint64_t hash : old) {
    if (hash != 0) slots_[slot(hash)] = hash;
  }
}

GramIndex::End GramIndex::end(ByteView text, std::size_t drawn_bytes, ByteView prefix) const {
  End end;
  end.index_ = this;
  end.text_ = text.last(std::min(text.size(), gram_bytes_));
  end.prefix_.reserve(prefix.size());
  end.drawn_bytes_ = drawn_bytes + prefix.size();
  end.hash_ = hash_;
  for (const Byte byte : prefix) {
    end.hash_ = end.hash_after(end.hash_, byte, {});
    end.prefix_.push_back(byte);
    if (end.bytes() >= gram_bytes_) end.within_.push_back(end.hash_);
  }
  std::ranges::sort(end.within_);
  return end;
}

// Of the last bytes, when one more comes behind text, prefix, and what came after them.
std::uint64_t GramIndex::End::hash_after(std::uint64_t hash, Byte byte, ByteView after) const {
  hash = appended(hash, byte);
  const std::size_t before = bytes() + after.size();
  if (before < index_->gram_bytes_) return hash;
  std::size_t leaving = before - index_->gram_bytes_;
  if (leaving < text_.size()) return hash - index_->leaving_factor_ * value_of(text_[leaving]);
  leaving -= text_.size();
  const Byte left = leaving < prefix_.size() ? prefix_[leaving] : after[leaving - prefix_.size()];
  return hash - index_->leaving_factor_ * value_of(left);
}

bool GramIndex::End::completes(ByteView string) const {
  std::uint64_t hash = hash_;
  std::unordered_set<std::uint64_t> of_string;
  for (std::size_t i = 0; i < string.size(); ++i) {
    hash = hash_after(hash, string[i], string.first(i));
    if (bytes() + i + 1 < index_->gram_bytes_) continue;
    const bool drawn = drawn_bytes_ + i + 1 >= index_->gram_bytes_;
    const bool known = index_->contains(hash) || std::ranges::binary_search(within_, hash) ||
                       (string.size() > 1 && !of_string.insert(hash).second);
    if (drawn && known) return true;
  }
  return false;
}

}  // namespace kraft
