// The memory of one zlib stream, in one piece that can be saved and restored.
//
// zlib's state holds pointers into itself: it can be saved and restored in place, but not moved.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstring>
#include <memory>

#include "kraft/bytes.h"

namespace kraft::deflate {

// Whoever makes the stream leaves its memory here: deflateEnd() and inflateEnd() are not needed.
// Neither copied nor moved, for the stream points to it. One thread at a time.
struct ZlibArena {
  static constexpr std::size_t kCapacity = std::size_t{1}
                                           << 20;  // the largest state is under 400 KB

  ZlibArena() : memory(new Byte[kCapacity]()) {
    stream.zalloc = allocate;
    stream.zfree = release;
    stream.opaque = this;
  }
  ZlibArena(const ZlibArena&) = delete;
  ZlibArena& operator=(const ZlibArena&) = delete;

  // O(bytes that the stream has allocated).
  void save(Bytes& to) const {
    to.resize(used + sizeof(z_stream));
    std::memcpy(to.data(), memory.get(), used);
    std::memcpy(to.data() + used, &stream, sizeof(z_stream));
  }

  void restore(const Bytes& from) {
    used = from.size() - sizeof(z_stream);
    std::memcpy(memory.get(), from.data(), used);
    std::memcpy(static_cast<void*>(&stream), from.data() + used, sizeof(z_stream));
  }

  static void* allocate(void* opaque, uInt items, uInt size) {
    auto* arena = static_cast<ZlibArena*>(opaque);
    const std::size_t bytes = (std::size_t{items} * size + 63) & ~std::size_t{63};
    if (bytes > kCapacity - arena->used) return nullptr;
    void* place = arena->memory.get() + arena->used;
    arena->used += bytes;
    return place;
  }
  static void release(void*, void*) {}

  std::unique_ptr<Byte[]> memory;
  std::size_t used = 0;
  z_stream stream{};
};

}  // namespace kraft::deflate
