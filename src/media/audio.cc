// Sound through libsndfile, and libsamplerate where the rate changes.
#include <samplerate.h>
#include <sndfile.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/stderr_capture.h"
#include "base/text.h"
#include "kraft/error.h"
#include "kraft/media.h"
#include "media/containers.h"
#include "media/g711.h"
#include "media/names.h"

namespace kraft {
namespace {

constexpr sf_count_t kPieceFrames = 1 << 16;
constexpr std::size_t kMostChannels = 1024;

// A file in memory, as libsndfile reads it: a header of ours and the rest of the file behind it.
struct ReadFile {
  const Container& sound;
  sf_count_t at = 0;

  sf_count_t size() const { return static_cast<sf_count_t>(sound.head.size() + sound.body.size()); }
  static sf_count_t length(void* user) { return static_cast<ReadFile*>(user)->size(); }
  static sf_count_t seek(sf_count_t offset, int whence, void* user) {
    auto* file = static_cast<ReadFile*>(user);
    const sf_count_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file->at : file->size();
    return file->at = std::max<sf_count_t>(0, from + offset);
  }
  static sf_count_t read(void* to, sf_count_t count, void* user) {
    auto* file = static_cast<ReadFile*>(user);
    count = std::min(count, std::max<sf_count_t>(0, file->size() - file->at));
    sf_count_t done = 0, begin = 0;  // of the part in the file
    for (const ByteView part : {ByteView(file->sound.head), file->sound.body}) {
      const auto part_bytes = static_cast<sf_count_t>(part.size());
      const sf_count_t from = file->at + done - begin;
      begin += part_bytes;
      if (from < 0 || from >= part_bytes || done == count) continue;
      const sf_count_t bytes = std::min(count - done, part_bytes - from);
      std::memcpy(static_cast<Byte*>(to) + done, part.data() + from,
                  static_cast<std::size_t>(bytes));
      done += bytes;
    }
    file->at += done;
    return done;
  }
  static sf_count_t write(const void*, sf_count_t, void*) { return 0; }
  static sf_count_t tell(void* user) { return static_cast<ReadFile*>(user)->at; }
};

// A file in memory, as libsndfile writes it.
struct WrittenFile {
  Bytes bytes;
  sf_count_t at = 0;

  static sf_count_t length(void* user) {
    return static_cast<sf_count_t>(static_cast<WrittenFile*>(user)->bytes.size());
  }
  static sf_count_t seek(sf_count_t offset, int whence, void* user) {
    auto* file = static_cast<WrittenFile*>(user);
    const sf_count_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file->at : length(user);
    return file->at = std::max<sf_count_t>(0, from + offset);
  }
  static sf_count_t read(void* to, sf_count_t count, void* user) {
    auto* file = static_cast<WrittenFile*>(user);
    count = std::min(count, std::max<sf_count_t>(0, length(user) - file->at));
    if (count > 0) std::memcpy(to, file->bytes.data() + file->at, static_cast<std::size_t>(count));
    file->at += count;
    return count;
  }
  static sf_count_t write(const void* from, sf_count_t count, void* user) {
    auto* file = static_cast<WrittenFile*>(user);
    const auto end = static_cast<std::size_t>(file->at + count);
    try {
      if (file->bytes.size() < end) file->bytes.resize(end);
    } catch (const std::bad_alloc&) {
      return 0;  // the library reports that as a failed write
    }
    std::memcpy(file->bytes.data() + file->at, from, static_cast<std::size_t>(count));
    file->at += count;
    return count;
  }
  static sf_count_t tell(void* user) { return static_cast<WrittenFile*>(user)->at; }
};

struct Close {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
using File = std::unique_ptr<SNDFILE, Close>;

// What libsndfile says of a file that it does not take is about its own structures.
std::string refusal(const Container& sound, int error) {
  const std::string name(sound.name);
  const std::string prefix = name == "audio" ? "audio: " : "audio: " + name + ": ";
  switch (error) {
    case SF_ERR_UNRECOGNISED_FORMAT:
      return "audio: this is no recording that can be read: WAV, FLAC, OGG, MP3, AIFF, AU and CAF "
             "are, among others";
    case SF_ERR_UNSUPPORTED_ENCODING:
      return prefix + "samples of that encoding cannot be read";
    default:
      return prefix + "the header is damaged, or of a kind that cannot be read";
  }
}

File open(ReadFile& file, SF_INFO& info) {
  SF_VIRTUAL_IO calls = {ReadFile::length, ReadFile::seek, ReadFile::read, ReadFile::write,
                         ReadFile::tell};
  File sound(sf_open_virtual(&calls, SFM_READ, &info, &file));
  if (!sound) throw Error(refusal(file.sound, sf_error(nullptr)));
  return sound;
}

File open(WrittenFile& file, SF_INFO& info) {
  SF_VIRTUAL_IO calls = {WrittenFile::length, WrittenFile::seek, WrittenFile::read,
                         WrittenFile::write, WrittenFile::tell};
  File sound(sf_open_virtual(&calls, SFM_WRITE, &info, &file));
  if (!sound)
    throw Error("audio: " + std::to_string(info.channels) + " channels of " +
                std::to_string(info.samplerate) + " Hz cannot be written");
  return sound;
}

void check_size(const SF_INFO& info, std::uint64_t frames, std::size_t sample_bytes) {
  const auto channels = static_cast<std::uint64_t>(info.channels);
  if (channels > kMostChannels || frames > kMostMediaBytes / (channels * sample_bytes))
    throw Error("audio: the recording is longer than " + std::to_string(kMostMediaBytes >> 20) +
                " MiB of samples");
}

// Decoders of lossy formats hand out floats; turned into integers by libsndfile, loud ones wrap.
bool is_lossy(const SF_INFO& info) {
  switch (info.format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_VORBIS:
    case SF_FORMAT_OPUS:
    case SF_FORMAT_MPEG_LAYER_I:
    case SF_FORMAT_MPEG_LAYER_II:
    case SF_FORMAT_MPEG_LAYER_III:
      return true;
    default:
      return false;
  }
}

Fine fine_of(const SF_INFO& info) {
  switch (info.format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_24:
    case SF_FORMAT_ALAC_20:
    case SF_FORMAT_ALAC_24:
    case SF_FORMAT_DWVW_24:
      return Fine::s24;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_ALAC_32:
      return Fine::s32;
    case SF_FORMAT_FLOAT:
      return Fine::f32;
    case SF_FORMAT_DOUBLE:
      return Fine::f64;
    default:
      return Fine::none;
  }
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

std::int16_t rounded(double value) {
  const double scaled = std::round(value * 32768);
  return static_cast<std::int16_t>(std::clamp(scaled, -32768.0, 32767.0));
}

// Half of the lost part more, then cut: the nearest, and upwards from the middle.
std::int16_t rounded(std::int64_t value, int lost_bits) {
  const std::int64_t half = std::int64_t{1} << (lost_bits - 1);
  return static_cast<std::int16_t>(std::min<std::int64_t>((value + half) >> lost_bits, 32767));
}

std::uint64_t little(const Byte* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

void put_little(std::uint64_t value, std::size_t count, Bytes& to) {
  for (std::size_t i = 0; i < count; ++i) to.push_back(static_cast<Byte>(value >> (8 * i)));
}

std::int16_t coarse(Fine fine, const Byte* sample) {
  const std::uint64_t bits = little(sample, bytes_of(fine));
  switch (fine) {
    case Fine::s24:
      return rounded(static_cast<std::int32_t>(static_cast<std::uint32_t>(bits) << 8), 16);
    case Fine::s32:
      return rounded(static_cast<std::int32_t>(static_cast<std::uint32_t>(bits)), 16);
    case Fine::f32:
      return rounded(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    case Fine::f64:
      return rounded(std::bit_cast<double>(bits));
    case Fine::none:
      break;
  }
  return 0;
}

void put_fine(Fine fine, std::int16_t sample, Bytes& to) {
  const auto bits = static_cast<std::uint64_t>(std::int64_t{sample});
  switch (fine) {
    case Fine::s24:
      return put_little(bits << 8, 3, to);
    case Fine::s32:
      return put_little(bits << 16, 4, to);
    case Fine::f32:
      return put_little(std::bit_cast<std::uint32_t>(static_cast<float>(sample) / 32768), 4, to);
    case Fine::f64:
      return put_little(std::bit_cast<std::uint64_t>(sample / 32768.0), 8, to);
    case Fine::none:
      break;
  }
}

// What is read, and how much of it there must be.
struct Source {
  SNDFILE* file;
  const SF_INFO& info;
  bool counts_frames;  // the number of frames in `info` is no estimate
};

// Reads with `read` until there is no more, at most so many bytes of samples; a header's own count
// is not trusted with memory.
template <typename Sample, typename Read>
void read_all(const Source& from, std::size_t sample_bytes, Read&& read,
              const std::function<void(std::span<const Sample>)>& take) {
  const auto channels = static_cast<std::size_t>(from.info.channels);
  std::vector<Sample> piece(static_cast<std::size_t>(kPieceFrames) * channels);
  std::uint64_t frames = 0;
  while (true) {
    const sf_count_t got = read(piece.data(), kPieceFrames);
    if (got < 0 || sf_error(from.file) != SF_ERR_NO_ERROR)
      throw Error("audio: the file is damaged after " + grouped(frames) + " frames");
    if (got == 0) break;
    frames += static_cast<std::uint64_t>(got);
    check_size(from.info, frames, sample_bytes);
    take(std::span(piece).first(static_cast<std::size_t>(got) * channels));
  }
  if (frames == 0) throw Error("audio: the recording has no samples");
  if (from.counts_frames && from.info.frames < SF_COUNT_MAX &&
      frames < static_cast<std::uint64_t>(from.info.frames))
    throw Error("audio: the file is truncated: " + grouped(frames) + " of " +
                grouped(static_cast<std::uint64_t>(from.info.frames)) + " frames");
}

void pass_over(const Source& from, std::size_t frames) {
  std::vector<float> piece(frames * static_cast<std::size_t>(from.info.channels));
  if (frames > 0) sf_readf_float(from.file, piece.data(), static_cast<sf_count_t>(frames));
}

Bytes read_integers(const Source& from, Fine fine) {
  Bytes samples;
  const int lost_bits = fine == Fine::s24 ? 8 : 0;
  read_all<int>(
      from, bytes_of(fine),
      [&](int* to, sf_count_t frames) { return sf_readf_int(from.file, to, frames); },
      [&](std::span<const int> piece) {
        for (const int value : piece)
          put_little(static_cast<std::uint32_t>(value) >> lost_bits, bytes_of(fine), samples);
      });
  return samples;
}

void check_finite(double value, std::size_t index) {
  if (!std::isfinite(value))
    throw Error("audio: sample " + grouped(index) + " is not a finite number");
}

Bytes read_floats(const Source& from) {
  Bytes samples;
  read_all<float>(
      from, sizeof(float),
      [&](float* to, sf_count_t frames) { return sf_readf_float(from.file, to, frames); },
      [&](std::span<const float> piece) {
        for (const float value : piece) {
          check_finite(value, samples.size() / sizeof value);
          put_little(std::bit_cast<std::uint32_t>(value), sizeof value, samples);
        }
      });
  return samples;
}

Bytes read_doubles(const Source& from) {
  Bytes samples;
  read_all<double>(
      from, sizeof(double),
      [&](double* to, sf_count_t frames) { return sf_readf_double(from.file, to, frames); },
      [&](std::span<const double> piece) {
        for (const double value : piece) {
          check_finite(value, samples.size() / sizeof value);
          put_little(std::bit_cast<std::uint64_t>(value), sizeof value, samples);
        }
      });
  return samples;
}

Bytes read_fine(const Source& from, Fine fine) {
  if (fine == Fine::f32) return read_floats(from);
  return fine == Fine::f64 ? read_doubles(from) : read_integers(from, fine);
}

std::vector<std::int16_t> coarse(Fine fine, const Bytes& samples) {
  std::vector<std::int16_t> shorts;
  shorts.reserve(samples.size() / bytes_of(fine));
  for (std::size_t at = 0; at < samples.size(); at += bytes_of(fine))
    shorts.push_back(coarse(fine, samples.data() + at));
  return shorts;
}

std::vector<std::int16_t> read_shorts(const Source& from) {
  std::vector<std::int16_t> shorts;
  read_all<std::int16_t>(
      from, 2,
      [&](std::int16_t* to, sf_count_t frames) { return sf_readf_short(from.file, to, frames); },
      [&](std::span<const std::int16_t> piece) {
        shorts.insert(shorts.end(), piece.begin(), piece.end());
      });
  return shorts;
}

Bytes read_mulaw(const Source& from) {
  Bytes samples;
  read_all<Byte>(
      from, 1,
      [&](Byte* to, sf_count_t frames) {
        return sf_read_raw(from.file, to, frames * from.info.channels) / from.info.channels;
      },
      [&](std::span<const Byte> piece) { append(samples, piece); });
  return samples;
}

// Loudspeakers by libsndfile's names, as bits of WAVE_EXTENSIBLE; 0 where the file names none, or
// in an order that bits cannot say.
std::uint32_t speakers_of(SNDFILE* file, const SF_INFO& info) {
  constexpr std::array<int, 18> kBits = {
      SF_CHANNEL_MAP_LEFT,
      SF_CHANNEL_MAP_RIGHT,
      SF_CHANNEL_MAP_CENTER,
      SF_CHANNEL_MAP_LFE,
      SF_CHANNEL_MAP_REAR_LEFT,
      SF_CHANNEL_MAP_REAR_RIGHT,
      SF_CHANNEL_MAP_FRONT_LEFT_OF_CENTER,
      SF_CHANNEL_MAP_FRONT_RIGHT_OF_CENTER,
      SF_CHANNEL_MAP_REAR_CENTER,
      SF_CHANNEL_MAP_SIDE_LEFT,
      SF_CHANNEL_MAP_SIDE_RIGHT,
      SF_CHANNEL_MAP_TOP_CENTER,
      SF_CHANNEL_MAP_TOP_FRONT_LEFT,
      SF_CHANNEL_MAP_TOP_FRONT_CENTER,
      SF_CHANNEL_MAP_TOP_FRONT_RIGHT,
      SF_CHANNEL_MAP_TOP_REAR_LEFT,
      SF_CHANNEL_MAP_TOP_REAR_CENTER,
      SF_CHANNEL_MAP_TOP_REAR_RIGHT,
  };
  std::vector<int> map(static_cast<std::size_t>(info.channels));
  const int bytes = static_cast<int>(map.size() * sizeof(int));
  if (sf_command(file, SFC_GET_CHANNEL_MAP_INFO, map.data(), bytes) != SF_TRUE) return 0;
  std::uint32_t speakers = 0;
  for (const int channel : map) {
    const auto bit = std::ranges::find(kBits, channel) - kBits.begin();
    const std::uint32_t mask = bit < std::ssize(kBits) ? 1u << bit : 0;
    if (mask == 0 || mask <= speakers) return 0;
    speakers |= mask;
  }
  return speakers;
}

std::vector<std::int16_t> resampled(const std::vector<std::int16_t>& from, std::size_t channels,
                                    double ratio) {
  if (src_is_valid_ratio(ratio) == 0)
    throw Error("audio: rates can change by a factor of 256 at most, not of " + shortest(ratio));
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
    throw Error("audio: the rate cannot be changed: libsamplerate gives up with code " +
                std::to_string(error));
  std::vector<std::int16_t> to(static_cast<std::size_t>(data.output_frames_gen) * channels);
  std::transform(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(to.size()), to.begin(),
                 [](float value) { return rounded(value); });
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

int samples_format_of(const Audio& audio) {
  constexpr std::array<int, 5> kFine = {0, SF_FORMAT_PCM_24, SF_FORMAT_PCM_32, SF_FORMAT_FLOAT,
                                        SF_FORMAT_DOUBLE};
  if (audio.fine != Fine::none) return kFine[static_cast<std::size_t>(audio.fine)];
  return audio.encoding == Encoding::u8      ? SF_FORMAT_PCM_U8
         : audio.encoding == Encoding::mulaw ? SF_FORMAT_ULAW
                                             : SF_FORMAT_PCM_16;
}

int format_of(const Audio& audio, AudioFormat format) {
  const int samples = samples_format_of(audio);
  if (format == AudioFormat::wav)
    return (audio.speakers == 0 ? SF_FORMAT_WAV : SF_FORMAT_WAVEX) | samples;
  return SF_FORMAT_FLAC | (samples == SF_FORMAT_PCM_U8 ? SF_FORMAT_PCM_S8
                           : samples == SF_FORMAT_ULAW ? SF_FORMAT_PCM_16
                                                       : samples);
}

// The loudspeakers that FLAC's channels are for (RFC 9639, 9.1.3), where it has not been told
// otherwise.
bool are_speakers_of_flac(std::uint32_t speakers, std::size_t channels) {
  constexpr std::array<std::uint32_t, 9> kSpeakers = {0,     0x4,   0x3,   0x7,  0x33,
                                                      0x607, 0x60f, 0x70f, 0x63f};
  if (channels >= kSpeakers.size()) return false;
  // With two pairs, the other one may be called the rear or the side.
  const bool either = (channels == 5 && speakers == 0x37) || (channels == 6 && speakers == 0x3f);
  return speakers == kSpeakers[channels] || either;
}

// The file's own sample wherever its 16 bits are those that are to be written.
Bytes refined(const Audio& audio) {
  const std::size_t sample_bytes = bytes_of(audio.fine);
  const std::vector<std::int16_t> shorts = decoded(audio);
  Bytes samples;
  samples.reserve(shorts.size() * sample_bytes);
  for (std::size_t i = 0; i < shorts.size(); ++i) {
    const std::size_t at = i * sample_bytes;
    const bool given = at + sample_bytes <= audio.fine_samples.size();
    if (given && coarse(audio.fine, audio.fine_samples.data() + at) == shorts[i]) {
      append(samples, ByteView(audio.fine_samples).subspan(at, sample_bytes));
    } else {
      put_fine(audio.fine, shorts[i], samples);
    }
  }
  return samples;
}

// WAV holds bytes as they are; FLAC is given numbers.
bool write_samples(SNDFILE* file, const Audio& audio, AudioFormat format) {
  const auto count = static_cast<sf_count_t>(audio.samples.size() / bytes_of(audio.encoding));
  if (audio.fine != Fine::none) {
    const Bytes samples = refined(audio);
    const auto bytes = static_cast<sf_count_t>(samples.size());
    if (format == AudioFormat::wav) return sf_write_raw(file, samples.data(), bytes) == bytes;
    std::vector<int> integers;
    for (std::size_t at = 0; at < samples.size(); at += 3)
      integers.push_back(
          static_cast<int>(static_cast<std::uint32_t>(little(&samples[at], 3)) << 8));
    return sf_write_int(file, integers.data(), count) == count;
  }
  if (audio.encoding == Encoding::mulaw && format == AudioFormat::wav)
    return sf_write_raw(file, audio.samples.data(), count) == count;
  return sf_write_short(file, decoded(audio).data(), count) == count;
}

// libsndfile derives the bits from a list of channels, which knows fewer of them.
void set_speakers(std::uint32_t speakers, Bytes& wav) {
  constexpr std::size_t kSpeakersAt = 12 + 8 + 20;  // RIFF, "fmt ", and in that
  for (std::size_t i = 0; i < 4; ++i) wav[kSpeakersAt + i] = static_cast<Byte>(speakers >> (8 * i));
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

const char* name_of(Fine fine) {
  constexpr std::array kNames = {"none", "s24", "s32", "f32", "f64"};
  return kNames[static_cast<std::size_t>(fine)];
}

std::size_t bytes_of(Fine fine) {
  constexpr std::array<std::size_t, 5> kBytes = {0, 3, 4, 4, 8};
  return kBytes[static_cast<std::size_t>(fine)];
}

bool Audio::operator==(const Audio& other) const {
  return rate_hz == other.rate_hz && channels == other.channels && encoding == other.encoding &&
         samples == other.samples && speakers == other.speakers && fine == other.fine &&
         fine_samples == other.fine_samples;
}

namespace {

Audio read_container(const Container& container, std::optional<Encoding> encoding,
                     std::optional<std::uint32_t> rate_hz) {
  ReadFile memory{container};
  SF_INFO info{};
  std::optional<StderrCapture> said;  // libmpg123 speaks to standard error
  if (container.name == "MP3") said.emplace();
  const File sound = open(memory, info);
  if (info.channels < 1 || info.samplerate < 1) throw Error("audio: the header is damaged");
  const Source source{sound.get(), info, container.counts_frames};
  pass_over(source, container.samples_before);
  const Fine fine = fine_of(info);
  if (info.frames < SF_COUNT_MAX && container.counts_frames)
    check_size(info, static_cast<std::uint64_t>(std::max<sf_count_t>(info.frames, 0)),
               std::max<std::size_t>(2, bytes_of(fine)));

  Audio audio{.rate_hz = static_cast<std::uint32_t>(info.samplerate),
              .channels = static_cast<std::size_t>(info.channels),
              .encoding = encoding.value_or(encoding_of(info)),
              .speakers = container.speakers,
              .warnings = container.warnings};
  if (audio.speakers == 0) audio.speakers = speakers_of(sound.get(), info);
  const bool other_rate = rate_hz && *rate_hz != audio.rate_hz;
  if (audio.encoding == Encoding::mulaw && encoding_of(info) == Encoding::mulaw && !other_rate) {
    audio.samples = read_mulaw(source);  // decoding would lose the sign of zero
    return audio;
  }
  std::vector<std::int16_t> shorts;
  if (fine != Fine::none) {
    Bytes samples = read_fine(source, fine);
    shorts = coarse(fine, samples);
    if (!encoding && !other_rate) {
      audio.fine = fine;
      audio.fine_samples = std::move(samples);
    }
  } else {
    shorts = is_lossy(info) ? coarse(Fine::f32, read_floats(source)) : read_shorts(source);
  }
  if (said) {
    for (std::string& warning : mpeg_warnings(said->end()))
      audio.warnings.push_back(std::move(warning));
  }
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

}  // namespace

Audio read_audio(ByteView file, std::optional<Encoding> encoding,
                 std::optional<std::uint32_t> rate_hz) {
  const Container container = opened_container(file);
  try {
    return read_container(container, encoding, rate_hz);
  } catch (const Error&) {
    if (container.name == "FLAC") check_flac(file);
    throw;
  }
}

AudioFormat audio_format_of(std::string_view name) {
  if (has_ending(name, ".flac")) return AudioFormat::flac;
  if (has_ending(name, ".wav") || name == "-") return AudioFormat::wav;
  throw UsageError(printable(name) + ": expected a name that ends in .wav or .flac");
}

void expect_writable(const Audio& audio, AudioFormat format) {
  if (format == AudioFormat::wav) return;
  if (audio.channels > 8)
    throw Error("FLAC has 8 channels at most, not " + std::to_string(audio.channels));
  if (audio.fine != Fine::none && audio.fine != Fine::s24)
    throw Error(std::string("FLAC has no samples of ") + name_of(audio.fine) +
                ", as the recording has");
  if (audio.speakers != 0 && !are_speakers_of_flac(audio.speakers, audio.channels))
    throw Error("FLAC has other loudspeakers for " + std::to_string(audio.channels) +
                " channels than the recording");
}

Bytes write_audio(const Audio& audio, AudioFormat format) {
  expect_writable(audio, format);
  WrittenFile memory;
  SF_INFO info{};
  info.samplerate = static_cast<int>(audio.rate_hz);
  info.channels = static_cast<int>(audio.channels);
  info.format = format_of(audio, format);
  File sound = open(memory, info);
  sf_command(sound.get(), SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
  const bool done = write_samples(sound.get(), audio, format);
  if (sf_close(sound.release()) != 0 || !done) throw Error("audio: out of memory while writing");
  if (format == AudioFormat::wav && audio.speakers != 0) set_speakers(audio.speakers, memory.bytes);
  return std::move(memory.bytes);
}

std::vector<float> to_floats(const Audio& audio) {
  std::vector<float> floats;
  for (const std::int16_t value : decoded(audio)) floats.push_back(value / 32768.0F);
  return floats;
}

}  // namespace kraft
