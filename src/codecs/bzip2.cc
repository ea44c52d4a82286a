// bzip2: Burrows-Wheeler transform, move to front, Huffman codes.
#include <bzlib.h>

#include <algorithm>
#include <climits>
#include <string>

#include "codecs/bzip2.h"
#include "codecs/decoding.h"
#include "codecs/recycler.h"
#include "kraft/error.h"

namespace kraft {
namespace {

struct Settings {
  int level = 9;
  int work_factor = 30;
};

// The library counts in unsigned int; longer messages and streams are handed over in pieces.
unsigned piece(std::size_t bytes) {
  return static_cast<unsigned>(std::min<std::size_t>(bytes, INT_MAX));
}

// The library reads through a pointer to char that it does not write to.
char* chars(ByteView bytes) {
  return const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
}

const char* why(int code) {
  switch (code) {
    case BZ_DATA_ERROR:
      return "a checksum or code does not fit";
    case BZ_DATA_ERROR_MAGIC:
      return "it is no bzip2 stream";
    case BZ_MEM_ERROR:
      return "out of memory";
    default:
      return "the library failed";
  }
}

class Bzip2Encoder final : public Encoder {
 public:
  explicit Bzip2Encoder(const Settings& settings) : settings_(settings) {}

  void encode(ByteView message, Bytes& stream) override {
    recycler_.next_stream();
    bz_stream bz = {};
    bz.opaque = &recycler_;
    bz.bzalloc = [](void* recycler, int count, int size) {
      return static_cast<Recycler*>(recycler)->allocate(static_cast<std::size_t>(count) *
                                                        static_cast<std::size_t>(size));
    };
    bz.bzfree = [](void* recycler, void* block) {
      static_cast<Recycler*>(recycler)->release(block);
    };
    const int begun = BZ2_bzCompressInit(&bz, settings_.level, 0, settings_.work_factor);
    if (begun != BZ_OK) throw Error(std::string("bzip2: ") + why(begun));
    const std::unique_ptr<bz_stream, decltype(&BZ2_bzCompressEnd)> end(&bz, &BZ2_bzCompressEnd);
    compress(bz, message, stream);
  }

 private:
  static void compress(bz_stream& bz, ByteView message, Bytes& stream) {
    // The documented bound of BZ2_bzBuffToBuffCompress().
    stream.resize(message.size() + message.size() / 100 + 600);
    std::size_t size = 0;
    for (int result = BZ_RUN_OK; result != BZ_STREAM_END;) {
      if (size == stream.size()) stream.resize(2 * size);
      bz.next_in = chars(message);
      bz.avail_in = piece(message.size());
      bz.next_out = reinterpret_cast<char*>(stream.data() + size);
      bz.avail_out = piece(stream.size() - size);
      const unsigned given = bz.avail_in;
      const unsigned room = bz.avail_out;
      result = BZ2_bzCompress(&bz, given == message.size() ? BZ_FINISH : BZ_RUN);
      if (result < 0) throw Error(std::string("bzip2: ") + why(result));
      message = message.subspan(given - bz.avail_in);
      size += room - bz.avail_out;
    }
    stream.resize(size);
  }

  Settings settings_;
  Recycler recycler_;  // the library cannot begin a new stream on the memory of the last one
};

class Bzip2Codec final : public Codec {
 public:
  explicit Bzip2Codec(const Settings& settings) : settings_(settings) {}

  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<Bzip2Encoder>(settings_);
  }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    bz_stream bz = {};
    const int begun = BZ2_bzDecompressInit(&bz, 0, 0);
    if (begun != BZ_OK) throw Error(std::string("bzip2: ") + why(begun));
    const std::unique_ptr<bz_stream, decltype(&BZ2_bzDecompressEnd)> end(&bz, &BZ2_bzDecompressEnd);
    DecodedBytes decoded("bzip2", limit_bytes);
    for (int result = BZ_OK; result != BZ_STREAM_END;) {
      const std::span<Byte> room = decoded.room();
      bz.next_in = chars(stream);
      bz.avail_in = piece(stream.size());
      bz.next_out = reinterpret_cast<char*>(room.data());
      bz.avail_out = piece(room.size());
      const unsigned given = bz.avail_in;
      const unsigned available = bz.avail_out;
      result = BZ2_bzDecompress(&bz);
      if (result != BZ_OK && result != BZ_STREAM_END) fail_damaged("bzip2", why(result));
      decoded.keep(available - bz.avail_out);
      stream = stream.subspan(given - bz.avail_in);
      if (result == BZ_OK && stream.empty() && bz.avail_out > 0) fail_truncated("bzip2");
    }
    expect_no_more("bzip2", stream.size());
    return decoded.take();
  }

 private:
  Settings settings_;
};

std::shared_ptr<const Codec> make_bzip2(const Arguments& arguments) {
  Settings settings;
  settings.level = static_cast<int>(arguments.integer("level"));
  settings.work_factor = static_cast<int>(arguments.integer("workfactor"));
  return std::make_shared<Bzip2Codec>(settings);
}

}  // namespace

Backend bzip2::codec_row() {
  Backend row;
  row.name = "bzip2";
  row.aliases = {"bz2"};
  row.summary = "bzip2: Burrows-Wheeler transform and Huffman codes";
  row.argument = Parameter::integer("level", 1, 9, "9", "block size, in 100,000 bytes");
  row.parameters = {
      Parameter::integer("workfactor", 0, 250, "30",
                         "effort before repetitive blocks are sorted another way; 0 is 30")};
  row.granularity = Granularity::byte;
  row.window = "one block: 100,000 bytes times the level";
  row.library = [] {
    const std::string version = BZ2_bzlibVersion();  // "1.0.8, 13-Jul-2019"
    return "libbz2 " + version.substr(0, version.find(','));
  };
  row.make_codec = make_bzip2;
  return row;
}

}  // namespace kraft
