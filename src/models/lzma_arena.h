// An LZMA2 encoder of the stock liblzma that can be stopped, saved and gone back to.
//
// liblzma cannot copy an encoder. But it takes all memory from the allocator it is given: here from
// one arena, the image of which is the whole state. The arena holds pointers into itself; where,
// is found by comparing the arenas of two encoders that have done the same, which differ in nothing
// else. So an image taken from one arena can be restored in another, by one memcpy and some dozens
// of additions. (Whoever reads what the encoder writes next, with the message at hand, knows that
// nothing went wrong: lzma_reader.h.)
#pragma once

#include <lzma.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kraft/bytes.h"

namespace kraft::lzma {

// The places in an arena, in bytes, of the pointers into it, in ascending order. The same for all
// encoders of the same options.
using Pointers = std::vector<std::size_t>;

// Makes two encoders and has them work for some milliseconds. Throws Error when they then differ in
// more than their addresses.
Pointers find_pointers(const lzma_options_lzma& options);

// The state of an encoder at some time. Immutable.
class Image {
 public:
  std::size_t size_bytes() const { return size_bytes_; }

 private:
  friend class Arena;
  std::unique_ptr<Byte[]> bytes_;
  std::size_t size_bytes_ = 0;
  std::uintptr_t taken_at_ = 0;
};

// One thread at a time. About 2 MB with a dictionary of 64 KiB.
class Arena {
 public:
  // An encoder at the beginning of a stream. Throws Error when there is not enough memory.
  explicit Arena(const lzma_options_lzma& options);
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  // Gives `input` to the encoder and appends what it writes: with LZMA_RUN whole chunks, as far as
  // they are complete; with LZMA_SYNC_FLUSH all so far; with LZMA_FINISH the end as well.
  void encode(ByteView input, lzma_action action, Bytes& out);

  Image save() const;
  // Restores an image of any arena of the same options: a copy of all of it.
  void restore(const Image& image, const Pointers& pointers);

  // Where two encoders differ that have done the same. Throws Error when it is not by their
  // addresses.
  static Pointers pointers(const Arena& a, const Arena& b);

 private:
  struct Head;
  Head& head() const;
  std::uintptr_t address() const;

  static void* allocate(void* head, std::size_t items, std::size_t size);
  static void release(void* head, void* memory);

  std::size_t capacity_;
  Byte* memory_;
  std::unique_ptr<Byte[]> room_;
};

// Whether an encoder of the linked library, restored in another arena, goes on as one that was
// never stopped, on a fixed input. Some milliseconds.
bool rewind_self_check();

}  // namespace kraft::lzma
