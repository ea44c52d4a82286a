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
#include <span>
#include <utility>
#include <vector>

#include "kraft/bytes.h"

namespace kraft::lzma {

// What is known of the arenas of all encoders of the same options.
struct Layout {
  // The places of pointers into the arena itself, in bytes, in ascending order.
  std::vector<std::size_t> pointers;
  // The encoder's window: the bytes it was given. It only appends to it and, when it is full,
  // copies the last ones, as far as its dictionary reaches, to the front. While that is less than
  // half of the window, both leave the end of the window as it is, and so this part of an image
  // need not be restored twice. Empty otherwise.
  std::size_t window_at = 0;
  std::size_t window_bytes = 0;
};

// Makes two encoders and has them work for some milliseconds. Throws Error when they then differ in
// more than their addresses.
Layout find_layout(const lzma_options_lzma& options);

// Memory from which liblzma takes all that a coder needs, with its lzma_stream at the beginning.
class Memory {
 public:
  // All zero. Throws Error when there is not enough.
  explicit Memory(std::size_t capacity_bytes);
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();

  lzma_stream& stream();
  Byte* data() const { return data_; }
  std::size_t used_bytes() const;
  std::size_t capacity_bytes() const { return capacity_; }
  std::uintptr_t address() const { return reinterpret_cast<std::uintptr_t>(data_); }

  // The place and the size of each block that was taken; of the first ones, if there are many.
  std::vector<std::pair<std::size_t, std::size_t>> blocks() const;

 private:
  struct Head;
  Head& head() const;

  static void* allocate(void* head, std::size_t items, std::size_t size);
  static void release(void* head, void* memory);

  std::size_t capacity_;
  Byte* data_;
};

// The state of an encoder at some time. Immutable.
class Image {
 public:
  std::size_t size_bytes() const { return size_bytes_; }

 private:
  friend class Arena;
  std::unique_ptr<Byte[]> bytes_;
  std::size_t size_bytes_ = 0;
  std::uintptr_t taken_at_ = 0;
  std::uint64_t serial_ = 0;  // no other image has it
};

// One thread at a time. About 2 MB with a dictionary of 64 KiB.
class Arena {
 public:
  // An encoder at the beginning of a stream. Throws Error when there is not enough memory.
  explicit Arena(const lzma_options_lzma& options);

  // Gives `input` to the encoder and appends what it writes: with LZMA_RUN whole chunks, as far as
  // they are complete; with LZMA_SYNC_FLUSH all so far; with LZMA_FINISH the end as well.
  void encode(ByteView input, lzma_action action, Bytes& out);

  Image save() const;
  // Restores an image of any arena of the same options: a copy of all of it, but for the window if
  // it was this image that was restored the last time.
  void restore(const Image& image, const Layout& layout);

  // Where two encoders differ that have done the same. Throws Error when it is not by their
  // addresses.
  static std::vector<std::size_t> pointers(const Arena& a, const Arena& b);

  // The block of memory, by its place and size, that begins with these bytes; empty if none does.
  std::pair<std::size_t, std::size_t> block_of(ByteView bytes) const;

 private:
  void code(ByteView input, lzma_action action, Bytes& out);

  Memory memory_;
  std::uint64_t restored_ = 0;  // the image's serial number
  std::unique_ptr<Byte[]> room_;
};

// An LZMA2 decoder of the stock liblzma that can be gone back to, as long as its dictionary has
// room for all that it has decoded: then it only appends to that, and all the rest is some 30 KB.
// One thread at a time.
class Decoder {
 public:
  // The dictionary of the options must be larger than what is to be decoded. Throws Error when
  // there is not enough memory.
  explicit Decoder(const lzma_options_lzma& options);

  // Takes from the front of `input` and fills the front of `room`, as far as it gets.
  lzma_ret decode(ByteView& input, std::span<Byte>& room);

  // Everything but the dictionary. What was saved can be restored here alone.
  void save(Bytes& to);
  void restore(ByteView from);

 private:
  Memory memory_;
  std::size_t dictionary_at_ = 0;
  std::size_t dictionary_bytes_ = 0;
};

// Whether an encoder of the linked library, restored in another arena, goes on as one that was
// never stopped, on a fixed input. Some milliseconds.
bool rewind_self_check();

}  // namespace kraft::lzma
