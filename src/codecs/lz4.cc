// LZ4 in its frame format, as LZ4F_compressFrame() writes it.
#include "codecs/lz4.h"

#include <lz4.h>
#include <lz4frame.h>

#include <algorithm>
#include <iterator>

#include "codecs/decoding.h"
#include "kraft/error.h"

namespace kraft::lz4 {
namespace {

struct BlockSize {
  const char* name;
  LZ4F_blockSizeID_t id;
};

constexpr BlockSize kBlockSizes[] = {{"64KiB", LZ4F_max64KB},
                                     {"256KiB", LZ4F_max256KB},
                                     {"1MiB", LZ4F_max1MB},
                                     {"4MiB", LZ4F_max4MB}};

std::size_t checked(std::size_t result) {
  if (LZ4F_isError(result)) throw Error(std::string("lz4: ") + LZ4F_getErrorName(result));
  return result;
}

// Each message begins with a context of its own: one that is used again may find other matches in a
// message of several blocks.
class Lz4Encoder final : public Encoder {
 public:
  explicit Lz4Encoder(const LZ4F_preferences_t& preferences) : preferences_(preferences) {}

  void encode(ByteView message, Bytes& stream) override {
    stream.resize(LZ4F_compressFrameBound(message.size(), &preferences_));
    stream.resize(checked(LZ4F_compressFrame(stream.data(), stream.size(), message.data(),
                                             message.size(), &preferences_)));
  }

 private:
  LZ4F_preferences_t preferences_;
};

// The decoder would pass over skippable frames, which encode() never writes.
void check_magic(ByteView stream) {
  static constexpr Byte kMagic[] = {0x04, 0x22, 0x4d, 0x18};
  const std::size_t seen = std::min(stream.size(), std::size(kMagic));
  if (!std::equal(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(seen), kMagic))
    fail_damaged("lz4", "it is no lz4 frame");
}

class Lz4Codec final : public Codec {
 public:
  explicit Lz4Codec(const LZ4F_preferences_t& preferences) : preferences_(preferences) {}

  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<Lz4Encoder>(preferences_);
  }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    check_magic(stream);
    LZ4F_dctx* created = nullptr;
    checked(LZ4F_createDecompressionContext(&created, LZ4F_VERSION));
    const std::unique_ptr<LZ4F_dctx, decltype(&LZ4F_freeDecompressionContext)> context(
        created, &LZ4F_freeDecompressionContext);
    DecodedBytes decoded("lz4", limit_bytes);
    for (bool at_end = false; !at_end;) {
      const std::span<Byte> room = decoded.room();
      std::size_t wrote = room.size();
      std::size_t read = stream.size();
      const std::size_t result =
          LZ4F_decompress(context.get(), room.data(), &wrote, stream.data(), &read, nullptr);
      if (LZ4F_isError(result)) fail_damaged("lz4", LZ4F_getErrorName(result));
      decoded.keep(wrote);
      stream = stream.subspan(read);
      at_end = result == 0;
      if (!at_end && stream.empty() && wrote < room.size()) fail_truncated("lz4");
    }
    expect_no_more("lz4", stream.size());
    return decoded.take();
  }

 private:
  LZ4F_preferences_t preferences_;
};

std::shared_ptr<const Codec> make_lz4(const Arguments& arguments) {
  LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
  preferences.compressionLevel = static_cast<int>(arguments.integer("level"));
  preferences.favorDecSpeed = arguments.on("favordecspeed") ? 1 : 0;
  LZ4F_frameInfo_t& frame = preferences.frameInfo;
  for (const BlockSize& block : kBlockSizes) {
    if (arguments.text("block") == block.name) frame.blockSizeID = block.id;
  }
  frame.blockMode = arguments.on("linked") ? LZ4F_blockLinked : LZ4F_blockIndependent;
  frame.contentChecksumFlag =
      arguments.on("checksum") ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum;
  return std::make_shared<Lz4Codec>(preferences);
}

}  // namespace

Backend codec_row() {
  Backend row;
  row.name = "lz4";
  row.summary = "LZ4 frames: LZ77 without entropy coding";
  row.argument =
      Parameter::integer("level", -LZ4F_compressionLevel_max(), LZ4F_compressionLevel_max(), "0",
                         "0..2 fast, 3.. high compression, negative ever faster");
  std::vector<std::string> blocks;
  for (const BlockSize& block : kBlockSizes) blocks.emplace_back(block.name);
  row.parameters = {
      Parameter::choice("block", std::move(blocks), "64KiB", "largest size of a block"),
      Parameter::on_off("linked", "on", "matches may reach into earlier blocks"),
      Parameter::on_off("favordecspeed", "off", "prefer quick decoding, from level 10"),
      Parameter::on_off("checksum", "off", "32-bit checksum of the message"),
  };
  row.granularity = Granularity::byte;
  row.window = "64 KiB";
  row.library = [] { return std::string("liblz4 ") + LZ4_versionString(); };
  row.make_codec = make_lz4;
  return row;
}

}  // namespace kraft::lz4
