// MP3 and its elder layers: a file is nothing but frames, each with a header of four bytes.
#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "kraft/error.h"
#include "media/containers.h"
#include "media/file_reader.h"

namespace kraft {
namespace {

constexpr std::size_t kId3HeaderBytes = 10;
constexpr std::size_t kId3v1Bytes = 128;

struct Frame {
  unsigned version = 0;  // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
  unsigned layer = 0;    // 1..3
  unsigned rate = 0;     // index
  bool mono = false;
  std::size_t at = 0, bytes = 0;

  std::size_t samples() const {
    if (layer == 1) return 384;
    return layer == 3 && version != 3 ? 576 : 1152;
  }
  // Of layer III: what stands between the header and the bits of the sound.
  std::size_t side_bytes() const { return version == 3 ? (mono ? 17 : 32) : mono ? 9 : 17; }
  bool follows(const Frame& other) const {
    return version == other.version && layer == other.layer && rate == other.rate;
  }
};

// Kilobits a second by index; rows are layers I to III of MPEG-1, then I, and II and III of MPEG-2.
constexpr std::array<std::array<unsigned, 15>, 5> kKilobits = {
    {{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
     {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
     {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
     {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
     {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}}};
constexpr std::array<unsigned, 3> kRates = {44100, 48000, 32000};

std::optional<Frame> frame_at(ByteView file, std::size_t at) {
  if (file.size() < 4 || at > file.size() - 4) return std::nullopt;
  const ByteView h = file.subspan(at, 4);
  if (h[0] != 0xff || (h[1] & 0xe0) != 0xe0) return std::nullopt;
  Frame frame;
  frame.at = at;
  frame.version = h[1] >> 3 & 3;
  frame.layer = 4 - (h[1] >> 1 & 3u);
  frame.rate = h[2] >> 2 & 3;
  frame.mono = h[3] >> 6 == 3;
  const unsigned bit_rate = h[2] >> 4;
  if (frame.version == 1 || frame.layer == 4 || frame.rate == 3 || bit_rate == 0 || bit_rate == 15)
    return std::nullopt;
  const bool first_version = frame.version == 3;
  const std::size_t row = first_version ? frame.layer - 1 : frame.layer == 1 ? 3 : 4;
  const unsigned hz = kRates[frame.rate] >> (first_version ? 0 : frame.version == 2 ? 1 : 2);
  const unsigned bits = kKilobits[row][bit_rate] * 1000, padding = h[2] >> 1 & 1;
  if (frame.layer == 1) {
    frame.bytes = (12 * bits / hz + padding) * 4;
  } else {
    const bool short_frames = frame.layer == 3 && !first_version;
    frame.bytes = (short_frames ? 72 : 144) * bits / hz + padding;
  }
  return frame;
}

// Where the frames end and the tags behind them begin: ID3v1, APE.
std::size_t end_of_frames(ByteView file) {
  constexpr std::size_t kApeFooterBytes = 32;
  std::size_t end = file.size();
  if (end >= kId3v1Bytes && as_text(file.subspan(end - kId3v1Bytes)).starts_with("TAG"))
    end -= kId3v1Bytes;
  if (end >= kApeFooterBytes &&
      as_text(file.subspan(end - kApeFooterBytes)).starts_with("APETAGEX")) {
    FileReader footer("MP3", file);
    footer.seek(end - kApeFooterBytes + 12);
    const std::size_t tag_bytes = footer.u32();
    end -= std::min(end, std::max(tag_bytes, kApeFooterBytes));
    if (end >= kApeFooterBytes &&
        as_text(file.subspan(end - kApeFooterBytes)).starts_with("APETAGEX"))
      end -= kApeFooterBytes;  // the tag has a header as well
  }
  return end;
}

// How many frames follow the first one, if that has no sound but says so (Xing, VBRI).
struct Promise {
  bool is_header = false;
  bool is_read_by_decoder = false;  // libmpg123 knows it, and believes the number
  std::uint64_t frames = 0;         // 0: not said
};

Promise promise_of(ByteView rest, const Frame& frame) {
  FileReader in("MP3", rest.first(std::min(frame.bytes, rest.size())), FileReader::Order::big);
  try {
    in.seek(4 + frame.side_bytes());
    const std::string_view name = in.name(4);
    if (name == "Xing" || name == "Info") {
      const bool counts = (in.u32() & 1) != 0;
      const std::uint64_t frames = counts ? in.u32() : 0;
      const ByteView side = rest.subspan(6, frame.side_bytes() - 2);
      const bool is_empty = std::ranges::all_of(side, [](Byte b) { return b == 0; });
      return {true, frames > 0 && frame.layer == 3 && is_empty, frames};
    }
    in.seek(4 + 32);
    if (in.name(4) != "VBRI") return {};
    in.skip(10);
    return {true, false, in.u32()};
  } catch (const Error&) {  // the frame is shorter than that
    return {};
  }
}

// The next place with a frame and another one behind it.
std::size_t next_frame(ByteView file, std::size_t at, std::size_t end, const Frame& like) {
  for (; at < end; ++at) {
    const auto frame = frame_at(file, at);
    if (!frame || !frame->follows(like)) continue;
    const auto next = frame_at(file, at + frame->bytes);
    if (next && next->follows(like)) return at;
  }
  return end;
}

}  // namespace

std::size_t id3_bytes(ByteView file) {
  if (file.size() < kId3HeaderBytes || !as_text(file).starts_with("ID3")) return 0;
  const bool known = file[3] >= 2 && file[3] <= 4 && file[4] != 0xff;
  std::size_t bytes = 0;
  for (std::size_t i = 6; i < kId3HeaderBytes; ++i) {
    if (file[i] >= 0x80) return 0;
    bytes = bytes << 7 | file[i];
  }
  const bool has_footer = file[3] == 4 && (file[5] & 0x10) != 0;
  return known ? bytes + kId3HeaderBytes * (has_footer ? 2 : 1) : 0;
}

bool has_mpeg_frames(ByteView file) {
  constexpr int kFrames = 3;
  const std::size_t tag_bytes = id3_bytes(file);
  if (tag_bytes > 0 && tag_bytes >= file.size())
    return true;  // a picture, say, fills the beginning
  std::size_t at = tag_bytes;
  while (tag_bytes > 0 && at < file.size() && file[at] == 0) ++at;  // padding
  std::optional<Frame> before;
  for (int i = 0; i < kFrames; ++i) {
    const auto frame = frame_at(file, at);
    if (!frame || (before && !frame->follows(*before))) return i > 0 && at == end_of_frames(file);
    if (tag_bytes > 0) return true;
    before = frame;
    at += frame->bytes;
  }
  return true;
}

namespace {

// What a walk over all frames finds.
struct Walk {
  std::uint64_t frames = 0, lost_bytes = 0;
  std::size_t cut_bytes = 0;  // of a last frame that is not all there
};

Walk walked(ByteView file, std::size_t at, std::size_t end, const Frame& first) {
  Walk walk;
  while (at < end) {
    const auto frame = frame_at(file, at);
    if (frame && frame->follows(first)) {
      if (frame->bytes > end - at) {
        walk.cut_bytes = end - at;
        break;
      }
      ++walk.frames;
      at += frame->bytes;
      continue;
    }
    const std::size_t next = next_frame(file, at + 1, end, first);
    if (next < end) walk.lost_bytes += next - at;
    at = next;
  }
  return walk;
}

void expect_whole(const Walk& walk, const Promise& promise) {
  // Some encoders count the header as well.
  if (promise.frames > walk.frames + (walk.cut_bytes > 0 ? 0 : 1))
    throw Error("audio: the file is truncated: " + grouped(walk.frames) + " of " +
                grouped(promise.frames) + " frames");
  if (promise.frames == 0 && walk.cut_bytes > 0)
    throw Error("audio: the file is truncated: its last frame is cut off after " +
                grouped(walk.cut_bytes) + " bytes");
}

// The smallest frame that decodes like those of the file: one without sound.
Bytes silent_frame(ByteView header) {
  constexpr Byte kUnprotected = 1, kRateAndPrivate = 0x0d;
  Bytes frame(header.begin(), header.begin() + 4);
  frame[1] |= kUnprotected;
  const std::size_t allocation_bytes = frame[3] >> 6 == 3 ? 16 : 32;  // of layer I
  for (unsigned bit_rate = 1; bit_rate < 15; ++bit_rate) {
    frame[2] = static_cast<Byte>((frame[2] & kRateAndPrivate) | bit_rate << 4);
    const auto made = frame_at(frame, 0);
    if (made->layer == 1 && made->bytes < 4 + allocation_bytes) continue;
    frame.resize(made->bytes);
    break;
  }
  return frame;
}

// Layer III keeps the bits of a frame in the frames before it as well. In a stream that was cut out
// of a longer one the first frames need what is not there: they are copied to `head` without their
// sound, but with the bits that later ones need. Returns where the others begin.
std::size_t mute_what_lacks_bits(ByteView file, std::size_t at, std::size_t end, Bytes& head) {
  std::size_t kept_bytes = 0;
  while (const auto frame = frame_at(file, at)) {
    const std::size_t side_at = 4 + ((file[at + 1] & 1) == 0 ? 2 : 0);  // behind the checksum
    const std::size_t data_at = side_at + frame->side_bytes();
    if (frame->layer != 3 || frame->bytes > end - at || frame->bytes < data_at) break;
    const ByteView side = file.subspan(at + side_at);
    const std::size_t wanted_bytes = frame->version == 3 ? side[0] << 1 | side[1] >> 7 : side[0];
    if (wanted_bytes <= kept_bytes) break;
    append(head, file.subspan(at, side_at));
    head.resize(head.size() + frame->side_bytes());
    append(head, file.subspan(at + data_at, frame->bytes - data_at));
    kept_bytes += frame->bytes - data_at;
    at += frame->bytes;
  }
  return at;
}

// libsndfile ends where libmpg123 expects the end: after as many frames as the header says, and
// otherwise after as many as would fill the file if they were as long as the first one. Silent
// frames in front, which the reader of samples passes over, are the shortest there can be; so that
// is never too early. Eight of them leave the phase of the decoder's filters as it was.
void put_silence_before(ByteView file, std::size_t at, std::size_t end, const Frame& first,
                        Container& sound) {
  constexpr std::size_t kSilentFrames = 8;
  const Bytes silence = silent_frame(file.subspan(first.at));
  for (std::size_t i = 0; i < kSilentFrames; ++i) append(sound.head, silence);
  sound.samples_before = kSilentFrames * first.samples();
  sound.body = file.subspan(mute_what_lacks_bits(file, at, end, sound.head));
}

// A header that knows of fewer frames than there are, as where a program has joined files.
void correct_count(ByteView file, const Frame& header, std::uint64_t frames, Container& sound) {
  const ByteView told = file.subspan(header.at, header.bytes);
  sound.head.assign(told.begin(), told.end());
  const std::size_t count_at = 4 + header.side_bytes() + 8;
  for (std::size_t i = 0; i < 4; ++i)
    sound.head[count_at + i] = static_cast<Byte>(frames >> (8 * (3 - i)));
  sound.body = file.subspan(header.at + header.bytes);
}

}  // namespace

Container opened_mpeg(ByteView file) {
  Container sound{.name = "MP3", .head = {}, .body = file, .counts_frames = false};
  const std::size_t end = end_of_frames(file);
  std::size_t at = std::min(end, id3_bytes(file));
  while (at < end && file[at] == 0) ++at;
  const auto first = frame_at(file, at);
  if (!first) return sound;  // libsndfile may find one
  const Promise promise = promise_of(file.subspan(at), *first);
  Walk walk = walked(file, at, end, *first);
  if (promise.is_header && walk.frames > 0) --walk.frames;
  expect_whole(walk, promise);
  if (walk.lost_bytes > 0)
    sound.warnings.push_back("audio: " + grouped(walk.lost_bytes) +
                             " bytes between the frames of the MP3 are none: the file is damaged");
  if (promise.is_read_by_decoder && promise.frames < walk.frames)
    correct_count(file, *first, walk.frames, sound);
  else if (!promise.is_read_by_decoder)
    put_silence_before(file, promise.is_header ? at + first->bytes : at, end, *first, sound);
  return sound;
}

// Lines are "[file:function():line] error: text".
std::vector<std::string> mpeg_warnings(std::string_view said) {
  constexpr std::size_t kMost = 3;
  std::vector<std::string> warnings;
  while (!said.empty()) {
    const std::size_t end = std::min(said.find('\n'), said.size());
    std::string_view line = said.substr(0, end);
    said.remove_prefix(std::min(end + 1, said.size()));
    if (const std::size_t place = line.find("] "); line.starts_with('[') && place != line.npos)
      line.remove_prefix(place + 2);
    for (const std::string_view kind : {"error: ", "warning: ", "Warning: ", "Note: "}) {
      if (line.starts_with(kind)) line.remove_prefix(kind.size());
    }
    if (line.empty() || line.starts_with("ID3v2") || warnings.size() == kMost) continue;
    std::string warning = "audio: MP3: ";
    warning += printable(std::string(line));
    if (std::ranges::find(warnings, warning) == warnings.end()) warnings.push_back(warning);
  }
  return warnings;
}

}  // namespace kraft
