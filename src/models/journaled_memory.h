// The memory of a model that learns: it can go back to a mark, and copies of it share what neither
// has written since.
//
//     JournaledMemory memory(1 << 20);
//     memory.write<std::uint32_t>(64) = 7;       // all of it is zero at first
//     const auto place = memory.mark();
//     memory.write<std::uint32_t>(64) = 8;
//     memory.rewind(place);                      // 7 again
//     JournaledMemory copy = memory.clone();     // O(pages), not O(bytes)
//
// While there is a mark, each write first saves what it overwrites: memory and time of a rewind are
// in proportion to what was written since. Pages are copied when they are written by one of several
// owners. Belongs to one thread at a time; a clone may be used by another.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "base/zeroed_memory.h"
#include "kraft/bytes.h"

namespace kraft {

class JournaledMemory {
 public:
  using Address = std::uint32_t;
  static constexpr std::size_t kPageBits = 14;
  static constexpr std::size_t kPageBytes = std::size_t{1} << kPageBits;
  static constexpr std::size_t kMostPiecePages = ZeroedMemory::kHugeBytes / kPageBytes;

  explicit JournaledMemory(std::size_t size_bytes)
      : pages_((size_bytes + kPageBytes - 1) / kPageBytes, zeros()),
        owners_(pages_.size()),
        owned_(pages_.size()) {}

  std::size_t size_bytes() const { return pages_.size() * kPageBytes; }

  // What lies at an address. An object must not reach over the end of its page.
  template <typename T>
  const T* read(Address address) const {
    return reinterpret_cast<const T*>(pages_[address >> kPageBits] + (address & (kPageBytes - 1)));
  }

  // The same, to be overwritten; `count` objects side by side. The pointer is good until the next
  // call that is not const, of any object.
  template <typename T>
  T* write(Address address, std::size_t count = 1) {
    if (!owned_[address >> kPageBits]) own(address >> kPageBits);
    Byte* place = pages_[address >> kPageBits] + (address & (kPageBytes - 1));
    if (marked_) save(address, place, count * sizeof(T));
    return reinterpret_cast<T*>(place);
  }

  // Marks nest; the place of a mark serves rewind() any number of times.
  std::size_t mark() {
    marked_ = true;
    return entries_.size();
  }

  void rewind(std::size_t place) {
    while (entries_.size() > place) {
      const Entry& entry = entries_.back();
      const std::size_t page = entry.address >> kPageBits;
      if (!owned_[page]) own(page);
      saved_bytes_ -= entry.bytes;
      std::memcpy(pages_[page] + (entry.address & (kPageBytes - 1)), saved_.data() + saved_bytes_,
                  entry.bytes);
      entries_.pop_back();
    }
    saved_.resize(saved_bytes_);
  }

  // Called when marks are dropped: whether any is left.
  void keep_marks(bool any) {
    marked_ = any;
    if (any) return;
    entries_.clear();
    saved_.clear();
    saved_bytes_ = 0;
  }

  // An independent copy without marks.
  JournaledMemory clone() const {
    JournaledMemory copy(0);
    copy.pages_ = pages_;
    copy.owners_ = owners_;
    // Several threads may clone what none of them writes.
    if (any_owned_) {
      owned_.assign(owned_.size(), 0);
      any_owned_ = false;
    }
    copy.owned_ = owned_;
    return copy;
  }

 private:
  struct Entry {
    Address address;
    std::uint32_t bytes;
  };

  static Byte* zeros() {
    alignas(ZeroedMemory::kAlignment) static Byte page[kPageBytes] = {};
    return page;
  }

  // What was zero lies side by side in the order in which it is written, in pieces that double
  // until they are huge; a copy of what another owner has lies alone.
  void own(std::size_t page) {
    if (pages_[page] != zeros()) {
      struct alignas(ZeroedMemory::kAlignment) Page {
        Byte bytes[kPageBytes];
      };
      const auto copy = std::make_shared_for_overwrite<Page>();
      std::memcpy(copy->bytes, pages_[page], kPageBytes);
      give(page, copy, copy->bytes);
      return;
    }
    if (piece_left_ == 0) {
      piece_pages_ = std::min(2 * piece_pages_, kMostPiecePages);
      piece_ = std::make_shared<ZeroedMemory>(piece_pages_ * kPageBytes);
      piece_left_ = piece_pages_;
    }
    give(page, piece_, piece_->begin() + --piece_left_ * kPageBytes);
  }

  void give(std::size_t page, std::shared_ptr<void> owner, Byte* place) {
    owners_[page] = std::move(owner);
    pages_[page] = place;
    owned_[page] = 1;
    any_owned_ = true;
  }

  void save(Address address, const Byte* place, std::size_t bytes) {
    saved_.resize(saved_bytes_ + bytes);
    std::memcpy(saved_.data() + saved_bytes_, place, bytes);
    saved_bytes_ += bytes;
    entries_.push_back({address, static_cast<std::uint32_t>(bytes)});
  }

  std::vector<Byte*> pages_;
  std::vector<std::shared_ptr<void>> owners_;
  mutable std::vector<std::uint8_t> owned_;  // whether nobody else has the page
  mutable bool any_owned_ = false;
  std::vector<Entry> entries_;
  Bytes saved_;
  std::size_t saved_bytes_ = 0;
  bool marked_ = false;

  std::shared_ptr<ZeroedMemory> piece_;  // for pages to come
  std::size_t piece_pages_ = 1, piece_left_ = 0;
};

}  // namespace kraft
