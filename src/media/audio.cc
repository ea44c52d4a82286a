// Sound through libsndfile, and libsamplerate where the rate changes.
#include <samplerate.h>
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "kraft/error.h"
#include "kraft/media.h"
#include "media/g711.h"

namespace kraft {
namespace {

constexpr sf_count_t kPieceFrames = 1 << 16;
constexpr std::size_t kMostChannels = 1024;

// A file in memory, as libsndfile reads and writes it.
struct MemoryFile {
  Bytes written;
  ByteView bytes;  // what can be read: the file, or what was written
  sf_count_t at = 0;

  static sf_count_t length(void* user) {
    return static_cast<sf_count_t>(static_cast<MemoryFile*>(user)->bytes.size());
  }
  static sf_count_t seek(sf_count_t offset, int whence, void* user) {
    auto* file = static_cast<MemoryFile*>(user);
    const sf_count_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file->at : length(user);
    return file->at = std::max<sf_count_t>(0, from + offset);
  }
  static sf_count_t read(void* to, sf_count_t count, void* user) {
    auto* file = static_cast<MemoryFile*>(user);
    const sf_count_t left = std::max<sf_count_t>(0, length(user) - file->at);
    count = std::min(count, left);
    if (count > 0) std::memcpy(to, file->bytes.data() + file->at, static_cast<std::size_t>(count));
    file->at += count;
    return count;
  }
  static sf_count_t write(const void* from, sf_count_t count, void* user) {
    auto* file = static_cast<MemoryFile*>(user);
    const auto end = static_cast<std::size_t>(file->at + count);
    try {
      if (file->written.size() < end) file->written.resize(end);
    } catch (const std::bad_alloc&) {
      return 0;  // the library reports that as a failed write
    }
    std::memcpy(file->written.data() + file->at, from, static_cast<std::size_t>(count));
    file->bytes = file->written;
    file->at += count;
    return count;
  }
  static sf_count_t tell(void* user) { return static_cast<MemoryFile*>(user)->at; }
};

struct Close {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
using File = std::unique_ptr<SNDFILE, Close>;

File open(MemoryFile& memory, int mode, SF_INFO& info) {
  SF_VIRTUAL_IO calls = {MemoryFile::length, MemoryFile::seek, MemoryFile::read, MemoryFile::write,
                         MemoryFile::tell};
  File file(sf_open_virtual(&calls, mode, &info, &memory));
  if (!file) {
    std::string reason = sf_strerror(nullptr);
    while (reason.ends_with('.') || reason.ends_with('\n')) reason.pop_back();
    throw Error("audio: " + reason);
  }
  return file;
}

// The size that a RIFF or AIFF file begins with. libsndfile reads what there is of a shorter file.
void check_complete(ByteView file) {
  const std::string_view text = as_text(file);
  const bool big_endian = text.starts_with("FORM") || text.starts_with("RIFX");
  if (file.size() < 12 || !(big_endian || text.starts_with("RIFF"))) return;
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) size = size << 8 | file[big_endian ? 4 + i : 7 - i];
  const bool unknown = size == 0 || size == 0xffffffff;  // written to a pipe
  if (!unknown && size + 8 > file.size())
    throw Error("audio: the file is truncated: " + grouped(file.size()) + " of " +
                grouped(size + 8) + " bytes");
}

void check_size(const SF_INFO& info, std::uint64_t frames, std::size_t sample_bytes) {
  const auto channels = static_cast<std::uint64_t>(info.channels);
  if (channels > kMostChannels || frames > kMostMediaBytes / (channels * sample_bytes))
    throw Error("audio: the recording is longer than " + std::to_string(kMostMediaBytes >> 20) +
                " MiB of samples");
}

bool is_float(const SF_INFO& info) {
  const int type = info.format & SF_FORMAT_SUBMASK;
  return type == SF_FORMAT_FLOAT || type == SF_FORMAT_DOUBLE;
}

Encoding encoding_of(const SF_INFO& info) {
  switch (info.format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_U8:
    case SF_FORMAT_PCM_S8:
      return Encoding::u8;
    case SF_FORMAT_ULAW:
      return Encoding::mulaw;
    default:
      return Encoding::s16;
  }
}

std::int16_t rounded(float value) {
  const float scaled = std::round(value * 32768.0F);
  return static_cast<std::int16_t>(std::clamp(scaled, -32768.0F, 32767.0F));
}

// Reads with `read` until there is no more; a header's own count is not trusted with memory.
template <typename Sample, typename Read>
std::vector<Sample> read_all(SNDFILE* file, const SF_INFO& info, Read&& read) {
  const auto channels = static_cast<std::size_t>(info.channels);
  std::vector<Sample> samples;
  while (true) {
    const std::size_t begin = samples.size();
    samples.resize(begin + static_cast<std::size_t>(kPieceFrames) * channels);
    const sf_count_t got = read(samples.data() + begin, kPieceFrames);
    if (got < 0 || sf_error(file) != SF_ERR_NO_ERROR)
      throw Error(std::string("audio: the file is damaged: ") + sf_strerror(file));
    samples.resize(begin + static_cast<std::size_t>(got) * channels);
    if (got == 0) break;
    check_size(info, samples.size() / channels, 2);
  }
  if (samples.empty()) throw Error("audio: the recording has no samples");
  if (info.frames < SF_COUNT_MAX &&
      samples.size() / channels < static_cast<std::size_t>(info.frames))
    throw Error("audio: the file is truncated: " + grouped(samples.size() / channels) + " of " +
                grouped(static_cast<std::uint64_t>(info.frames)) + " frames");
  return samples;
}

std::vector<std::int16_t> read_shorts(SNDFILE* file, const SF_INFO& info) {
  const bool lossy_floats = (info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_OGG;
  if (!is_float(info) && !lossy_floats) {
    return read_all<std::int16_t>(file, info, [file](std::int16_t* to, sf_count_t frames) {
      return sf_readf_short(file, to, frames);
    });
  }
  const auto floats = read_all<float>(file, info, [file](float* to, sf_count_t frames) {
    return sf_readf_float(file, to, frames);
  });
  std::vector<std::int16_t> shorts(floats.size());
  for (std::size_t i = 0; i < floats.size(); ++i) {
    if (!std::isfinite(floats[i]))
      throw Error("audio: sample " + grouped(i) + " is not a finite number");
    shorts[i] = rounded(floats[i]);
  }
  return shorts;
}

std::vector<std::int16_t> resampled(const std::vector<std::int16_t>& from, std::size_t channels,
                                    double ratio) {
  std::vector<float> in(from.size());
  src_short_to_float_array(from.data(), in.data(), static_cast<int>(from.size()));
  const std::size_t from_frames = from.size() / channels;
  const double frames = std::ceil(static_cast<double>(from_frames) * ratio) + 1;
  std::vector<float> out(static_cast<std::size_t>(frames) * channels);
  SRC_DATA data{};
  data.data_in = in.data();
  data.data_out = out.data();
  data.input_frames = static_cast<long>(from_frames);
  data.output_frames = static_cast<long>(frames);
  data.src_ratio = ratio;
  if (const int error = src_simple(&data, SRC_SINC_BEST_QUALITY, static_cast<int>(channels)))
    throw Error(std::string("audio: the rate cannot be changed: ") + src_strerror(error));
  std::vector<std::int16_t> to(static_cast<std::size_t>(data.output_frames_gen) * channels);
  std::transform(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(to.size()), to.begin(),
                 rounded);
  return to;
}

Bytes encoded(const std::vector<std::int16_t>& shorts, Encoding encoding) {
  Bytes samples;
  samples.reserve(shorts.size() * bytes_of(encoding));
  for (const std::int16_t value : shorts) {
    if (encoding == Encoding::mulaw) {
      samples.push_back(to_mulaw(value));
    } else if (encoding == Encoding::u8) {
      samples.push_back(static_cast<Byte>((value >> 8) + 128));
    } else {
      samples.push_back(static_cast<Byte>(value & 0xff));
      samples.push_back(static_cast<Byte>(value >> 8 & 0xff));
    }
  }
  return samples;
}

std::vector<std::int16_t> decoded(const Audio& audio) {
  std::vector<std::int16_t> shorts;
  shorts.reserve(audio.samples.size() / bytes_of(audio.encoding));
  for (std::size_t i = 0; i + bytes_of(audio.encoding) <= audio.samples.size();
       i += bytes_of(audio.encoding)) {
    const Byte low = audio.samples[i];
    if (audio.encoding == Encoding::mulaw) {
      shorts.push_back(from_mulaw(low));
    } else if (audio.encoding == Encoding::u8) {
      shorts.push_back(static_cast<std::int16_t>((low - 128) * 256));
    } else {
      shorts.push_back(static_cast<std::int16_t>(audio.samples[i + 1] << 8 | low));
    }
  }
  return shorts;
}

int format_of(const Audio& audio, AudioFormat format) {
  if (format == AudioFormat::flac)
    return SF_FORMAT_FLAC | (audio.encoding == Encoding::u8 ? SF_FORMAT_PCM_S8 : SF_FORMAT_PCM_16);
  switch (audio.encoding) {
    case Encoding::u8:
      return SF_FORMAT_WAV | SF_FORMAT_PCM_U8;
    case Encoding::mulaw:
      return SF_FORMAT_WAV | SF_FORMAT_ULAW;
    case Encoding::s16:
      break;
  }
  return SF_FORMAT_WAV | SF_FORMAT_PCM_16;
}

}  // namespace

const char* name_of(Encoding encoding) {
  switch (encoding) {
    case Encoding::u8:
      return "u8";
    case Encoding::mulaw:
      return "mulaw";
    case Encoding::s16:
      return "s16";
  }
  return "?";
}

std::size_t bytes_of(Encoding encoding) { return encoding == Encoding::s16 ? 2 : 1; }

Geometry Audio::geometry() const {
  return {.rate = rate_hz,
          .channels = static_cast<std::int64_t>(channels),
          .depth = static_cast<std::int64_t>(8 * bytes_of(encoding))};
}

Audio read_audio(ByteView file, std::optional<Encoding> encoding,
                 std::optional<std::uint32_t> rate_hz) {
  check_complete(file);
  MemoryFile memory{.written = {}, .bytes = file};
  SF_INFO info{};
  const File sound = open(memory, SFM_READ, info);
  if (info.channels < 1 || info.samplerate < 1) throw Error("audio: the header is damaged");
  if (info.frames < SF_COUNT_MAX)
    check_size(info, static_cast<std::uint64_t>(std::max<sf_count_t>(info.frames, 0)), 2);

  Audio audio{.rate_hz = static_cast<std::uint32_t>(info.samplerate),
              .channels = static_cast<std::size_t>(info.channels),
              .encoding = encoding.value_or(encoding_of(info)),
              .samples = {}};
  const bool other_rate = rate_hz && *rate_hz != audio.rate_hz;
  if (audio.encoding == Encoding::mulaw && encoding_of(info) == Encoding::mulaw && !other_rate) {
    // Decoding would lose the sign of zero.
    audio.samples = read_all<Byte>(sound.get(), info, [&](Byte* to, sf_count_t frames) {
      return sf_read_raw(sound.get(), to, frames * info.channels) / info.channels;
    });
    return audio;
  }
  std::vector<std::int16_t> shorts = read_shorts(sound.get(), info);
  if (other_rate) {
    const double ratio = static_cast<double>(*rate_hz) / audio.rate_hz;
    const std::size_t frames = shorts.size() / audio.channels;
    check_size(info, static_cast<std::uint64_t>(static_cast<double>(frames) * ratio), 2);
    shorts = resampled(shorts, audio.channels, ratio);
    audio.rate_hz = *rate_hz;
  }
  audio.samples = encoded(shorts, audio.encoding);
  return audio;
}

Bytes write_audio(const Audio& audio, AudioFormat format) {
  MemoryFile memory;
  SF_INFO info{};
  info.samplerate = static_cast<int>(audio.rate_hz);
  info.channels = static_cast<int>(audio.channels);
  info.format = format_of(audio, format);
  File sound = open(memory, SFM_WRITE, info);
  sf_count_t wrote = 0;
  const auto count = static_cast<sf_count_t>(audio.samples.size() / bytes_of(audio.encoding));
  if (audio.encoding == Encoding::mulaw && format == AudioFormat::wav) {
    wrote = sf_write_raw(sound.get(), audio.samples.data(), count);
  } else {
    wrote = sf_write_short(sound.get(), decoded(audio).data(), count);
  }
  if (wrote != count) throw Error(std::string("audio: ") + sf_strerror(sound.get()));
  if (const int error = sf_close(sound.release()))
    throw Error(std::string("audio: ") + sf_error_number(error));
  return std::move(memory.written);
}

std::vector<float> to_floats(const Audio& audio) {
  std::vector<float> floats;
  for (const std::int16_t value : decoded(audio)) floats.push_back(value / 32768.0F);
  return floats;
}

}  // namespace kraft
