// Which bytes come next in the copies that have just begun, from all distances?
//
// A copy that begins at position t from distance d says that the next byte is x[t - d]; one that
// began a byte ago says so where x[t - 1 - d] = x[t - 1]. These are too many to be listed. Two
// structures that are moved on, not made, sum them:
//
//     FarBytes    the weights of all far distances, by next byte. Distances of one slot weigh the
//                 same but for their lowest four bits, which depend on the position of the byte
//                 that is copied, modulo 16: a histogram for each of these 16 is moved on with one
//                 addition for each slot.
//     ByteLists   the positions after each byte: the copies that began a byte ago are gone through
//                 one by one, slot by slot, without looking at the text.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "kraft/bytes.h"
#include "models/lzma/prices.h"

namespace kraft::lzma {

// O(slots) for each byte forth or back, O(window) to begin; 16 KiB for each place. Weights are
// whole numbers, so that subtracting undoes adding.
class FarBytes {
 public:
  // Anew, where the text ends, at that position.
  void begin(const Prices& prices, ByteView text, std::uint64_t position) {
    places_ = prices.places();
    window_bytes_ = prices.window_bytes();
    any_.assign(places_, {});
    weights_.assign(places_, {});
    for (std::uint32_t place = 0; place < places_; ++place) {
      for (std::uint32_t s = Prices::kFirstFarSlot; s < Prices::kSlots; ++s)
        weights_[place][s] = static_cast<std::int32_t>(prices.far_slot(place, s) * kOne);
    }
    const auto farthest =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(text.size(), window_bytes_));
    for (std::uint32_t code = Prices::kNear; code < farthest; ++code) {
      const std::uint32_t slot = Prices::slot(code);
      const Byte next = text[text.size() - 1 - code];
      for (std::uint32_t place = 0; place < places_; ++place)
        any_[place][(position - 1 - code) % kResidues][next] += weights_[place][slot];
    }
  }

  // `text` ends at the position, with the byte that is new.
  void forth(ByteView text, std::uint64_t position) { move(text, position, 1); }
  // The same, with the byte that is to be taken away.
  void back(ByteView text, std::uint64_t position) { move(text, position, -1); }

  // Adds `mass` times the weights of the distances of kNear + 1 and more.
  void add(const Prices& prices, std::uint32_t place, std::uint64_t position, double mass,
           std::span<double, 256> p) const {
    for (std::uint32_t r = 0; r < kResidues; ++r) {
      const double share = mass * prices.align((position - 1 - r) % kResidues) * (1.0 / kOne);
      const std::array<std::int32_t, 256>& row = any_[place][r];
      for (std::size_t b = 0; b < 256; ++b) p[b] += share * row[b];
    }
  }

 private:
  static constexpr std::uint32_t kResidues = Prices::kResidues;
  static constexpr double kOne = 1 << 30;
  using Rows = std::array<std::array<std::int32_t, 256>, kResidues>;

  void move(ByteView text, std::uint64_t position, std::int32_t sign) {
    // The byte that has come so far, in the slot that begins there.
    const auto change = [&](std::uint32_t code, std::uint32_t slot) {
      const Byte next = text[text.size() - 1 - code];
      const std::size_t residue = (position - 1 - code) % kResidues;
      for (std::uint32_t place = 0; place < places_; ++place) {
        const std::int32_t before = weights_[place][slot - 1];
        const std::int32_t now = code == window_bytes_ ? 0 : weights_[place][slot];
        any_[place][residue][next] += sign * (now - before);
      }
    };
    const std::size_t size = text.size();
    for (std::uint32_t s = Prices::kFirstFarSlot; s < Prices::kSlots; ++s) {
      const std::uint32_t code = Prices::first_code(s);
      if (code >= size || code >= window_bytes_) break;
      change(code, s);
    }
    if (window_bytes_ < size && window_bytes_ > Prices::kNear)
      change(window_bytes_, Prices::slot(window_bytes_ - 1) + 1);
  }

  std::uint32_t places_ = 0, window_bytes_ = 0;
  std::vector<Rows> any_;
  std::vector<std::array<std::int32_t, Prices::kSlots>> weights_;
};

// O(1) for each byte forth or back; 8 bytes of memory for each.
class ByteLists {
 public:
  // `byte` stands at `position`, after `before`.
  void push(Byte before, Byte byte, std::uint64_t position) {
    lists_[before].entries.push_back(position << 8 | byte);
    ++count_;
  }
  void pop(Byte before) {
    lists_[before].entries.pop_back();
    --count_;
  }

  // Those before a position are not needed any more. O(1) a byte on average.
  void drop_before(std::uint64_t position, std::size_t needed) {
    if (count_ < 2 * needed + 4096) return;
    for (List& list : lists_) {
      const auto end = std::ranges::lower_bound(list.entries, position << 8);
      count_ -= static_cast<std::size_t>(end - list.entries.begin());
      list.entries.erase(list.entries.begin(), end);
    }
  }

  // Adds `mass` times the weights of the distances whose last byte is `last`, where `position` is
  // next.
  void add(const Prices& prices, std::uint32_t place, std::uint64_t position, Byte last,
           double mass, std::span<double, 256> p) const {
    const std::vector<std::uint64_t>& entries = lists_[last].entries;
    std::size_t end = entries.size();
    for (; end > 0; --end) {
      const std::uint64_t code = position - 1 - (entries[end - 1] >> 8);
      if (code >= Prices::kNear || code >= prices.window_bytes()) break;
      p[entries[end - 1] & 0xFF] +=
          mass * prices.near_distance(place, static_cast<std::uint32_t>(code));
    }
    for (std::uint32_t s = Prices::kFirstFarSlot; end > 0 && s < Prices::kSlots; ++s) {
      if (Prices::first_code(s) >= prices.window_bytes()) break;
      const std::uint64_t most = std::min<std::uint64_t>(
          s + 1 < Prices::kSlots ? Prices::first_code(s + 1) : UINT32_MAX, prices.window_bytes());
      const std::uint64_t first = position - std::min(position, most);
      const auto begin = static_cast<std::size_t>(
          std::lower_bound(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(end),
                           first << 8) -
          entries.begin());
      std::array<double, Prices::kResidues> weights;
      for (std::uint32_t r = 0; r < Prices::kResidues; ++r)
        weights[(position - 1 - r) % Prices::kResidues] =
            mass * prices.far_slot(place, s) * prices.align(r);
      for (std::size_t i = begin; i < end; ++i)
        p[entries[i] & 0xFF] += weights[entries[i] >> 8 & (Prices::kResidues - 1)];
      end = begin;
    }
  }

 private:
  struct List {
    std::vector<std::uint64_t> entries;
  };
  std::array<List, 256> lists_;
  std::size_t count_ = 0;
};

}  // namespace kraft::lzma
