#include "models/deflate/flips.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "kraft/error.h"

namespace kraft::deflate {
namespace {

constexpr std::size_t kFlipsBytes = 4096;  // that are drawn at a time

[[noreturn]] void fail(const z_stream& z, int status) {
  throw Error(std::string("zlib: inflate: ") + (z.msg != nullptr ? z.msg : zError(status)));
}

bool after_block(const z_stream& z) { return (z.data_type & 128) != 0; }

}  // namespace

// Where the drawing of one segment is.
struct Flips::Segment {
  std::span<Byte> bytes;
  std::size_t done = 0;        // bytes that are there
  std::size_t checkpoint = 0;  // the same at the checkpoint
  std::uint64_t flips = 0;     // spent before the checkpoint
  const Bytes* saved;          // the decoder at the checkpoint
  std::size_t kept = 0;        // bytes that may stay, or may yet be copied by a symbol that does
  std::size_t passed = std::numeric_limits<std::size_t>::max();  // the last symbol let through
};

Flips::Flips(ByteView context, const Parameters& parameters, double temperature)
    : Flips(
          last_dynamic_header(
              context.last(std::min<std::size_t>(context.size(), kFlipsContextBytes)), parameters),
          context.last(std::min(context.size(), std::size_t{1} << parameters.window_bits)),
          temperature) {}

Flips::Flips(const BlockHeader& header, ByteView window, double temperature)
    : header_(tempered(header, temperature)) {
  z_stream& z = arena_.stream;
  if (inflateInit2(&z, -MAX_WBITS) != Z_OK) throw Error("zlib: inflateInit2 failed");
  if (!window.empty()) inflateSetDictionary(&z, window.data(), static_cast<uInt>(window.size()));
  read_header();
  arena_.save(base_);
}

std::string Flips::decoder() const { return std::string("inflate of zlib ") + zlibVersion(); }

// The bits that fill no byte go first: then all of it has been read when the last byte has.
void Flips::read_header() {
  z_stream& z = arena_.stream;
  const std::size_t odd_bits = header_.bits % 8;
  Bytes bytes(header_.bits / 8);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const unsigned next = odd_bits == 0 ? 0 : header_.bytes[i + 1];
    bytes[i] = static_cast<Byte>((header_.bytes[i] | next << 8) >> odd_bits);
  }
  inflatePrime(&z, static_cast<int>(odd_bits), header_.bytes[0] & ((1 << odd_bits) - 1));
  Byte nowhere = 0;
  z.next_in = bytes.empty() ? &nowhere : bytes.data();
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = &nowhere;
  z.avail_out = 0;
  const int status = inflate(&z, Z_TREES);
  if ((status != Z_OK && status != Z_BUF_ERROR) || (z.data_type & 256) == 0 || z.avail_in > 0)
    fail(z, status);
  z.next_in = nullptr;
  z.next_out = nullptr;
}

// Of flips_, without those that inflate holds.
std::uint64_t Flips::flips_read() const {
  const z_stream& z = arena_.stream;
  return 8 * (flips_.size() - z.avail_in) - (static_cast<unsigned>(z.data_type) & 63);
}

// With room for no more bytes, inflate still reads the next symbol. How many flips that took.
std::uint64_t Flips::pending_flips() {
  z_stream& z = arena_.stream;
  if (after_block(z)) return header_.lengths.literals[kEndOfBlock];
  const long mark = inflateMark(&z);  // bits of the symbol so far, and bytes copied of it
  const bool begun = (mark & 0xFFFF) != 0;
  return begun || mark < 0 ? 0 : static_cast<std::uint64_t>(mark) >> 16;
}

void Flips::add_flips(Random& random) {
  z_stream& z = arena_.stream;
  const std::size_t unread = z.avail_in, before = flips_.size();
  flips_.resize(before + kFlipsBytes);
  for (std::size_t at = before; at < flips_.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t word = random.bits();
    for (std::size_t i = 0; i < sizeof word; ++i)
      flips_[at + i] = static_cast<Byte>(word >> (8 * i));
  }
  z.next_in = flips_.data() + before - unread;
  z.avail_in = static_cast<uInt>(unread + kFlipsBytes);
}

// Those read, and what is left of the last byte.
void Flips::drop_flips(std::uint64_t flips) {
  const auto bytes = static_cast<std::ptrdiff_t>((flips + 7) / 8);
  flips_.erase(flips_.begin(), flips_.begin() + bytes);
  z_stream& z = arena_.stream;
  z.next_in = flips_.data();
  z.avail_in = static_cast<uInt>(flips_.size());
}

int Flips::inflate_some(Segment& segment, std::size_t until) {
  z_stream& z = arena_.stream;
  z.next_out = segment.bytes.data() + segment.done;
  z.avail_out = static_cast<uInt>(until - segment.done);
  const int status = inflate(&z, Z_BLOCK);
  segment.done = until - z.avail_out;
  return status;
}

// The decoder is between two symbols and holds no flips.
void Flips::set_checkpoint(Segment& segment) {
  arena_.save(checkpoint_);
  segment.saved = &checkpoint_;
  segment.checkpoint = segment.done;
}

void Flips::begin_block(Segment& segment) {
  const std::uint64_t read = flips_read();
  segment.flips += read;
  inflatePrime(&arena_.stream, -1, 0);
  read_header();
  set_checkpoint(segment);
  drop_flips(read);
}

// From the checkpoint on, with room until there and so many bytes of flips.
void Flips::decode_again(Segment& segment, std::size_t until, std::size_t flips_bytes) {
  arena_.restore(*segment.saved);
  arena_.stream.next_in = flips_.data();
  arena_.stream.avail_in = static_cast<uInt>(flips_bytes);
  segment.done = segment.checkpoint;
  inflate_some(segment, until);
}

// Behind the good bytes comes a symbol that cannot stay, of flips until there. Decodes what came
// before that once more, and sets a checkpoint there: what comes instead is drawn of fresh flips.
void Flips::step_back(Segment& segment, std::size_t good, std::uint64_t refused_until) {
  z_stream& z = arena_.stream;
  // With room for the good bytes only, it reads the symbol slowly and knows where that began.
  decode_again(segment, good, flips_.size());
  const std::uint64_t begin = flips_read() - pending_flips();
  decode_again(segment, good, begin / 8);
  if (begin % 8 != 0) {
    const int bits = static_cast<int>(begin % 8);
    inflatePrime(&z, bits, flips_[begin / 8] & ((1 << bits) - 1));
    inflate_some(segment, good);
  }
  if (segment.done != good || z.avail_in != 0 || (z.data_type & 63) != 0)
    throw Error("zlib: inflate does not decode the same again");
  segment.flips += begin;
  set_checkpoint(segment);
  drop_flips(refused_until);
}

// Whether all may stay. If not, it is back where more is to be drawn: where the symbol with the
// first byte that may not stay begins, or at that byte if it is let through.
bool Flips::filter_drawn(Segment& segment, SegmentFilter& filter) {
  segment.kept +=
      filter.keep(segment.kept, segment.bytes.first(segment.done).subspan(segment.kept));
  if (segment.kept == segment.done) return true;
  // With room for what may stay, inflate has read that symbol, and perhaps copied some of it.
  decode_again(segment, segment.kept, flips_.size());
  const long mark = inflateMark(&arena_.stream);
  const std::size_t symbol =
      segment.kept - (mark < 0 ? 0 : static_cast<std::size_t>(mark) & 0xFFFF);
  if (symbol != segment.passed && filter.again(symbol)) {
    step_back(segment, symbol, flips_read());
    segment.kept = symbol;
    return false;
  }
  segment.passed = symbol;
  filter.keep_all(segment.kept, segment.bytes.subspan(segment.kept, 1));
  ++segment.kept;
  return false;
}

double Flips::draw_filtered(std::span<Byte> bytes, Random& random, SegmentFilter* filter) {
  if (bytes.empty()) return 0;
  constexpr std::uint64_t kMostRefused = 10000;    // one after the other
  constexpr std::size_t kFilteredBytes = 2 * 258;  // at a time: what follows may be for nothing
  Segment segment{.bytes = bytes, .saved = &base_};
  z_stream& z = arena_.stream;
  const std::uint64_t read = flips_read();
  arena_.restore(base_);
  drop_flips(read);
  std::uint64_t refused_here = 0;
  while (true) {
    const std::size_t until =
        filter == nullptr ? bytes.size() : std::min(bytes.size(), segment.kept + kFilteredBytes);
    const int status = inflate_some(segment, until);
    if (filter != nullptr && segment.kept < segment.done && !filter_drawn(segment, *filter))
      continue;
    if (segment.done == bytes.size()) break;
    if (status == Z_DATA_ERROR) {
      refused_here = segment.done == segment.checkpoint ? refused_here + 1 : 0;
      if (refused_here > kMostRefused) fail(z, status);
      ++refused_;
      step_back(segment, segment.done, flips_read());
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      fail(z, status);
    } else if (after_block(z)) {
      begin_block(segment);
    } else if (segment.done < until) {
      add_flips(random);
    }
  }
  segment.flips += flips_read() - pending_flips();
  return static_cast<double>(segment.flips);
}

}  // namespace kraft::deflate
