// The cloning engine for DEFLATE: a zlib stream stopped at the end of the context, copied for every
// continuation.
//
// All of the stream's memory lies in one arena, so that a copy is one memcpy there and one back,
// and measuring a continuation costs O(size of zlib's state + continuation), about 270 KB at the
// default parameters, however long the context. Exact: the lengths are those of one
// deflate(Z_FINISH) over the whole message. Works with every library that keeps zlib's interface.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "codecs/deflate.h"
#include "core/marks.h"
#include "kraft/bytes.h"
#include "kraft/model.h"
#include "models/deflate/zlib_arena.h"

namespace kraft::deflate {

// Copyable, which copies the stream; marks are not copied. One thread at a time.
class Clone {
 public:
  // Levels 1..9: level 0 looks at how much input and output there is, which cloning cannot keep.
  explicit Clone(const Parameters& parameters);
  Clone(const Clone& other);
  ~Clone();
  Clone& operator=(const Clone&) = delete;

  void observe(ByteView bytes);
  std::uint64_t position_bytes() const { return fed_bytes_ + held_.size(); }
  std::uint64_t bits();
  void measure(std::span<const ByteView> continuations, std::span<std::uint64_t> bits);
  // The same rounded up to whole bytes, for about half of the time: one deflate(Z_FINISH) each.
  void measure_bytes(std::span<const ByteView> continuations, std::span<std::uint64_t> bytes);

  Mark mark();
  void rewind(Mark mark);
  void forget(Mark mark);

 private:
  struct Saved {
    Bytes arena;
    Bytes held;
    std::uint64_t fed_bytes;
  };

  std::uint64_t bits_of(ByteView continuation);
  std::uint64_t finish(ByteView continuation, int flush);

  Parameters parameters_;
  std::unique_ptr<ZlibArena> arena_;
  Bytes held_;  // observed, but not given to zlib yet
  std::uint64_t fed_bytes_ = 0;
  Bytes tail_, snapshot_, out_;
  MarkStack<Saved> marks_;
};

// Whether cloning the linked library's stream gives the lengths of whole compressions, on a fixed
// input. Some milliseconds.
bool clone_self_check();

}  // namespace kraft::deflate
