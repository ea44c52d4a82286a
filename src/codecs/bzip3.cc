// bzip3: run lengths, long matches, Burrows-Wheeler transform, context mixing.
//
// A stream is a frame of the library: "BZ3v1", the block size, the number of blocks, and the
// blocks, each after its size in the stream and its size in the message. (A file of the program
// bzip3 lacks the number, so that nobody can tell whether it is complete.) The stock library
// encodes. Decoding is kraft's own, because the library's writes where the sizes and lengths of a
// damaged block tell it to.
#include "codecs/bzip3.h"

extern "C" {  // which the header leaves to those who include it
#include <libbz3.h>
}

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <string>

#include "codecs/bzip3_mixing.h"
#include "codecs/decoding.h"
#include "kraft/error.h"

namespace kraft {
namespace {

constexpr std::string_view kMagic = "BZ3v1";
constexpr std::size_t kMiB = 1 << 20;
constexpr std::size_t kLeastBlockBytes = 65 << 10;  // that the library takes
constexpr std::size_t kMostBlockBytes = 511 * kMiB;
constexpr std::size_t kSlackBytes = 4096;  // short blocks take more than the library's bound says
constexpr std::size_t kStoredBytes = 64;   // of blocks that are not compressed, at most
constexpr std::uint8_t kHasMatches = 2, kHasRuns = 4;

void put32(Bytes& stream, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) stream[at + i] = static_cast<Byte>(value >> (8 * i));
}

// ---- Encoding --------------------------------------------------------------------------------

class Bzip3Encoder final : public Encoder {
 public:
  explicit Bzip3Encoder(std::size_t block_bytes) : block_bytes_(block_bytes) {}

  void encode(ByteView message, Bytes& stream) override {
    stream.assign(kMagic.begin(), kMagic.end());
    stream.resize(kMagic.size() + 8);
    put32(stream, kMagic.size(), static_cast<std::uint32_t>(block_bytes_));
    const std::size_t blocks = (message.size() + block_bytes_ - 1) / block_bytes_;
    put32(stream, kMagic.size() + 4, static_cast<std::uint32_t>(blocks));
    while (!message.empty()) {
      const ByteView block = message.first(std::min(message.size(), block_bytes_));
      message = message.subspan(block.size());
      encode_block(block, stream);
    }
  }

 private:
  using State = std::unique_ptr<bz3_state, decltype(&bz3_free)>;

  void encode_block(ByteView block, Bytes& stream) {
    make_room(block.size());
    const std::size_t at = stream.size();
    stream.resize(at + 8 + bz3_bound(block.size()) + kSlackBytes);
    std::ranges::copy(block, stream.begin() + static_cast<std::ptrdiff_t>(at + 8));
    const std::int32_t size = bz3_encode_block(state_.get(), stream.data() + at + 8,
                                               static_cast<std::int32_t>(block.size()));
    if (size < 0) throw Error(std::string("bzip3: ") + bz3_strerror(state_.get()));
    put32(stream, at, static_cast<std::uint32_t>(size));
    put32(stream, at + 4, static_cast<std::uint32_t>(block.size()));
    stream.resize(at + 8 + static_cast<std::size_t>(size));
  }

  // The library takes five bytes for each of a block, which short messages do not need.
  void make_room(std::size_t bytes) {
    if (bytes <= room_bytes_) return;
    const std::size_t room =
        std::min(std::max(std::min(2 * bytes, block_bytes_), kLeastBlockBytes) + kSlackBytes,
                 kMostBlockBytes);
    state_.reset(bz3_new(static_cast<std::int32_t>(room)));
    room_bytes_ = state_ ? room : 0;
    if (!state_) throw Error("bzip3: out of memory");
  }

  std::size_t block_bytes_;
  std::size_t room_bytes_ = 0;
  State state_{nullptr, &bz3_free};
};

// ---- Decoding --------------------------------------------------------------------------------

[[noreturn]] void fail(const char* why) { fail_damaged("bzip3", why); }

class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }
  std::size_t left() const { return bytes_.size(); }
  ByteView take(std::size_t count) {
    if (count > bytes_.size()) fail_truncated("bzip3");
    const ByteView piece = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return piece;
  }
  Byte byte() { return take(1)[0]; }
  std::uint32_t number() {
    const ByteView piece = take(4);
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value |= std::uint32_t{piece[i]} << (8 * i);
    return value;
  }

 private:
  ByteView bytes_;
};

// CRC-32C (Castagnoli), begun with 1 and not inverted.
std::uint32_t checksum(ByteView bytes) {
  static const std::array<std::uint32_t, 256> table = [] {
    std::array<std::uint32_t, 256> made{};
    for (std::uint32_t i = 0; i < made.size(); ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit)
        value = (value & 1) != 0 ? (value >> 1) ^ 0x82F63B78u : value >> 1;
      made[i] = value;
    }
    return made;
  }();
  std::uint32_t sum = 1;
  for (const Byte byte : bytes) sum = table[(sum ^ byte) & 255] ^ (sum >> 8);
  return sum;
}

// A binary arithmetic coder on 32 bits.
class BitReader {
 public:
  explicit BitReader(ByteView bytes) : reader_(bytes) {
    for (int i = 0; i < 4; ++i) code_ = code_ << 8 | reader_.byte();
  }

  bool read(std::uint32_t one) {
    const auto part = static_cast<std::uint32_t>((std::uint64_t{high_ - low_} * one) >>
                                                 bzip3::Decision::kScaleBits);
    const std::uint32_t middle = low_ + part;
    const bool bit = code_ <= middle;
    if (bit)
      high_ = middle;
    else
      low_ = middle + 1;
    while ((low_ ^ high_) < (1u << 24)) {
      low_ <<= 8;
      high_ = high_ << 8 | 255;
      code_ = code_ << 8 | reader_.byte();
    }
    return bit;
  }

  bool at_end() const { return reader_.empty(); }

 private:
  Reader reader_;
  std::uint32_t low_ = 0, high_ = 0xFFFFFFFF, code_ = 0;
};

Bytes read_column(ByteView coded, std::size_t size) {
  BitReader bits(coded);
  const auto mixing = std::make_unique<bzip3::Mixing>();
  bzip3::BeforeEach before_each;
  Bytes column;
  while (column.size() < size) {
    const bzip3::Before before = before_each.next();
    std::size_t node = 1;
    while (node < 256) {
      bzip3::Decision decision = mixing->decide(before, node);
      const bool bit = bits.read(decision.one());
      decision.learn(bit);
      node = 2 * node + (bit ? 1 : 0);
    }
    column.push_back(static_cast<Byte>(node));
    before_each.push(column.back());
  }
  if (!bits.at_end()) fail("a block is followed by other bytes");
  return column;
}

// The column is of the suffixes in order, the empty one first, without the row of the whole text,
// which would stand at `whole`.
Bytes undo_transform(ByteView column, std::size_t whole) {
  if (whole == 0 || whole > column.size()) fail("the row of the text is out of the block");
  std::array<std::size_t, 257> first{};
  for (const Byte byte : column) ++first[byte + std::size_t{1}];
  std::partial_sum(first.begin(), first.end(), first.begin());
  std::vector<std::uint32_t> longer(column.size());  // the row of the suffix with one byte more
  for (std::size_t r = 0; r < column.size(); ++r)
    longer[r] = static_cast<std::uint32_t>(1 + first[column[r]]++);
  Bytes text(column.size());
  std::size_t row = 0;
  for (std::size_t i = text.size(); i-- > 0;) {
    if (row == whole) fail("the rows of a block do not lead to each other");
    const std::size_t at = row - (row > whole ? 1 : 0);
    text[i] = column[at];
    row = longer[at];
  }
  return text;
}

// Long matches: a mark, where the last four bytes have occurred before, means a copy of what
// followed them there.
class Matches {
 public:
  Matches(ByteView coded, std::size_t most_bytes) : in_(coded), most_bytes_(most_bytes) {}

  Bytes undo() {
    const ByteView begin = in_.take(kContextBytes);
    out_.assign(begin.begin(), begin.end());
    std::vector<std::uint32_t> last(std::size_t{1} << kHashBits);
    while (!in_.empty()) {
      std::uint32_t& place = last[hash()];
      const std::uint32_t from = place;
      place = static_cast<std::uint32_t>(out_.size());
      const Byte byte = in_.byte();
      if (byte != kMark || from == 0)
        add(byte);
      else
        copy(from);
    }
    return std::move(out_);
  }

 private:
  static constexpr std::size_t kContextBytes = 4;
  static constexpr int kHashBits = 18;
  static constexpr std::size_t kLeast = 40;
  static constexpr Byte kMark = 0xF2, kNoCopy = 255, kMore = 254;

  std::size_t hash() const {
    std::uint32_t context = 0;
    for (std::size_t i = out_.size() - kContextBytes; i < out_.size(); ++i)
      context = context << 8 | out_[i];
    return (context >> 15 ^ context ^ context >> 3) & ((std::uint32_t{1} << kHashBits) - 1);
  }

  void add(Byte byte) {
    if (out_.size() >= most_bytes_) fail("a block is longer than it says");
    out_.push_back(byte);
  }

  void copy(std::size_t from) {
    Byte more = in_.byte();
    if (more == kNoCopy) return add(kMark);
    std::size_t length = kLeast + more;
    while (more == kMore) {
      more = in_.byte();
      length += more;
    }
    for (std::size_t i = 0; i < length; ++i) add(out_[from + i]);
  }

  Reader in_;
  std::size_t most_bytes_;
  Bytes out_;
};

// Runs of those bytes of which a table says that they are followed by their number.
Bytes undo_runs(ByteView coded, std::size_t size) {
  Reader in(coded);
  const ByteView has_runs = in.take(32);
  Bytes out;
  while (out.size() < size) {
    const Byte byte = in.byte();
    std::size_t run = 1;
    if ((has_runs[byte / 8] >> (byte % 8) & 1) != 0) {
      Byte more = 0;
      do {
        more = in.byte();
        run += more;
      } while (more == 255);
    }
    if (run > size - out.size()) fail("a block is longer than it says");
    out.insert(out.end(), run, byte);
  }
  return out;
}

Bytes decode_block(ByteView block, std::size_t size, std::size_t most_bytes) {
  Reader in(block);
  const std::uint32_t sum = in.number(), whole = in.number();
  Bytes text;
  if (whole == 0xFFFFFFFF) {
    if (in.left() > kStoredBytes) fail("a stored block is too long");
    const ByteView stored = in.take(in.left());
    text.assign(stored.begin(), stored.end());
  } else {
    const Byte steps = in.byte();
    const std::size_t after_matches = (steps & kHasMatches) != 0 ? in.number() : 0;
    const std::size_t after_runs = (steps & kHasRuns) != 0 ? in.number() : size;
    const std::size_t rows = (steps & kHasMatches) != 0 ? after_matches : after_runs;
    if (rows > most_bytes || after_runs > most_bytes) fail("a block is longer than it may be");
    text = undo_transform(read_column(in.take(in.left()), rows), whole);
    if ((steps & kHasMatches) != 0) text = Matches(text, after_runs).undo();
    if ((steps & kHasRuns) != 0) text = undo_runs(text, size);
  }
  if (text.size() != size) fail("a block is not as long as it says");
  if (checksum(text) != sum) fail("a checksum does not fit");
  return text;
}

class Bzip3Codec final : public Codec {
 public:
  explicit Bzip3Codec(std::size_t block_bytes) : block_bytes_(block_bytes) {}

  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<Bzip3Encoder>(block_bytes_);
  }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    Reader in(stream);
    if (!std::ranges::equal(in.take(kMagic.size()), as_bytes(kMagic)))
      fail("it is no bzip3 stream");
    const std::size_t block_bytes = in.number();
    if (block_bytes < kLeastBlockBytes || block_bytes > kMostBlockBytes)
      fail("its block size is out of range");
    Bytes message;
    for (std::uint32_t blocks = in.number(); blocks > 0; --blocks) {
      const std::size_t coded = in.number(), size = in.number();
      if (size > block_bytes) fail("a block is longer than the block size");
      if (size > limit_bytes - message.size()) fail_too_long("bzip3", limit_bytes);
      append(message, decode_block(in.take(coded), size, bz3_bound(block_bytes)));
    }
    expect_no_more("bzip3", in.left());
    return message;
  }

 private:
  std::size_t block_bytes_;
};

}  // namespace

Backend bzip3::codec_row() {
  Backend row;
  row.name = "bzip3";
  row.aliases = {"bz3"};
  row.summary = "bzip3: Burrows-Wheeler transform and context mixing";
  row.parameters = {Parameter::integer("block", 1, 511, "16", "block size, in MiB")};
  row.granularity = Granularity::byte;
  row.window = "one block: 16 MiB, or by block=";
  row.library = [] { return std::string("libbzip3 ") + bz3_version(); };
  row.make_codec = [](const Arguments& arguments) -> std::shared_ptr<const Codec> {
    return std::make_shared<Bzip3Codec>(static_cast<std::size_t>(arguments.integer("block")) *
                                        kMiB);
  };
  return row;
}

}  // namespace kraft
