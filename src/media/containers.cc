// WAV and its relatives, AIFF, AU, CAF: chunks with names and lengths.
#include "media/containers.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "kraft/error.h"
#include "media/file_reader.h"

namespace kraft {
namespace {

using Order = FileReader::Order;

enum class Kind { none, riff, rifx, rf64, w64, aiff, svx, caf, au, au_little, flac, ogg, mpeg };

// GUIDs of Sony Wave64 begin with the names that RIFF has; this is how most of them end.
constexpr std::string_view kW64Riff("riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00", 16);

Kind kind_of(ByteView file) {
  const std::string_view text = as_text(file);
  const std::string_view form = text.size() >= 12 ? text.substr(8, 4) : "";
  if (text.starts_with("RIFF") && form == "WAVE") return Kind::riff;
  if (text.starts_with("RIFX") && form == "WAVE") return Kind::rifx;
  if (text.starts_with("RF64") && form == "WAVE") return Kind::rf64;
  if (text.starts_with(kW64Riff)) return Kind::w64;
  if (text.starts_with("FORM") && (form == "AIFF" || form == "AIFC")) return Kind::aiff;
  if (text.starts_with("FORM") && (form == "8SVX" || form == "16SV")) return Kind::svx;
  if (text.starts_with(std::string_view("caff\0\1", 6))) return Kind::caf;
  if (text.starts_with(".snd")) return Kind::au;
  if (text.starts_with("dns.")) return Kind::au_little;
  const std::string_view behind_tag = text.substr(std::min(text.size(), id3_bytes(file)));
  if (behind_tag.starts_with("fLaC")) return Kind::flac;
  if (text.starts_with(std::string_view("OggS\0", 5))) return Kind::ogg;
  return has_mpeg_frames(file) ? Kind::mpeg : Kind::none;
}

// Sizes that programs write where they do not know one, give or take the headers they count in.
bool stands_for_unknown(std::uint64_t bytes) {
  const auto within = [bytes](std::uint64_t low, std::uint64_t high) {
    return bytes >= low && bytes <= high;
  };
  return within(0x7f000000, 0x7f000100) || within(0x7fff0000, 0x80000100) ||
         within(0xffff0000, 0xffffffff) || bytes >= std::uint64_t{1} << 62;
}

[[noreturn]] void fail_truncated(std::uint64_t bytes, std::uint64_t wanted) {
  throw Error("audio: the file is truncated: " + grouped(bytes) + " of " + grouped(wanted) +
              " bytes");
}

struct Chunk {
  std::string name;
  std::size_t begin = 0;    // of its data
  std::uint64_t bytes = 0;  // as it claims
};

class Chunks {
 public:
  Chunks(ByteView file, Kind kind)
      : file_(file),
        kind_(kind),
        in_("audio", file,
            kind == Kind::rifx || kind == Kind::aiff || kind == Kind::svx || kind == Kind::caf
                ? Order::big
                : Order::little),
        next_(kind == Kind::w64   ? 40
              : kind == Kind::caf ? 8
                                  : 12) {}

  // Nothing where the file ends.
  std::optional<Chunk> next() {
    const std::size_t head_bytes = kind_ == Kind::w64 ? 24 : kind_ == Kind::caf ? 12 : 8;
    if (next_ > file_.size() || file_.size() - next_ < head_bytes) return std::nullopt;
    in_.seek(next_);
    Chunk chunk{std::string(in_.name(4)), 0, 0};
    if (kind_ == Kind::w64) in_.skip(12);
    chunk.bytes = in_.number(head_bytes == 8 ? 4 : 8);
    if (kind_ == Kind::w64) chunk.bytes -= std::min<std::uint64_t>(chunk.bytes, head_bytes);
    chunk.begin = in_.at();
    next_ = chunk.bytes > in_.left() ? file_.size() : end_of(chunk);
    return chunk;
  }

  std::size_t left_at(const Chunk& chunk) const { return file_.size() - chunk.begin; }

  // Its data, all of it.
  ByteView data(const Chunk& chunk) const {
    if (chunk.bytes > left_at(chunk)) fail_truncated(file_.size(), chunk.begin + chunk.bytes);
    return file_.subspan(chunk.begin, static_cast<std::size_t>(chunk.bytes));
  }

  // Whether the rest of the file, from here on, is chunks.
  bool ends_in_chunks(std::size_t at) const {
    Chunks rest = *this;
    for (rest.next_ = at; rest.next_ < file_.size();) {
      const auto chunk = rest.next();
      if (!chunk || !is_name(chunk->name) || chunk->bytes > left_at(*chunk)) return false;
    }
    return true;
  }

 private:
  static bool is_name(std::string_view name) {
    return std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~'; });
  }

  // Chunks begin at even places, but not every program knows that.
  std::size_t end_of(const Chunk& chunk) const {
    const std::size_t end = chunk.begin + static_cast<std::size_t>(chunk.bytes);
    if (kind_ == Kind::caf) return end;
    if (kind_ == Kind::w64) return (end + 7) / 8 * 8;
    if (end % 2 == 0) return end;
    return is_known_at(end) && !is_known_at(end + 1) ? end : end + 1;
  }

  bool is_known_at(std::size_t at) const {
    constexpr std::array<std::string_view, 10> kKnown = {"fmt ", "data", "fact", "LIST", "bext",
                                                         "COMM", "SSND", "NAME", "ANNO", "BODY"};
    if (at + 4 > file_.size()) return false;
    return std::ranges::find(kKnown, as_text(file_.subspan(at, 4))) != kKnown.end();
  }

  ByteView file_;
  Kind kind_;
  FileReader in_;
  std::size_t next_;
};

// The samples: what a chunk claims, or all that follows where that is no true size.
ByteView samples_of(ByteView file, const Chunks& chunks, const Chunk& chunk) {
  const std::size_t left = chunks.left_at(chunk);
  const ByteView rest = file.subspan(chunk.begin);
  if (chunk.bytes == 0 && !chunks.ends_in_chunks(chunk.begin)) return rest;
  if (chunk.bytes <= left) return rest.first(static_cast<std::size_t>(chunk.bytes));
  // The size of the whole file, or of what follows its first eight bytes.
  const bool is_of_file = chunk.bytes == file.size() || chunk.bytes + 8 == file.size();
  if (!stands_for_unknown(chunk.bytes) && !is_of_file)
    fail_truncated(file.size(), chunk.begin + chunk.bytes);
  return rest;
}

void put(std::uint64_t value, std::size_t bytes, Order order, Bytes& to) {
  for (std::size_t i = 0; i < bytes; ++i)
    to.push_back(static_cast<Byte>(value >> 8 * (order == Order::little ? i : bytes - 1 - i)));
}

void put_chunk(std::string_view name, ByteView data, Order order, Bytes& to) {
  append(to, as_bytes(name));
  put(data.size(), 4, order, to);
  append(to, data);
  if (data.size() % 2 == 1) to.push_back(0);
}

// The file ended, or was full, before there were samples.
[[noreturn]] void fail_without_samples(ByteView file, Order order) {
  FileReader in("audio", file, order);
  in.seek(4);
  const std::uint64_t claimed = in.u32();
  if (!stands_for_unknown(claimed) && claimed + 8 > file.size())
    fail_truncated(file.size(), claimed + 8);
  throw Error("audio: the recording has no samples");
}

constexpr std::uint32_t kExtensible = 0xfffe, kMpeg = 0x50, kMp3 = 0x55;

Container opened_wav(ByteView file, Kind kind) {
  const Order order = kind == Kind::rifx ? Order::big : Order::little;
  Container sound{.name = "WAV", .head = {}, .body = {}};
  ByteView format, fact;
  std::uint64_t long_bytes = 0;  // of RF64
  Chunks chunks(file, kind);
  while (true) {
    auto chunk = chunks.next();
    if (!chunk) fail_without_samples(file, order);
    if (chunk->name == "data") {
      if (kind == Kind::rf64 && chunk->bytes == 0xffffffff) chunk->bytes = long_bytes;
      sound.body = samples_of(file, chunks, *chunk);
      break;
    }
    const ByteView data = chunks.data(*chunk);
    if (chunk->name == "fmt ") format = data;
    if (chunk->name == "fact") fact = data;
    if (chunk->name == "ds64") {
      FileReader in("audio", data);
      in.skip(8);
      long_bytes = in.number(8);
    }
  }
  if (format.size() < 14) throw Error("audio: the header is damaged: it has no format of samples");
  FileReader in("audio", format, order);
  const std::uint32_t tag = in.u16();
  if (tag == kExtensible && format.size() >= 24) {
    in.seek(20);
    sound.speakers = in.u32();
  }
  sound.counts_frames = tag != kMpeg && tag != kMp3;
  if (!sound.counts_frames && has_mpeg_frames(sound.body)) return opened_mpeg(sound.body);
  Bytes chunks_of_ours;
  put_chunk("fmt ", format, order, chunks_of_ours);
  if (!fact.empty()) put_chunk("fact", fact, order, chunks_of_ours);
  append(sound.head, as_bytes(order == Order::big ? "RIFX" : "RIFF"));
  put(4 + chunks_of_ours.size() + 8 + sound.body.size(), 4, order, sound.head);
  append(sound.head, as_bytes("WAVE"));
  append(sound.head, chunks_of_ours);
  append(sound.head, as_bytes("data"));
  put(sound.body.size(), 4, order, sound.head);
  return sound;
}

// COMM: channels, frames, bits, an 80-bit rate and, in AIFC, the kind of compression.
struct Common {
  std::uint64_t channels = 0, frames = 0, bits = 0;
  std::string_view compression = "NONE";

  explicit Common(ByteView data) {
    FileReader in("audio", data, Order::big);
    channels = in.u16();
    frames = in.u32();
    bits = in.u16();
    in.skip(10);
    if (in.left() >= 4) compression = in.name(4);
  }

  // 0 where samples do not all have the same length.
  std::uint64_t frame_bytes() const {
    constexpr std::array<std::string_view, 13> kLinear = {"NONE", "twos", "sowt", "raw ", "in24",
                                                          "in32", "fl32", "FL32", "fl64", "FL64",
                                                          "ulaw", "alaw", "42ni"};
    if (std::ranges::find(kLinear, compression) == kLinear.end()) return 0;
    std::uint64_t sample_bytes = (bits + 7) / 8;
    if (compression == "ulaw" || compression == "alaw") sample_bytes = 1;
    return channels * sample_bytes;
  }
};

Container opened_aiff(ByteView file) {
  Container sound{.name = "AIFF", .head = {}, .body = {}};
  ByteView common, version, layout, samples;
  bool found = false, streamed = false;
  Chunks chunks(file, Kind::aiff);
  while (const auto chunk = chunks.next()) {
    if (chunk->name == "SSND") {
      found = true;
      streamed = chunk->bytes > chunks.left_at(*chunk) || chunk->bytes == 0;
      samples = samples_of(file, chunks, *chunk);
      continue;
    }
    if (found && chunk->bytes > chunks.left_at(*chunk)) break;  // remarks behind the samples
    if (chunk->name == "COMM") common = chunks.data(*chunk);
    if (chunk->name == "FVER") version = chunks.data(*chunk);
    if (chunk->name == "CHAN") layout = chunks.data(*chunk);
  }
  constexpr std::size_t kBeforeSamples = 8;  // an offset and the size of blocks
  if (!found || samples.size() < kBeforeSamples) fail_without_samples(file, Order::big);
  Bytes format(common.begin(), common.end());
  const Common claims(common);
  if (const std::uint64_t frame_bytes = claims.frame_bytes()) {
    const std::uint64_t frames = (samples.size() - kBeforeSamples) / frame_bytes;
    const bool unknown = streamed || claims.frames == 0;
    if (claims.frames > frames && !unknown)
      throw Error("audio: the file is truncated: " + grouped(frames) + " of " +
                  grouped(claims.frames) + " frames");
    if (unknown) {
      Bytes counted;
      put(frames, 4, Order::big, counted);
      std::ranges::copy(counted, format.begin() + 2);
    }
  }
  Bytes chunks_of_ours;
  if (!version.empty()) put_chunk("FVER", version, Order::big, chunks_of_ours);
  put_chunk("COMM", format, Order::big, chunks_of_ours);
  if (!layout.empty()) put_chunk("CHAN", layout, Order::big, chunks_of_ours);
  append(sound.head, as_bytes("FORM"));
  put(4 + chunks_of_ours.size() + 8 + samples.size(), 4, Order::big, sound.head);
  append(sound.head, file.subspan(8, 4));
  append(sound.head, chunks_of_ours);
  append(sound.head, as_bytes("SSND"));
  put(samples.size(), 4, Order::big, sound.head);
  sound.body = samples;
  return sound;
}

Container opened_svx(ByteView file) {
  Chunks chunks(file, Kind::svx);
  while (const auto chunk = chunks.next()) {
    if (chunk->name == "BODY") samples_of(file, chunks, *chunk);  // throws where it is cut short
  }
  return {.name = "8SVX", .head = {}, .body = file};
}

Container opened_caf(ByteView file) {
  Container sound{.name = "CAF", .head = {}, .body = file};
  Chunks chunks(file, Kind::caf);
  while (const auto chunk = chunks.next()) {
    if (chunk->name != "data") continue;
    const ByteView samples = samples_of(file, chunks, *chunk);
    if (samples.size() == chunk->bytes) continue;
    const ByteView before = file.first(chunk->begin - 8);
    sound.head.assign(before.begin(), before.end());
    put(samples.size(), 8, Order::big, sound.head);
    sound.body = samples;
  }
  return sound;
}

struct AuHeader {
  std::uint64_t begin = 0, bytes = 0, encoding = 0, rate_hz = 0, channels = 0;

  AuHeader(ByteView file, Order order) {
    FileReader in("audio", file, order);
    in.seek(4);
    begin = in.u32();
    bytes = in.u32();
    encoding = in.u32();
    rate_hz = in.u32();
    channels = in.u32();
  }
};

Container opened_au(ByteView file, Order order) {
  const AuHeader header(file, order);
  if (header.begin > file.size()) fail_truncated(file.size(), header.begin);
  const ByteView rest = file.subspan(static_cast<std::size_t>(header.begin));
  const bool unknown = header.bytes == 0 || stands_for_unknown(header.bytes);
  if (header.bytes > rest.size() && !unknown)
    fail_truncated(file.size(), header.begin + header.bytes);
  Container sound{.name = "AU", .head = {}, .body = rest};
  if (!unknown) sound.body = rest.first(static_cast<std::size_t>(header.bytes));
  const ByteView head = file.first(static_cast<std::size_t>(header.begin));
  sound.head.assign(head.begin(), head.end());
  Bytes counted;
  put(sound.body.size(), 4, order, counted);
  if (sound.head.size() >= 12) std::ranges::copy(counted, sound.head.begin() + 8);
  return sound;
}

// Whether there is a chunk of that name and length before the file, or the part of it that there
// is, ends.
bool has_chunk(ByteView file, Kind kind, std::string_view name, std::uint64_t least_bytes) {
  Chunks chunks(file, kind);
  while (const auto chunk = chunks.next()) {
    if (chunk->name == name)
      return chunk->bytes >= least_bytes && chunk->bytes <= chunks.left_at(*chunk);
  }
  return false;
}

bool has_au_header(ByteView file, Order order) {
  if (file.size() < 24) return false;
  const AuHeader header(file, order);
  return header.begin >= 24 && header.begin < (1u << 24) && header.encoding >= 1 &&
         header.encoding <= 27 && header.rate_hz > 0 && header.channels > 0 &&
         header.channels <= 1024;
}

}  // namespace

Container opened_container(ByteView file) {
  switch (const Kind kind = kind_of(file)) {
    case Kind::riff:
    case Kind::rifx:
    case Kind::rf64:
    case Kind::w64:
      return opened_wav(file, kind);
    case Kind::aiff:
      return opened_aiff(file);
    case Kind::svx:
      return opened_svx(file);
    case Kind::caf:
      return opened_caf(file);
    case Kind::au:
      return opened_au(file, Order::big);
    case Kind::au_little:
      return opened_au(file, Order::little);
    case Kind::ogg: {
      Container sound{.name = "OGG", .head = {}, .body = file};
      check_ogg(file, sound.warnings);
      return sound;
    }
    case Kind::mpeg:
      return opened_mpeg(file);
    case Kind::flac:
      return {.name = "FLAC", .head = {}, .body = file};
    case Kind::none:
      break;
  }
  return {.head = {}, .body = file};
}

bool has_audio_header(ByteView file) {
  switch (const Kind kind = kind_of(file)) {
    case Kind::riff:
    case Kind::rifx:
    case Kind::rf64:
    case Kind::w64:
      return has_chunk(file, kind, "fmt ", 14);
    case Kind::aiff:
      return has_chunk(file, kind, "COMM", 18);
    case Kind::svx:
      return has_chunk(file, kind, "VHDR", 14);
    case Kind::caf:
      return has_chunk(file, kind, "desc", 32);
    case Kind::au:
      return has_au_header(file, Order::big);
    case Kind::au_little:
      return has_au_header(file, Order::little);
    case Kind::flac: {
      const ByteView blocks = file.subspan(id3_bytes(file) + 4);
      return blocks.size() >= 4 && (blocks[0] & 0x7f) == 0 && blocks[1] == 0 && blocks[2] == 0 &&
             blocks[3] == 34;
    }
    case Kind::ogg:
    case Kind::mpeg:
      return true;
    case Kind::none:
      break;
  }
  return false;
}

bool has_audio_signature(ByteView file) {
  const Kind kind = kind_of(file);
  return kind != Kind::none && kind != Kind::au && kind != Kind::au_little;
}

}  // namespace kraft
