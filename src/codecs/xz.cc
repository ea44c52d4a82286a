// LZMA in its two containers: .xz (LZMA2, one block, as `xz` writes it) and the legacy .lzma (LZMA1
// with an end marker).
#include "codecs/xz.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "codecs/decoding.h"
#include "kraft/error.h"

namespace kraft::lzma {
namespace {

const char* name_of(Container container) { return container == Container::xz ? "xz" : "lzma"; }

struct Settings {
  Container container = Container::xz;
  lzma_options_lzma options = {};
  lzma_check check = LZMA_CHECK_CRC64;

  std::string name() const { return name_of(container); }

  // The filter points to the options, which must stay where they are.
  std::array<lzma_filter, 2> filters() const {
    const lzma_vli id = container == Container::xz ? LZMA_FILTER_LZMA2 : LZMA_FILTER_LZMA1;
    return {{{id, const_cast<lzma_options_lzma*>(&options)}, {LZMA_VLI_UNKNOWN, nullptr}}};
  }
};

const char* why(lzma_ret code) {
  switch (code) {
    case LZMA_MEM_ERROR:
      return "out of memory";
    case LZMA_MEMLIMIT_ERROR:
      return "its dictionary is too large";
    case LZMA_FORMAT_ERROR:
      return "it has another format";
    case LZMA_OPTIONS_ERROR:
      return "it has options that the library does not know";
    case LZMA_DATA_ERROR:
      return "a checksum or code does not fit";
    case LZMA_UNSUPPORTED_CHECK:
      return "the library lacks this check";
    default:
      return "the library failed";
  }
}

void expect_ok(const std::string& name, lzma_ret result) {
  if (result != LZMA_OK) throw Error(name + ": " + why(result));
}

// A lzma_stream keeps its memory from one message to the next as long as only lzma_end() frees it.
class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { lzma_end(&stream_); }

  lzma_stream* operator->() { return &stream_; }
  lzma_stream* get() { return &stream_; }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

// The zero bytes that end the block of an .xz stream at a multiple of four (the .xz file format,
// version 1.1.0, section 3.3). The index, just before the footer, holds the size without them.
std::size_t block_padding_bytes(ByteView stream) {
  lzma_stream_flags footer;
  const std::size_t footer_at = stream.size() - LZMA_STREAM_HEADER_SIZE;
  if (lzma_stream_footer_decode(&footer, stream.data() + footer_at) != LZMA_OK)
    throw Error("xz: the library wrote a stream without a footer");
  // One byte that marks the index, the number of records (0 or 1, in one byte), the record's sizes.
  std::size_t at = footer_at - static_cast<std::size_t>(footer.backward_size) + 1;
  if (stream[at++] == 0) return 0;  // an empty message has no block
  lzma_vli unpadded_bytes = 0;
  if (lzma_vli_decode(&unpadded_bytes, nullptr, stream.data(), &at, footer_at) != LZMA_OK)
    throw Error("xz: the library wrote a stream with a bad index");
  return static_cast<std::size_t>(-unpadded_bytes & 3);
}

class LzmaEncoder final : public Encoder {
 public:
  explicit LzmaEncoder(const Settings& settings) : settings_(settings) {}

  // The padding of a block to four bytes is not part of what the message costs, as the padding of
  // DEFLATE to a whole byte is not.
  double code_length(ByteView message) override {
    encode(message, scratch_);
    const bool padded = settings_.container == Container::xz;
    return 8.0 *
           static_cast<double>(scratch_.size() - (padded ? block_padding_bytes(scratch_) : 0));
  }

  void encode(ByteView message, Bytes& stream) override {
    begin();
    // Holds for .xz; .lzma cannot store incompressible data and may need more.
    stream.resize(lzma_stream_buffer_bound(message.size()));
    lzma_->next_in = message.data();
    lzma_->avail_in = message.size();
    std::size_t size = 0;
    for (lzma_ret result = LZMA_OK; result != LZMA_STREAM_END;) {
      if (size == stream.size()) stream.resize(2 * size);
      lzma_->next_out = stream.data() + size;
      lzma_->avail_out = stream.size() - size;
      result = lzma_code(lzma_.get(), LZMA_FINISH);
      if (result != LZMA_STREAM_END) expect_ok(settings_.name(), result);
      size = stream.size() - lzma_->avail_out;
    }
    stream.resize(size);
  }

 private:
  void begin() {
    if (settings_.container == Container::xz) {
      expect_ok("xz",
                lzma_stream_encoder(lzma_.get(), settings_.filters().data(), settings_.check));
    } else {
      expect_ok("lzma", lzma_alone_encoder(lzma_.get(), &settings_.options));
    }
  }

  Settings settings_;
  Stream lzma_;
};

class LzmaCodec final : public Codec {
 public:
  explicit LzmaCodec(const Settings& settings) : settings_(settings) {}

  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<LzmaEncoder>(settings_);
  }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    const std::string name = settings_.name();
    Stream lzma;
    begin(lzma);
    lzma->next_in = stream.data();
    lzma->avail_in = stream.size();
    DecodedBytes decoded(name, limit_bytes);
    for (lzma_ret result = LZMA_OK; result != LZMA_STREAM_END;) {
      const std::span<Byte> room = decoded.room();
      lzma->next_out = room.data();
      lzma->avail_out = room.size();
      result = lzma_code(lzma.get(), LZMA_FINISH);
      decoded.keep(room.size() - lzma->avail_out);
      if (result == LZMA_BUF_ERROR) fail_truncated(name);
      if (result != LZMA_OK && result != LZMA_STREAM_END) fail_damaged(name, why(result));
    }
    expect_no_more(name, lzma->avail_in);
    return decoded.take();
  }

 private:
  void begin(Stream& lzma) const {
    if (settings_.container == Container::xz) {
      expect_ok("xz", lzma_stream_decoder(lzma.get(), memory_limit(), 0));
    } else {
      expect_ok("lzma", lzma_alone_decoder(lzma.get(), memory_limit()));
    }
  }

  // A header of some bytes can ask for a dictionary of 4 GiB: allow the presets' and this codec's
  // own, which both containers round up to 2^n or 2^n + 2^(n-1) bytes.
  std::uint64_t memory_limit() const {
    Settings rounded_up = settings_;
    rounded_up.options.dict_size += rounded_up.options.dict_size / 2;
    const std::uint64_t own = lzma_raw_decoder_memusage(rounded_up.filters().data());
    return std::max(lzma_easy_decoder_memusage(9), own) + kContainerBytes;
  }

  static constexpr std::uint64_t kContainerBytes = 1 << 20;

  Settings settings_;
};

struct MatchFinder {
  const char* name;
  lzma_match_finder id;
  std::uint32_t shortest_nice;
};

constexpr MatchFinder kMatchFinders[] = {
    {"hc3", LZMA_MF_HC3, 3}, {"hc4", LZMA_MF_HC4, 4}, {"bt2", LZMA_MF_BT2, 2},
    {"bt3", LZMA_MF_BT3, 3}, {"bt4", LZMA_MF_BT4, 4},
};

struct Check {
  const char* name;
  lzma_check id;
};

constexpr Check kChecks[] = {
    {"none", LZMA_CHECK_NONE},
    {"crc32", LZMA_CHECK_CRC32},
    {"crc64", LZMA_CHECK_CRC64},
    {"sha256", LZMA_CHECK_SHA256},
};

constexpr std::int64_t kLargestDictionary = std::int64_t{3} << 29;  // 1.5 GiB, from lzma12.h
constexpr std::uint32_t kShortestNice = 2;
constexpr std::uint32_t kLongestNice = 273;

// Conflicts between two values that are each in range.
void check_conflicts(const std::string& name, const lzma_options_lzma& options) {
  if (options.lc + options.lp > LZMA_LCLP_MAX)
    throw UsageError(name + ": lc=" + std::to_string(options.lc) +
                     " and lp=" + std::to_string(options.lp) + " add up to more than " +
                     std::to_string(LZMA_LCLP_MAX));
  for (const MatchFinder& finder : kMatchFinders) {
    if (finder.id == options.mf && options.nice_len < finder.shortest_nice)
      throw UsageError(name + ": nice=" + std::to_string(options.nice_len) +
                       " is too short for mf=" + finder.name + ", which needs at least " +
                       std::to_string(finder.shortest_nice));
  }
}

lzma_options_lzma chosen_options(const Arguments& arguments) {
  lzma_options_lzma options = {};
  std::uint32_t preset = static_cast<std::uint32_t>(arguments.integer("level"));
  if (arguments.has_suffix("level", 'e')) preset |= LZMA_PRESET_EXTREME;
  lzma_lzma_preset(&options, preset);
  const auto set = [&](const char* name, std::uint32_t& option) {
    option = static_cast<std::uint32_t>(arguments.integer_or(name, option));
  };
  set("dict", options.dict_size);
  set("lc", options.lc);
  set("lp", options.lp);
  set("pb", options.pb);
  set("nice", options.nice_len);
  set("depth", options.depth);
  if (arguments.has("mode"))
    options.mode = arguments.text("mode") == "fast" ? LZMA_MODE_FAST : LZMA_MODE_NORMAL;
  for (const MatchFinder& finder : kMatchFinders) {
    if (arguments.has("mf") && arguments.text("mf") == finder.name) options.mf = finder.id;
  }
  return options;
}

Settings settings_of(Container container, const Arguments& arguments) {
  Settings settings;
  settings.container = container;
  settings.options = options_of(arguments);
  for (const Check& check : kChecks) {
    if (arguments.has("check") && arguments.text("check") == check.name) settings.check = check.id;
  }
  return settings;
}

std::vector<std::string> names_of(const auto& table) {
  std::vector<std::string> names;
  for (const auto& entry : table) names.emplace_back(entry.name);
  return names;
}

}  // namespace

lzma_options_lzma options_of(const Arguments& arguments) {
  const lzma_options_lzma options = chosen_options(arguments);
  check_conflicts(Spec::parse(arguments.spec()).name, options);
  return options;
}

Backend codec_row(Container container) {
  Backend row;
  row.name = name_of(container);
  row.argument = Parameter::integer("level", 0, 9, std::to_string(LZMA_PRESET_DEFAULT),
                                    "preset, which the parameters refine; e: search harder");
  row.argument->suffixes = "e";
  row.parameters = {
      // The encoder clears tables of the dictionary's size for each measurement.
      Parameter::integer("dict", LZMA_DICT_SIZE_MIN, kLargestDictionary, "", "dictionary, in bytes")
          .up_to_from_file(1 << 20),
      Parameter::integer("lc", LZMA_LCLP_MIN, LZMA_LCLP_MAX, "", "literal context bits"),
      Parameter::integer("lp", LZMA_LCLP_MIN, LZMA_LCLP_MAX, "",
                         "literal position bits; lc + lp is at most 4"),
      Parameter::integer("pb", LZMA_PB_MIN, LZMA_PB_MAX, "", "position bits"),
      Parameter::choice("mode", {"fast", "normal"}, "", "how the best match is chosen"),
      Parameter::integer("nice", kShortestNice, kLongestNice, "",
                         "match length that ends a search"),
      Parameter::choice("mf", names_of(kMatchFinders), "", "match finder"),
      Parameter::integer("depth", 0, UINT32_MAX, "", "search depth; 0: from mf and nice"),
  };
  if (container == Container::xz) {
    row.aliases = {"lzma2"};
    row.summary = "LZMA2 in the .xz container: LZ77 with context-modelled range coding";
    row.parameters.push_back(
        Parameter::choice("check", names_of(kChecks), "crc64", "checksum of the message"));
  } else {
    row.summary = "LZMA1 in the legacy .lzma container";
  }
  row.library = [] { return std::string("liblzma ") + lzma_version_string(); };
  row.make_codec = [container](const Arguments& arguments) {
    return std::make_shared<LzmaCodec>(settings_of(container, arguments));
  };
  return row;
}

}  // namespace kraft::lzma
