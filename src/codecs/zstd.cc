// Zstandard (RFC 8878), one frame for each message, as ZSTD_compress2() writes it.
#include <zstd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "codecs/decoding.h"
#include "codecs/zstd.h"
#include "kraft/error.h"

namespace kraft {
namespace {

using Settings = std::vector<std::pair<ZSTD_cParameter, int>>;

// Below this the levels only trade size for speeds that nobody needs here; the library goes on to
// -131072.
constexpr int kLowestLevel = -7;
// What a decoder accepts unless told otherwise (ZSTD_WINDOWLOG_LIMIT_DEFAULT).
constexpr int kWidestWindowLog = 27;
const std::vector<std::string> kStrategies = {"fast",    "dfast", "greedy",  "lazy",    "lazy2",
                                              "btlazy2", "btopt", "btultra", "btultra2"};

std::size_t checked(std::size_t result) {
  if (ZSTD_isError(result)) throw Error(std::string("zstd: ") + ZSTD_getErrorName(result));
  return result;
}

class ZstdEncoder final : public Encoder {
 public:
  explicit ZstdEncoder(const Settings& settings) : context_(ZSTD_createCCtx()) {
    if (!context_) throw Error("zstd: out of memory");
    for (const auto& [parameter, value] : settings)
      checked(ZSTD_CCtx_setParameter(context_.get(), parameter, value));
  }

  void encode(ByteView message, Bytes& stream) override {
    stream.resize(ZSTD_compressBound(message.size()));
    stream.resize(checked(ZSTD_compress2(context_.get(), stream.data(), stream.size(),
                                         message.data(), message.size())));
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> context_;
};

// The decoder would pass over skippable frames, which encode() never writes.
void check_magic(ByteView stream) {
  static constexpr Byte kMagic[] = {0x28, 0xb5, 0x2f, 0xfd};
  const std::size_t seen = std::min(stream.size(), std::size(kMagic));
  if (!std::equal(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(seen), kMagic))
    fail_damaged("zstd", "it is no zstd frame");
}

class ZstdCodec final : public Codec {
 public:
  explicit ZstdCodec(Settings settings) : settings_(std::move(settings)) {}

  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<ZstdEncoder>(settings_);
  }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    check_magic(stream);
    const unsigned long long claimed_bytes = ZSTD_getFrameContentSize(stream.data(), stream.size());
    if (claimed_bytes < ZSTD_CONTENTSIZE_ERROR && claimed_bytes > limit_bytes)
      fail_too_long("zstd", limit_bytes);

    const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                       &ZSTD_freeDCtx);
    if (!context) throw Error("zstd: out of memory");
    DecodedBytes decoded("zstd", limit_bytes);
    ZSTD_inBuffer in = {stream.data(), stream.size(), 0};
    for (bool at_end = false; !at_end;) {
      const std::span<Byte> room = decoded.room();
      ZSTD_outBuffer out = {room.data(), room.size(), 0};
      const std::size_t result = ZSTD_decompressStream(context.get(), &out, &in);
      if (ZSTD_isError(result)) fail_damaged("zstd", ZSTD_getErrorName(result));
      decoded.keep(out.pos);
      at_end = result == 0;
      if (!at_end && in.pos == in.size && out.pos < out.size) fail_truncated("zstd");
    }
    expect_no_more("zstd", in.size - in.pos);
    return decoded.take();
  }

 private:
  Settings settings_;
};

// The parameters that are the library's own integers, under the names of zstd's command line.
struct Tunable {
  const char* name;
  ZSTD_cParameter parameter;
  const char* meaning;
};

constexpr Tunable kTunables[] = {
    {"window", ZSTD_c_windowLog, "base-2 logarithm of the window; lowered for short messages"},
    {"hashlog", ZSTD_c_hashLog, "base-2 logarithm of the hash table's entries"},
    {"chainlog", ZSTD_c_chainLog, "base-2 logarithm of the entries of the search structure"},
    {"searchlog", ZSTD_c_searchLog, "base-2 logarithm of the search attempts"},
    {"minmatch", ZSTD_c_minMatch, "shortest match that is searched for, in bytes"},
    {"targetlength", ZSTD_c_targetLength, "match length that ends a search; step of strategy fast"},
};

// 1.4 knows off and on, 1.5 automatic, on and off.
int long_distance_value(bool on) {
  if (on) return 1;
  return ZSTD_cParam_getBounds(ZSTD_c_enableLongDistanceMatching).upperBound >= 2 ? 2 : 0;
}

std::shared_ptr<const Codec> make_zstd(const Arguments& arguments) {
  Settings settings = {
      {ZSTD_c_compressionLevel, static_cast<int>(arguments.integer("level"))},
      {ZSTD_c_checksumFlag, arguments.on("checksum") ? 1 : 0},
  };
  for (const Tunable& tunable : kTunables) {
    if (arguments.has(tunable.name))
      settings.emplace_back(tunable.parameter, static_cast<int>(arguments.integer(tunable.name)));
  }
  if (arguments.has("long")) {
    settings.emplace_back(ZSTD_c_enableLongDistanceMatching,
                          long_distance_value(arguments.on("long")));
  }
  if (arguments.has("strategy")) {
    const auto found = std::ranges::find(kStrategies, arguments.text("strategy"));
    settings.emplace_back(ZSTD_c_strategy,
                          static_cast<int>(found - kStrategies.begin()) + ZSTD_fast);
  }
  return std::make_shared<ZstdCodec>(std::move(settings));
}

}  // namespace

Backend zstd::codec_row() {
  Backend row;
  row.name = "zstd";
  row.aliases = {"zst"};
  row.summary = "Zstandard: LZ77 with Huffman and tANS entropy coding";
  row.argument =
      Parameter::integer("level", std::max(ZSTD_minCLevel(), kLowestLevel), ZSTD_maxCLevel(), "3",
                         "speed against size; 0 is the library's default level");
  for (const Tunable& tunable : kTunables) {
    const ZSTD_bounds bounds = ZSTD_cParam_getBounds(tunable.parameter);
    const int highest = tunable.parameter == ZSTD_c_windowLog
                            ? std::min(bounds.upperBound, kWidestWindowLog)
                            : bounds.upperBound;
    row.parameters.push_back(
        Parameter::integer(tunable.name, bounds.lowerBound, highest, "", tunable.meaning));
  }
  row.parameters.push_back(Parameter::choice("strategy", kStrategies, "", "how matches are found"));
  row.parameters.push_back(Parameter::on_off("long", "", "long-distance matching"));
  row.parameters.push_back(Parameter::on_off("checksum", "off", "32-bit checksum of the message"));
  row.granularity = Granularity::byte;
  row.window = "512 KiB to 128 MiB, by level or window=";
  row.library = [] { return std::string("libzstd ") + ZSTD_versionString(); };
  row.make_codec = make_zstd;
  return row;
}

}  // namespace kraft
