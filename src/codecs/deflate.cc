// gzip, zlib and deflate: one compressor, zlib, in three containers.

#include "codecs/deflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "codecs/decoding.h"
#include "kraft/error.h"

namespace kraft::deflate {
namespace {

// zlib counts input and output in 32 bits at a time.
constexpr std::size_t kPiece = std::size_t{1} << 30;

int zlib_window_bits(Container container, int window_bits) {
  switch (container) {
    case Container::raw:
      return -window_bits;
    case Container::zlib:
      return window_bits;
    case Container::gzip:
      return window_bits + 16;
  }
  return window_bits;
}

// A z_stream for compressing, reset for every message.
class Deflater {
 public:
  Deflater(const Parameters& parameters, Container container) {
    const int status = deflateInit2(&stream_, parameters.level, Z_DEFLATED,
                                    zlib_window_bits(container, parameters.window_bits),
                                    parameters.mem_level, parameters.strategy);
    if (status != Z_OK) throw Error(std::string("zlib: deflateInit2: ") + zError(status));
  }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  // One deflate(Z_FINISH) with all of the input and ample room, as long as 32 bits can count them.
  void encode(ByteView message, Bytes& out) {
    deflateReset(&stream_);
    out.resize(deflateBound(&stream_, message.size()));
    std::size_t written = 0;
    int status = Z_OK;
    while (status != Z_STREAM_END) {
      const std::size_t piece = std::min(message.size(), kPiece);
      stream_.next_in = const_cast<Bytef*>(message.data());
      stream_.avail_in = static_cast<uInt>(piece);
      const std::size_t room = std::min(out.size() - written, kPiece);
      stream_.next_out = out.data() + written;
      stream_.avail_out = static_cast<uInt>(room);
      status = ::deflate(&stream_, piece == message.size() ? Z_FINISH : Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
        throw Error(std::string("zlib: deflate: ") + zError(status));
      message = message.subspan(piece - stream_.avail_in);
      written += room - stream_.avail_out;
      if (written == out.size() && status != Z_STREAM_END) out.resize(out.size() * 2 + 64);
    }
    out.resize(written);
  }

 private:
  z_stream stream_{};
};

class Inflater {
 public:
  explicit Inflater(int zlib_bits) {
    const int status = inflateInit2(&stream_, zlib_bits);
    if (status != Z_OK) throw Error(std::string("zlib: inflateInit2: ") + zError(status));
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream& stream() { return stream_; }

  // Takes the next piece of input when the last one has been used up.
  void feed(ByteView& rest) {
    if (stream_.avail_in > 0 || rest.empty()) return;
    const std::size_t piece = std::min(rest.size(), kPiece);
    stream_.next_in = const_cast<Bytef*>(rest.data());
    stream_.avail_in = static_cast<uInt>(piece);
    rest = rest.subspan(piece);
  }

 private:
  z_stream stream_{};
};

class DeflateEncoder final : public Encoder {
 public:
  DeflateEncoder(const Parameters& parameters, Container container)
      : deflater_(parameters, container), raw_(parameters, Container::raw), container_(container) {}

  void encode(ByteView message, Bytes& stream) override { deflater_.encode(message, stream); }

  double code_length(ByteView message) override {
    raw_.encode(message, scratch_);
    return static_cast<double>(stream_bits(scratch_) + container_bits(container_));
  }

 private:
  Deflater deflater_;
  Deflater raw_;
  Container container_;
};

class DeflateCodec final : public Codec {
 public:
  DeflateCodec(std::string name, const Parameters& parameters, Container container)
      : name_(std::move(name)), parameters_(parameters), container_(container) {}

  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<DeflateEncoder>(parameters_, container_);
  }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    Inflater inflater(zlib_window_bits(container_, 15));
    z_stream& z = inflater.stream();
    DecodedBytes message(name_, limit_bytes);
    int status = Z_OK;
    while (status != Z_STREAM_END) {
      inflater.feed(stream);
      const std::span<Byte> room = message.room();
      const std::size_t offered = std::min(room.size(), kPiece);
      z.next_out = room.data();
      z.avail_out = static_cast<uInt>(offered);
      status = inflate(&z, Z_NO_FLUSH);
      message.keep(offered - z.avail_out);
      const bool starved = z.avail_in == 0 && stream.empty() && z.avail_out > 0;
      if (status == Z_BUF_ERROR || (status == Z_OK && starved)) fail_truncated(name_);
      if (status != Z_OK && status != Z_STREAM_END)
        fail_damaged(name_, z.msg ? z.msg : zError(status));
    }
    expect_no_more(name_, z.avail_in + stream.size());
    return message.take();
  }

  Granularity granularity() const override { return Granularity::bit; }

 private:
  std::string name_;
  Parameters parameters_;
  Container container_;
};

void describe(Backend& row, const char* name, const char* summary) {
  row.name = name;
  row.summary = summary;
}

void describe(Backend& row, Container container) {
  switch (container) {
    case Container::gzip:
      row.aliases = {"gz"};
      return describe(row, "gzip", "DEFLATE in a gzip file (RFC 1952)");
    case Container::zlib:
      return describe(row, "zlib", "DEFLATE in a zlib stream (RFC 1950)");
    case Container::raw:
      return describe(row, "deflate", "DEFLATE without a container (RFC 1951)");
  }
}

}  // namespace

Parameters parameters_of(const Arguments& arguments) {
  static const std::vector<std::string> strategies = {"default", "filtered", "huffman", "rle",
                                                      "fixed"};  // zlib's numbering
  Parameters parameters;
  parameters.level = static_cast<int>(arguments.integer("level"));
  parameters.window_bits = static_cast<int>(arguments.integer("window"));
  parameters.mem_level = static_cast<int>(arguments.integer("memlevel"));
  parameters.strategy = static_cast<int>(std::ranges::find(strategies, arguments.text("strategy")) -
                                         strategies.begin());
  return parameters;
}

Backend codec_row(Container container) {
  Backend row;
  describe(row, container);
  row.argument = Parameter::integer("level", 0, 9, "6", "0 stores, 1 is fastest, 9 is smallest");
  row.parameters = {
      Parameter::integer("window", 9, 15, "15", "log2 of the window in bytes"),
      Parameter::integer("memlevel", 1, 9, "8", "memory for the hash table and the symbol buffer"),
      Parameter::choice("strategy", {"default", "filtered", "huffman", "rle", "fixed"}, "default",
                        "zlib's strategy"),
  };
  row.granularity = Granularity::bit;
  row.window = "32 KiB";
  row.library = [] { return std::string("zlib ") + zlibVersion(); };
  row.make_codec = [name = row.name, container](const Arguments& arguments) {
    return std::make_shared<DeflateCodec>(name, parameters_of(arguments), container);
  };
  return row;
}

std::uint64_t stream_bits(ByteView raw_stream) {
  Inflater inflater(-15);
  z_stream& z = inflater.stream();
  std::array<Byte, 32768> discarded;
  std::uint64_t read_bytes = 0;
  while (true) {
    inflater.feed(raw_stream);
    z.next_out = discarded.data();
    z.avail_out = discarded.size();
    const uInt before = z.avail_in;
    const int status = inflate(&z, Z_BLOCK);
    read_bytes += before - z.avail_in;
    // Bit 7: at the end of a block; bit 6: of the last one; bits 0-5: bits not used of those read.
    const auto at = static_cast<unsigned>(z.data_type);
    if (status == Z_OK && (at & 128) && (at & 64)) return 8 * read_bytes - (at & 63);
    if (status != Z_OK || (z.avail_in == 0 && raw_stream.empty() && z.avail_out > 0))
      throw Error("zlib: not a complete DEFLATE stream");
  }
}

std::uint64_t compressed_bits(ByteView message, const Parameters& parameters) {
  Bytes stream;
  Deflater(parameters, Container::raw).encode(message, stream);
  return stream_bits(stream);
}

}  // namespace kraft::deflate
