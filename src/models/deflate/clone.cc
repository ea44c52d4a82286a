#include "models/deflate/clone.h"

#include <algorithm>
#include <cstddef>

#include "kraft/error.h"
#include "kraft/random.h"

namespace kraft::deflate {

Clone::Clone(const Parameters& parameters)
    : parameters_(parameters), arena_(std::make_unique<ZlibArena>()), out_(std::size_t{1} << 16) {
  const int status =
      deflateInit2(&arena_->stream, parameters.level, Z_DEFLATED, -parameters.window_bits,
                   parameters.mem_level, parameters.strategy);
  if (status != Z_OK) throw Error(std::string("zlib: deflateInit2: ") + zError(status));
}

Clone::Clone(const Clone& other)
    : parameters_(other.parameters_),
      arena_(std::make_unique<ZlibArena>()),
      held_(other.held_),
      fed_bytes_(other.fed_bytes_),
      out_(other.out_.size()) {
  // deflateCopy takes the allocator from its source; the copy must have an arena of its own.
  z_stream& source = other.arena_->stream;
  source.opaque = arena_.get();
  const int status = deflateCopy(&arena_->stream, &source);
  source.opaque = other.arena_.get();
  if (status != Z_OK) throw Error(std::string("zlib: deflateCopy: ") + zError(status));
}

Clone::~Clone() = default;  // all that zlib allocated lies in the arena

void Clone::observe(ByteView bytes) {
  append(held_, bytes);
  // zlib slides its window when it runs short of input near the window's end: with all of the
  // message at hand a little later than when the input stops just there. So the input never stops
  // there; what would is held back until more has come.
  const std::uint64_t window = std::uint64_t{1} << std::max(parameters_.window_bits, 9);
  std::uint64_t until = fed_bytes_ + held_.size();
  const std::uint64_t first_edge = 2 * window - 262;
  if (until > first_edge) until -= std::min((until - first_edge) % window, std::uint64_t{262});
  if (until <= fed_bytes_) return;

  const std::uint64_t feed = until - fed_bytes_;
  z_stream& z = arena_->stream;
  std::uint64_t done = 0;
  while (done < feed) {
    const auto piece = static_cast<uInt>(std::min<std::uint64_t>(feed - done, 1u << 30));
    z.next_in = held_.data() + done;
    z.avail_in = piece;
    do {
      z.next_out = out_.data();
      z.avail_out = static_cast<uInt>(out_.size());
      ::deflate(&z, Z_NO_FLUSH);
    } while (z.avail_out == 0 || z.avail_in > 0);
    done += piece;
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(feed));
  fed_bytes_ = until;
}

std::uint64_t Clone::bits() {
  const ByteView nothing;
  std::uint64_t bits = 0;
  measure({&nothing, 1}, {&bits, 1});
  return bits;
}

void Clone::measure(std::span<const ByteView> continuations, std::span<std::uint64_t> bits) {
  arena_->save(snapshot_);
  for (std::size_t i = 0; i < continuations.size(); ++i) bits[i] = bits_of(continuations[i]);
}

void Clone::measure_bytes(std::span<const ByteView> continuations, std::span<std::uint64_t> bytes) {
  arena_->save(snapshot_);
  for (std::size_t i = 0; i < continuations.size(); ++i)
    bytes[i] = finish(continuations[i], Z_FINISH) / 8;
}

std::uint64_t Clone::bits_of(ByteView continuation) {
  constexpr std::uint64_t kEmptyBlockBits = 10;
  const std::uint64_t message_bytes = position_bytes() + continuation.size();
  if (message_bytes == 0) return kEmptyBlockBits;
  const std::uint64_t bits = finish(continuation, Z_BLOCK);
  // Z_BLOCK ends the last block as Z_FINISH does and leaves its end visible to the bit. But when
  // the symbol buffer was emptied by the very last symbol, Z_FINISH adds an empty block.
  const std::uint64_t symbols = (std::uint64_t{1} << (parameters_.mem_level + 6)) - 1;
  if (message_bytes < symbols) return bits;
  const std::uint64_t whole_bits = finish(continuation, Z_FINISH);
  return (bits + 7) / 8 * 8 == whole_bits ? bits : bits + kEmptyBlockBits;
}

// The bits written once what is held and the continuation have been flushed. Restores the stream.
std::uint64_t Clone::finish(ByteView continuation, int flush) {
  tail_.assign(held_.begin(), held_.end());
  append(tail_, continuation);
  z_stream& z = arena_->stream;
  z.next_in = tail_.data();
  z.avail_in = static_cast<uInt>(tail_.size());
  do {
    z.next_out = out_.data();
    z.avail_out = static_cast<uInt>(out_.size());
    ::deflate(&z, flush);
  } while (z.avail_out == 0);
  unsigned pending_bytes = 0;
  int pending_bits = 0;
  deflatePending(&z, &pending_bytes, &pending_bits);
  const std::uint64_t bits =
      8 * (std::uint64_t{z.total_out} + pending_bytes) + static_cast<unsigned>(pending_bits);
  arena_->restore(snapshot_);
  return bits;
}

Mark Clone::mark() {
  Saved saved{.arena = {}, .held = held_, .fed_bytes = fed_bytes_};
  arena_->save(saved.arena);
  return marks_.push(std::move(saved));
}

void Clone::rewind(Mark mark) {
  const Saved& saved = marks_.back_to(mark);
  arena_->restore(saved.arena);
  held_ = saved.held;
  fed_bytes_ = saved.fed_bytes;
}

void Clone::forget(Mark mark) { marks_.forget(mark); }

bool clone_self_check() {
  // Long enough for the window to slide and the symbol buffer to fill; compresses about as text
  // does.
  Random random(1);
  Bytes message(100000);
  for (std::size_t at = 0; at < message.size(); ++at) {
    const bool copies = at > 50 && random.below(4) != 0;
    message[at] = copies ? message[at - 1 - random.below(50)] : static_cast<Byte>(random.below(64));
  }
  for (int level : {1, 4, 9}) {
    const Parameters parameters{.level = level};
    Clone clone(parameters);
    const std::size_t context_bytes = message.size() - 100;
    for (std::size_t at = 0; at < context_bytes; at += 1000)
      clone.observe(ByteView(message).subspan(at, std::min<std::size_t>(1000, context_bytes - at)));
    const ByteView rest = ByteView(message).subspan(context_bytes);
    std::uint64_t bits = 0;
    clone.measure({&rest, 1}, {&bits, 1});
    if (bits != compressed_bits(message, parameters)) return false;
  }
  return true;
}

}  // namespace kraft::deflate
