#include "models/lzma/arena.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <iterator>
#include <new>
#include <tuple>

#include "kraft/error.h"
#include "kraft/random.h"

namespace kraft::lzma {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kRoomBytes = std::size_t{1} << 17;
constexpr std::size_t kPieceBytes = std::size_t{1} << 15;

constexpr std::size_t aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) & ~(kAlignment - 1);
}

// The filter points to the options, which the coder copies.
class Filters {
 public:
  explicit Filters(const lzma_options_lzma& options)
      : filters_{{{LZMA_FILTER_LZMA2, const_cast<lzma_options_lzma*>(&options)},
                  {LZMA_VLI_UNKNOWN, nullptr}}} {}
  const lzma_filter* data() const { return filters_.data(); }

 private:
  std::array<lzma_filter, 2> filters_;
};

std::size_t memory_bytes(std::uint64_t usage_bytes) {
  constexpr std::size_t kMargin = std::size_t{1} << 16;
  if (usage_bytes == UINT64_MAX) throw Error("liblzma refuses the options");
  return static_cast<std::size_t>(usage_bytes) + kMargin;
}

// Compresses about as text does, with matches near and far.
Bytes compressible_bytes(std::size_t size) {
  Random random(1);
  Bytes bytes(size);
  for (std::size_t at = 0; at < size; ++at) {
    const bool copies = at > 0 && random.below(12) != 0;
    if (!copies) {
      bytes[at] = static_cast<Byte>(random.below(64));
      continue;
    }
    const std::size_t distance =
        1 + random.below(random.below(2) == 0 ? at : std::min(at, std::size_t{50}));
    const std::size_t length = std::min<std::size_t>(size - at, 1 + random.below(20));
    for (std::size_t i = 0; i < length; ++i) bytes[at + i] = bytes[at + i - distance];
    at += length - 1;
  }
  return bytes;
}

}  // namespace

// A part of the coder's state, with pointers into the memory itself.
struct Memory::Head {
  lzma_allocator allocator;
  lzma_stream stream;
  std::size_t used;
  std::size_t capacity;
  std::size_t blocks;  // that were allocated, and where the first of them begin
  std::array<std::size_t, 16> begins;
};

// It is all zero, so that what the library leaves as it was is the same everywhere.
Memory::Memory(std::size_t capacity_bytes)
    : capacity_(aligned(capacity_bytes)),
      data_(static_cast<Byte*>(::operator new (capacity_, std::align_val_t{kAlignment}))) {
  std::memset(data_, 0, capacity_);
  Head& head = *new (data_) Head{};
  head.allocator = {allocate, release, &head};
  head.used = aligned(sizeof(Head));
  head.capacity = capacity_;
  head.stream = LZMA_STREAM_INIT;
  head.stream.allocator = &head.allocator;
}

Memory::~Memory() { ::operator delete (data_, std::align_val_t{kAlignment}); }

Memory::Head& Memory::head() const { return *std::launder(reinterpret_cast<Head*>(data_)); }

lzma_stream& Memory::stream() { return head().stream; }

std::size_t Memory::used_bytes() const { return head().used; }

void* Memory::allocate(void* opaque, std::size_t items, std::size_t size) {
  Head& head = *static_cast<Head*>(opaque);
  const std::size_t bytes = aligned(items * size);
  if (bytes > head.capacity - head.used) return nullptr;
  void* place = static_cast<Byte*>(opaque) + head.used;
  if (head.blocks < head.begins.size()) head.begins[head.blocks++] = head.used;
  head.used += bytes;
  return place;
}

void Memory::release(void*, void*) {}

std::vector<std::pair<std::size_t, std::size_t>> Memory::blocks() const {
  std::vector<std::pair<std::size_t, std::size_t>> blocks;
  for (std::size_t i = 0; i < head().blocks; ++i) {
    const std::size_t begin = head().begins[i];
    const std::size_t end = i + 1 < head().blocks ? head().begins[i + 1] : head().used;
    blocks.emplace_back(begin, end - begin);
  }
  return blocks;
}

Arena::Arena(const lzma_options_lzma& options)
    : memory_(memory_bytes(lzma_raw_encoder_memusage(Filters(options).data()))),
      room_(new Byte[kRoomBytes]) {
  if (lzma_raw_encoder(&memory_.stream(), Filters(options).data()) != LZMA_OK)
    throw Error("liblzma could not make an encoder");
}

void Arena::encode(ByteView input, lzma_action action, Bytes& out) {
  if (action != LZMA_RUN) {
    code(input, action, out);
    return;
  }
  // What finds no room waits for the next call with more input: so there is always room for the
  // chunk that is open, 64 KiB at most, and what comes in.
  for (; !input.empty(); input = input.subspan(std::min(kPieceBytes, input.size())))
    code(input.first(std::min(kPieceBytes, input.size())), action, out);
}

void Arena::code(ByteView input, lzma_action action, Bytes& out) {
  lzma_stream& stream = memory_.stream();
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
  } while (action == LZMA_RUN ? stream.avail_in > 0 : result != LZMA_STREAM_END);
  stream.next_in = nullptr;
  stream.next_out = nullptr;
  stream.avail_out = 0;
}

Image Arena::save() const {
  Image image;
  image.size_bytes_ = memory_.used_bytes();
  image.taken_at_ = memory_.address();
  static std::atomic<std::uint64_t> serial = 0;
  image.serial_ = ++serial;
  image.bytes_ = std::make_unique_for_overwrite<Byte[]>(image.size_bytes_);
  std::memcpy(image.bytes_.get(), memory_.data(), image.size_bytes_);
  return image;
}

void Arena::restore(const Image& image, const Layout& layout) {
  const bool again = image.serial_ == restored_;
  const std::size_t head_bytes = again ? layout.window_at : image.size_bytes_;
  const std::size_t tail_at = again ? layout.window_at + layout.window_bytes : image.size_bytes_;
  Byte* const to = memory_.data();
  std::memcpy(to, image.bytes_.get(), head_bytes);
  std::memcpy(to + tail_at, image.bytes_.get() + tail_at, image.size_bytes_ - tail_at);
  restored_ = image.serial_;
  for (const std::size_t place : layout.pointers) {
    std::uintptr_t pointer = 0;
    std::memcpy(&pointer, to + place, sizeof(pointer));
    if (pointer - image.taken_at_ >= memory_.capacity_bytes()) continue;  // not set yet
    pointer += memory_.address() - image.taken_at_;
    std::memcpy(to + place, &pointer, sizeof(pointer));
  }
}

std::pair<std::size_t, std::size_t> Arena::block_of(ByteView bytes) const {
  for (const auto& [begin, size] : memory_.blocks()) {
    if (size >= bytes.size() && std::equal(bytes.begin(), bytes.end(), memory_.data() + begin))
      return {begin, size};
  }
  return {};
}

std::vector<std::size_t> Arena::pointers(const Arena& a, const Arena& b) {
  const Error error("liblzma keeps state that cannot be restored");
  const Memory &memory_a = a.memory_, &memory_b = b.memory_;
  if (memory_a.used_bytes() != memory_b.used_bytes()) throw error;
  std::vector<std::size_t> places;
  constexpr std::size_t kWord = sizeof(std::uintptr_t);
  for (std::size_t at = 0; at < memory_a.used_bytes(); at += kWord) {
    std::uintptr_t in_a = 0, in_b = 0;
    std::memcpy(&in_a, memory_a.data() + at, kWord);
    std::memcpy(&in_b, memory_b.data() + at, kWord);
    if (in_a == in_b) continue;
    const std::uintptr_t place = in_a - memory_a.address();
    if (place != in_b - memory_b.address() || place >= memory_a.capacity_bytes()) throw error;
    places.push_back(at);
  }
  return places;
}

Decoder::Decoder(const lzma_options_lzma& options)
    : memory_(memory_bytes(lzma_raw_decoder_memusage(Filters(options).data()))) {
  if (lzma_raw_decoder(&memory_.stream(), Filters(options).data()) != LZMA_OK)
    throw Error("liblzma could not make a decoder");
  for (const auto& [begin, size] : memory_.blocks()) {
    if (size < options.dict_size) continue;
    dictionary_at_ = begin;
    dictionary_bytes_ = size;
  }
  if (dictionary_bytes_ == 0) throw Error("liblzma keeps its dictionary elsewhere");
}

lzma_ret Decoder::decode(ByteView& input, std::span<Byte>& room) {
  lzma_stream& stream = memory_.stream();
  stream.next_in = input.data();
  stream.avail_in = input.size();
  stream.next_out = room.data();
  stream.avail_out = room.size();
  const lzma_ret result = lzma_code(&stream, LZMA_RUN);
  input = input.last(stream.avail_in);
  room = room.last(stream.avail_out);
  stream.next_in = nullptr;
  stream.avail_in = 0;
  stream.next_out = nullptr;
  stream.avail_out = 0;
  return result;
}

void Decoder::save(Bytes& to) {
  const Byte* from = memory_.data();
  const std::size_t tail_at = dictionary_at_ + dictionary_bytes_;
  to.assign(from, from + dictionary_at_);
  append(to, {from + tail_at, memory_.used_bytes() - tail_at});
}

void Decoder::restore(ByteView from) {
  std::memcpy(memory_.data(), from.data(), dictionary_at_);
  std::memcpy(memory_.data() + dictionary_at_ + dictionary_bytes_, from.data() + dictionary_at_,
              from.size() - dictionary_at_);
}

Layout find_layout(const lzma_options_lzma& options) {
  constexpr std::uint32_t kLargestDictionary = std::uint32_t{1}
                                               << 19;  // for a window twice as long
  Arena a(options), b(options);
  const std::vector<std::size_t> fresh = Arena::pointers(a, b);
  // The range coder's queue of decisions, too, points to probabilities once it has been used.
  const Bytes sample = compressible_bytes(8192);
  Bytes ignored;
  for (Arena* arena : {&a, &b}) arena->encode(sample, LZMA_SYNC_FLUSH, ignored);
  Layout layout;
  std::ranges::set_union(fresh, Arena::pointers(a, b), std::back_inserter(layout.pointers));
  if (options.dict_size <= kLargestDictionary)
    std::tie(layout.window_at, layout.window_bytes) = a.block_of(sample);
  return layout;
}

bool rewind_self_check() {
  const Bytes message = compressible_bytes(30000);
  const ByteView first = ByteView(message).first(20000), second = ByteView(message).subspan(20000);
  lzma_options_lzma options = {};
  for (const std::uint32_t preset : {1u, 6u}) {
    lzma_lzma_preset(&options, preset);
    options.dict_size = LZMA_DICT_SIZE_MIN;
    Bytes never_stopped, restored, elsewhere, ignored;
    try {
      const Layout layout = find_layout(options);
      Arena a(options), b(options);
      a.encode(first, LZMA_RUN, ignored);
      const Image image = a.save();
      a.encode(second, LZMA_FINISH, never_stopped);
      a.restore(image, layout);
      a.encode(second, LZMA_FINISH, restored);
      b.restore(image, layout);
      b.encode(second, LZMA_FINISH, elsewhere);
    } catch (const Error&) {
      return false;
    }
    if (never_stopped != restored || never_stopped != elsewhere) return false;
  }
  return true;
}

}  // namespace kraft::lzma
