#include "samplers/gram_index.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace kraft {
namespace {

constexpr std::uint64_t kBase = 0x9e3779b97f4a7c15u;  // odd

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

void GramIndex::grow() {
  std::vector<std::uint64_t> old(2 * slots_.size());
  old.swap(slots_);
  for (const std::uint64_t hash : old) {
    if (hash != 0) slots_[slot(hash)] = hash;
  }
}

GramIndex::End GramIndex::end(ByteView text, std::size_t drawn_bytes, ByteView prefix) const {
  const ByteView known = text.last(std::min(text.size(), gram_bytes_));
  Bytes all(known.begin(), known.end());
  append(all, prefix);
  End end;
  end.index_ = this;
  end.drawn_bytes_ = drawn_bytes + prefix.size();
  for (std::size_t i = 0; i < all.size(); ++i) {
    end.hash_ = appended(end.hash_, all[i]);
    if (i >= gram_bytes_) end.hash_ -= leaving_factor_ * value_of(all[i - gram_bytes_]);
    if (i >= known.size() && i + 1 >= gram_bytes_) end.within_.push_back(end.hash_);
  }
  std::ranges::sort(end.within_);
  const ByteView last = ByteView(all).last(std::min(all.size(), gram_bytes_));
  end.bytes_.assign(last.begin(), last.end());
  return end;
}

bool GramIndex::End::completes(ByteView string) const {
  const std::size_t gram_bytes = index_->gram_bytes_;
  std::uint64_t hash = hash_;
  std::unordered_set<std::uint64_t> of_string;
  for (std::size_t i = 0; i < string.size(); ++i) {
    hash = appended(hash, string[i]);
    const std::size_t total = bytes_.size() + i + 1;
    if (total > gram_bytes) {
      const std::size_t left = total - gram_bytes - 1;
      const Byte byte = left < bytes_.size() ? bytes_[left] : string[left - bytes_.size()];
      hash -= index_->leaving_factor_ * value_of(byte);
    }
    if (total < gram_bytes) continue;
    const bool drawn = drawn_bytes_ + i + 1 >= gram_bytes;
    const bool known = index_->contains(hash) || std::ranges::binary_search(within_, hash) ||
                       (string.size() > 1 && !of_string.insert(hash).second);
    if (drawn && known) return true;
  }
  return false;
}

}  // namespace kraft
