#include "models/lzma/flips.h"

#include <algorithm>
#include <array>

#include "kraft/error.h"

namespace kraft::lzma {
namespace {

constexpr std::size_t kPayloadBytes = std::size_t{1} << 16;  // the most that a chunk can have
constexpr std::size_t kChunkBytes = std::size_t{1} << 21;    // the same, decoded
constexpr std::size_t kRunBytes = std::size_t{1} << 20;      // of these, what is decoded
constexpr std::size_t kOpeningBytes = 5;  // of a payload: a zero, and the range coder's first code
constexpr std::size_t kCodeBytes = 4;     // of these, the code
constexpr std::size_t kSymbolBytes = 2;   // of a payload, about what a copy takes
constexpr std::size_t kPieceBytes = 512;  // decoded at most between two places to go back to
constexpr std::size_t kMostPlaces = 16;
constexpr std::size_t kFlipsBytes = 4096;
constexpr std::size_t kMostTimes = 2;      // that, with a filter, it goes back at once
constexpr std::size_t kSinglesBytes = 16;  // ahead of what may not stay: as far as it may go back

// The whole LZMA2 stream but the byte that ends it.
Bytes stream_of(ByteView text, const lzma_options_lzma& options) {
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, const_cast<lzma_options_lzma*>(&options)},
                                 {LZMA_VLI_UNKNOWN, nullptr}};
  Bytes stream(lzma_stream_buffer_bound(text.size()));
  std::size_t size = 0;
  if (lzma_raw_buffer_encode(filters, nullptr, text.data(), text.size(), stream.data(), &size,
                             stream.size()) != LZMA_OK)
    throw Error("liblzma could not encode the context");
  stream.resize(size - 1);
  return stream;
}

// Chunks of LZMA2, as the .xz file format, version 1.1.0, section 5.3.1, describes them. One can go
// on where the last one was only if one with properties was among those before it.
enum Control : unsigned {
  kStoredLast = 0x7F,
  kLzma = 0x80,
  kNewProperties = 0xC0,
  kResetAll = 0xE0,
};

unsigned control_after(ByteView stream) {
  unsigned control = kResetAll;
  while (!stream.empty()) {
    const bool stored = stream[0] <= kStoredLast;
    const std::size_t size_at = stored ? 1 : 3;
    const std::size_t payload = (std::size_t{stream[size_at]} << 8 | stream[size_at + 1]) + 1;
    if (!stored) control = kLzma;
    if (stored && control == kResetAll) control = kNewProperties;
    const std::size_t head = stored ? 3 : stream[0] >= kNewProperties ? 6 : 5;
    stream = stream.subspan(head + payload);
  }
  return control;
}

// The chunk's head and the zero that its payload begins with.
Bytes opening(unsigned control, const lzma_options_lzma& options) {
  constexpr std::size_t kMost = kChunkBytes - 1;
  Bytes bytes = {static_cast<Byte>(control | kMost >> 16), static_cast<Byte>(kMost >> 8 & 0xFF),
                 static_cast<Byte>(kMost & 0xFF), static_cast<Byte>((kPayloadBytes - 1) >> 8),
                 static_cast<Byte>((kPayloadBytes - 1) & 0xFF)};
  if (control >= kNewProperties)
    bytes.push_back(static_cast<Byte>((options.pb * 5 + options.lp) * 9 + options.lc));
  bytes.push_back(0);
  return bytes;
}

}  // namespace

struct Flips::Place {
  Bytes decoder;
  std::size_t done = 0;     // of the segment
  std::size_t payload = 1;  // bytes of it that the decoder has taken
};

struct Flips::Chunk {
  explicit Chunk(const lzma_options_lzma& options) : decoder(options), places(kMostPlaces) {
    decoder.save(unused);
  }

  Place& begin() { return places[0]; }
  Place& place() { return places[count - 1]; }  // the last one

  void push(std::size_t done, std::size_t payload) {
    if (count == kMostPlaces) drop_one(payload);
    ++count;
    decoder.save(place().decoder);
    place().done = done;
    place().payload = payload;
    if (payload > refused_at) refusals = 0;
  }

  // Not the beginning. The farther back, the fewer places are needed.
  void drop_one(std::size_t payload) {
    std::size_t dropped = 1;
    double least = 2;
    for (std::size_t i = 1; i + 1 < count; ++i) {
      const auto gap = static_cast<double>(places[i + 1].payload - places[i - 1].payload);
      const double share = gap / static_cast<double>(payload - places[i - 1].payload + 1);
      if (share < least) dropped = i;
      least = std::min(least, share);
    }
    const auto at = places.begin() + static_cast<std::ptrdiff_t>(dropped);
    std::rotate(at, at + 1, places.begin() + static_cast<std::ptrdiff_t>(count));
    --count;
  }

  void restart() {
    count = 1;
    refusals = 0;
    refused_at = 0;
    singles_until = 0;
    passed_until = 0;
    decoder.restore(begin().decoder);
  }

  Decoder decoder;
  Bytes unused;  // the decoder before it has read anything
  std::vector<Place> places;
  std::size_t count = 0;
  std::size_t piece = kPieceBytes;
  std::size_t singles_until = 0;  // pieces of single bytes, up to there in the segment
  std::size_t passed_until = 0;   // whatever it is, it stays up to there
  std::size_t refusals = 0;       // since the last place behind all of them
  std::size_t refused_at = 0;     // the farthest of them, in the payload
};

Flips::Flips(ByteView context, const lzma_options_lzma& options) : options_(options) {
  const ByteView seen = context.last(std::min<std::size_t>(context.size(), options.dict_size));
  context_.assign(seen.begin(), seen.end());
  first_ = new_chunk();
  open_chunk(*first_, 0, context_);
}

// Its dictionary has room for the context and for what is decoded after it.
std::shared_ptr<Flips::Chunk> Flips::new_chunk() const {
  lzma_options_lzma options = options_;
  options.dict_size += static_cast<std::uint32_t>(kRunBytes + kPieceBytes);
  return std::make_shared<Chunk>(options);
}

void Flips::open_chunk(Chunk& chunk, std::size_t done, ByteView text) const {
  Bytes stream = stream_of(text, options_);
  append(stream, opening(control_after(stream), options_));
  chunk.decoder.restore(chunk.unused);
  ByteView input = stream;
  Bytes decoded(text.size() + 1);  // with room for more, so that it reads to the end
  std::span<Byte> room = decoded;
  while (!input.empty()) {
    if (chunk.decoder.decode(input, room) != LZMA_OK)
      throw Error("liblzma does not decode what it has encoded");
  }
  if (room.size() != 1) throw Error("liblzma decodes something else than it has encoded");
  chunk.count = 0;
  chunk.push(done, 1);
  chunk.restart();
}

void Flips::add_flips(Random& random) {
  const std::size_t before = flips_.size();
  flips_.resize(before + kFlipsBytes);
  for (std::size_t at = before; at < flips_.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t word = random.bits();
    for (std::size_t i = 0; i < sizeof word; ++i)
      flips_[at + i] = static_cast<Byte>(word >> (8 * i));
  }
}

// Decodes some bytes more, or goes back. Returns false when the chunk is used up.
bool Flips::draw_piece(Chunk& chunk, std::span<Byte> segment, Random& random,
                       SegmentFilter* filter) {
  const std::size_t begin = chunk.place().done;
  if (begin - chunk.begin().done >= kRunBytes) return false;
  const std::size_t size = std::min(chunk.piece, segment.size() - begin);
  std::size_t payload = chunk.place().payload;
  flips_.erase(flips_.begin(), flips_.begin() + static_cast<std::ptrdiff_t>(flips_at_));
  flips_at_ = 0;
  for (std::span<Byte> room = segment.subspan(begin, size); !room.empty();) {
    if (payload == kPayloadBytes) return false;
    if (flips_at_ == flips_.size()) add_flips(random);
    const ByteView unread = ByteView(flips_).subspan(flips_at_);
    const std::size_t offered = std::min(unread.size(), kPayloadBytes - payload);
    ByteView input = unread.first(offered);
    const lzma_ret result = chunk.decoder.decode(input, room);
    flips_at_ += offered - input.size();
    payload += offered - input.size();
    if (result == LZMA_DATA_ERROR) {
      chunk.piece = std::max<std::size_t>(1, (size - room.size()) / 2);
      ++refused_;
      step_back(chunk, payload, kCodeBytes, filter == nullptr ? kPayloadBytes : kMostTimes);
      return true;
    }
    if (result != LZMA_OK && result != LZMA_BUF_ERROR)
      throw Error("liblzma failed with code " + std::to_string(result));
  }
  const ByteView drawn = segment.subspan(begin, size);
  const std::size_t kept = filter == nullptr ? size : filter->keep(begin, drawn);
  if (kept < size && size > 1) {
    // What may stay is decoded once more, of the same flips, for the places at its end.
    flips_at_ = 0;
    chunk.decoder.restore(chunk.place().decoder);
    chunk.singles_until = begin + kept + 1;
    chunk.piece = kept > kSinglesBytes ? kept - kSinglesBytes : 1;
    return true;
  }
  if (kept < size) {
    if (begin >= chunk.passed_until && filter->again(begin)) {
      step_back(chunk, payload, kCodeBytes + kSymbolBytes, kMostTimes);
      return true;
    }
    if (begin >= chunk.passed_until) chunk.passed_until = begin + kSinglesBytes;
    filter->keep_all(begin, drawn);
  }
  chunk.push(begin + size, payload);
  chunk.piece = begin + size < chunk.singles_until ? 1 : std::min(2 * chunk.piece, kPieceBytes);
  return true;
}

// The code that the decoder has in hand may already say what it refuses: so it goes back by as much
// at least, and by a symbol more from one that may not stay. That may not be enough, and to go back
// further may be to fail elsewhere: so, until it gets beyond where it was refused, every 8th time
// it goes twice as far, every 16th four times, up to most_times: where much may not stay, a long
// way back is hard to come again.
void Flips::step_back(Chunk& chunk, std::size_t payload, std::size_t least_bytes,
                      std::size_t most_times) {
  chunk.refused_at = std::max(chunk.refused_at, payload);
  const std::size_t n = ++chunk.refusals;
  const std::size_t times = std::max<std::size_t>(1, (n & (~n + 1)) / 4);
  const std::size_t back = least_bytes * std::min(times, most_times);
  while (chunk.count > 1 && chunk.place().payload + back > payload) --chunk.count;
  chunk.decoder.restore(chunk.place().decoder);
}

double Flips::draw_filtered(std::span<Byte> segment, Random& random, SegmentFilter* filter) {
  constexpr std::uint64_t kMostRefused = 1'000'000;  // without a byte more
  Chunk* chunk = first_.get();
  chunk->restart();
  std::uint64_t taken_bytes = 0, refused_before = refused_;
  for (std::size_t farthest = 0; chunk->place().done < segment.size();) {
    if (chunk->place().done > farthest) {
      farthest = chunk->place().done;
      refused_before = refused_;
    }
    if (refused_ - refused_before > kMostRefused) throw Error("liblzma refuses all coin flips");
    if (draw_piece(*chunk, segment, random, filter)) continue;
    const std::size_t done = chunk->place().done;
    taken_bytes += chunk->place().payload - kOpeningBytes;
    Bytes text = context_;
    append(text, segment.first(done));
    if (!later_) later_ = new_chunk();
    chunk = later_.get();
    open_chunk(*chunk, done,
               ByteView(text).last(std::min<std::size_t>(text.size(), options_.dict_size)));
  }
  const std::size_t payload = chunk->place().payload;
  return 8.0 * static_cast<double>(taken_bytes + payload - std::min(payload, kOpeningBytes));
}

std::string Flips::decoder() const {
  return std::string("the LZMA2 decoder of liblzma ") + lzma_version_string();
}

}  // namespace kraft::lzma
