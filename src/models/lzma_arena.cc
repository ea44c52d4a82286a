#include "models/lzma_arena.h"

#include <cstring>
#include <new>

#include "kraft/error.h"
#include "kraft/random.h"

namespace kraft::lzma {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kRoomBytes = std::size_t{1} << 17;

constexpr std::size_t aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) & ~(kAlignment - 1);
}

// The filter points to the options, which the encoder copies.
std::size_t memory_bytes(const lzma_filter* filters) {
  constexpr std::size_t kMargin = std::size_t{1} << 16;
  const std::uint64_t bytes = lzma_raw_encoder_memusage(filters);
  if (bytes == UINT64_MAX) throw Error("liblzma refuses the options");
  return static_cast<std::size_t>(bytes) + kMargin;
}

}  // namespace

// At the beginning of the arena: a part of the state, with pointers into the arena itself.
struct Arena::Head {
  lzma_allocator allocator;
  lzma_stream stream;
  std::size_t used;
  std::size_t capacity;
};

Arena::Arena(const lzma_options_lzma& options) : room_(new Byte[kRoomBytes]) {
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, const_cast<lzma_options_lzma*>(&options)},
                                 {LZMA_VLI_UNKNOWN, nullptr}};
  capacity_ = aligned(memory_bytes(filters));
  memory_ = static_cast<Byte*>(::operator new (capacity_, std::align_val_t{kAlignment}));
  // All zero, so that what the library leaves as it was is the same in every arena.
  std::memset(memory_, 0, capacity_);
  Head& head = *new (memory_) Head{};
  head.allocator = {allocate, release, &head};
  head.used = aligned(sizeof(Head));
  head.capacity = capacity_;
  head.stream = LZMA_STREAM_INIT;
  head.stream.allocator = &head.allocator;
  if (lzma_raw_encoder(&head.stream, filters) != LZMA_OK) {
    ::operator delete (memory_, std::align_val_t{kAlignment});
    throw Error("liblzma could not make an encoder");
  }
}

Arena::~Arena() { ::operator delete (memory_, std::align_val_t{kAlignment}); }

Arena::Head& Arena::head() const { return *std::launder(reinterpret_cast<Head*>(memory_)); }

std::uintptr_t Arena::address() const { return reinterpret_cast<std::uintptr_t>(memory_); }

void* Arena::allocate(void* opaque, std::size_t items, std::size_t size) {
  Head& head = *static_cast<Head*>(opaque);
  const std::size_t bytes = aligned(items * size);
  if (bytes > head.capacity - head.used) return nullptr;
  void* place = static_cast<Byte*>(opaque) + head.used;
  head.used += bytes;
  return place;
}

void Arena::release(void*, void*) {}

void Arena::encode(ByteView input, lzma_action action, Bytes& out) {
  lzma_stream& stream = head().stream;
  stream.next_in = input.data();
  stream.avail_in = input.size();
  lzma_ret result = LZMA_OK;
  do {
    stream.next_out = room_.get();
    stream.avail_out = kRoomBytes;
    result = lzma_code(&stream, action);
    append(out, {room_.get(), kRoomBytes - stream.avail_out});
    if (result != LZMA_OK && result != LZMA_STREAM_END)
      throw Error("liblzma failed with code " + std::to_string(result));
  } while (action == LZMA_RUN ? stream.avail_in > 0 || stream.avail_out == 0
                              : result != LZMA_STREAM_END);
  stream.next_in = nullptr;
  stream.next_out = nullptr;
  stream.avail_out = 0;
}

Image Arena::save() const {
  Image image;
  image.size_bytes_ = head().used;
  image.taken_at_ = address();
  image.bytes_ = std::make_unique_for_overwrite<Byte[]>(image.size_bytes_);
  std::memcpy(image.bytes_.get(), memory_, image.size_bytes_);
  return image;
}

void Arena::restore(const Image& image, const Pointers& pointers) {
  std::memcpy(memory_, image.bytes_.get(), image.size_bytes_);
  for (const std::size_t place : pointers) {
    std::uintptr_t pointer = 0;
    std::memcpy(&pointer, memory_ + place, sizeof(pointer));
    pointer += address() - image.taken_at_;
    std::memcpy(memory_ + place, &pointer, sizeof(pointer));
  }
}

Pointers Arena::pointers(const Arena& a, const Arena& b) {
  const Error error("liblzma keeps state that cannot be restored");
  if (a.head().used != b.head().used) throw error;
  Pointers places;
  constexpr std::size_t kWord = sizeof(std::uintptr_t);
  for (std::size_t at = 0; at < a.head().used; at += kWord) {
    std::uintptr_t in_a = 0, in_b = 0;
    std::memcpy(&in_a, a.memory_ + at, kWord);
    std::memcpy(&in_b, b.memory_ + at, kWord);
    if (in_a == in_b) continue;
    if (in_a - a.address() != in_b - b.address() || in_a - a.address() >= a.capacity_) throw error;
    places.push_back(at);
  }
  return places;
}

bool rewind_self_check() {
  lzma_options_lzma options = {};
  for (const std::uint32_t preset : {1u, 6u}) {
    lzma_lzma_preset(&options, preset);
    options.dict_size = LZMA_DICT_SIZE_MIN;
    // Compresses about as text does; in two pieces, the second of which is coded three times.
    Random random(1);
    Bytes message(30000);
    for (std::size_t at = 0; at < message.size(); ++at) {
      const bool copies = at > 50 && random.below(4) != 0;
      message[at] =
          copies ? message[at - 1 - random.below(50)] : static_cast<Byte>(random.below(64));
    }
    const ByteView first = ByteView(message).first(20000),
                   second = ByteView(message).subspan(20000);
    Bytes never_stopped, restored, elsewhere, ignored;
    try {
      Arena a(options), b(options);
      const Pointers pointers = Arena::pointers(a, b);
      for (Arena* arena : {&a, &b}) arena->encode(first, LZMA_RUN, ignored);
      if (Arena::pointers(a, b) != pointers) return false;
      const Image image = a.save();
      a.encode(second, LZMA_FINISH, never_stopped);
      a.restore(image, pointers);
      a.encode(second, LZMA_FINISH, restored);
      Arena c(options);
      c.restore(image, pointers);
      c.encode(second, LZMA_FINISH, elsewhere);
    } catch (const Error&) {
      return false;
    }
    if (never_stopped != restored || never_stopped != elsewhere) return false;
  }
  return true;
}

}  // namespace kraft::lzma
