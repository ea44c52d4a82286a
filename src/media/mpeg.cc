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
  std::size_t bytes = 0;

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
  std::uint64_t frames = 0;  // 0: not said
};

Promise promise_of(ByteView first, const Frame& frame) {
  FileReader in("MP3", first, FileReader::Order::big);
  const bool first_version = frame.version == 3;
  const std::size_t side_bytes = first_version ? (frame.mono ? 17 : 32) : frame.mono ? 9 : 17;
  try {
    in.seek(4 + side_bytes);
    const std::string_view name = in.name(4);
    if (name == "Xing" || name == "Info") {
      const bool counts = (in.u32() & 1) != 0;
      return {true, counts ? in.u32() : 0};
    }
    in.seek(4 + 32);
    if (in.name(4) != "VBRI") return {};
    in.skip(10);
    return {true, in.u32()};
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

void check_mpeg(ByteView file, std::vector<std::string>& warnings) {
  const std::size_t end = end_of_frames(file);
  std::size_t at = std::min(end, id3_bytes(file));
  while (at < end && file[at] == 0) ++at;
  const auto first = frame_at(file, at);
  if (!first) return;  // libsndfile may find one
  const Promise promise = promise_of(file.subspan(at), *first);
  std::uint64_t frames = 0, lost_bytes = 0;
  std::size_t cut_bytes = 0;
  while (at < end) {
    const auto frame = frame_at(file, at);
    if (frame && frame->follows(*first)) {
      if (frame->bytes > end - at) {
        cut_bytes = end - at;
        break;
      }
      ++frames;
      at += frame->bytes;
      continue;
    }
    const std::size_t next = next_frame(file, at + 1, end, *first);
    if (next < end) lost_bytes += next - at;
    at = next;
  }
  if (promise.is_header && frames > 0) --frames;
  // Some encoders count the header as well.
  if (promise.frames > frames + (cut_bytes > 0 ? 0 : 1))
    throw Error("audio: the file is truncated: " + grouped(frames) + " of " +
                grouped(promise.frames) + " frames");
  if (promise.frames == 0 && cut_bytes > 0)
    throw Error("audio: the file is truncated: its last frame is cut off after " +
                grouped(cut_bytes) + " bytes");
  if (lost_bytes > 0)
    warnings.push_back("audio: " + grouped(lost_bytes) +
                       " bytes between the frames of the MP3 are none: the file is damaged");
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
