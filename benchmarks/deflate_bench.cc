// How fast are exact DEFLATE lengths? Recompression, cloning and the twin, in turn.
//
//     deflate_bench mobydick.txt astronaut.png speech.wav
//     deflate_bench --json corpus.txt
//
// For contexts of 2, 8, 30 KiB and 1 MiB of each file (as far as it goes) it measures the length of
// the stream after each of the 256 next bytes, then a beam search of 32 beams over 24 steps, then
// how the twin's time depends on the length of the context. Level 9, one thread. Times are
// processor time of the thread, averaged over positions spread behind the start of the context, so
// that a loaded machine hardly disturbs them. A .png is read as rows of gray pixels, a .wav as
// 8-bit samples, anything else as bytes.
#include <png.h>
#include <time.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "kraft/bytes.h"
#include "models/deflate/clone.h"
#include "models/deflate/twin.h"

namespace {

using kraft::Byte;
using kraft::Bytes;
using kraft::ByteView;
using kraft::deflate::Clone;
using kraft::deflate::Parameters;
using kraft::deflate::Twin;

constexpr Parameters kParameters{.level = 9};

double now_us() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) * 1e-3;
}

template <class Work>
double time_us(Work work) {
  const double start = now_us();
  work();
  return now_us() - start;
}

// ---- inputs ----------------------------------------------------------------------------------

struct Input {
  std::string name;
  Bytes bytes;
};

Bytes gray_pixels(const std::string& path) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_file(&image, path.c_str())) {
    throw std::runtime_error(path + ": " + image.message);
  }
  image.format = PNG_FORMAT_GRAY;
  Bytes pixels(PNG_IMAGE_SIZE(image));
  if (!png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr)) {
    throw std::runtime_error(path + ": " + image.message);
  }
  return pixels;
}

// 16-bit samples become 8-bit ones, as they are in an 8-bit file: 128 is silence.
Bytes samples(const Bytes& wav, const std::string& path) {
  const auto number = [&](std::size_t at, int bytes) {
    std::uint32_t value = 0;
    for (int i = 0; i < bytes; ++i) {
      value |= std::uint32_t{wav[at + static_cast<std::size_t>(i)]} << 8 * i;
    }
    return value;
  };
  std::uint32_t bits_per_sample = 8;
  for (std::size_t at = 12; at + 8 <= wav.size();) {
    const std::size_t size = number(at + 4, 4);
    const std::size_t body = at + 8;
    if (std::memcmp(&wav[at], "fmt ", 4) == 0 && body + 16 <= wav.size()) {
      bits_per_sample = number(body + 14, 2);
    }
    if (std::memcmp(&wav[at], "data", 4) == 0) {
      Bytes eight_bits;
      const std::size_t step = bits_per_sample == 16 ? 2 : 1;
      for (std::size_t i = body; i + step <= std::min(wav.size(), body + size); i += step) {
        eight_bits.push_back(step == 1 ? wav[i] : static_cast<Byte>(wav[i + 1] ^ 0x80));
      }
      return eight_bits;
    }
    at = body + size + (size & 1);
  }
  throw std::runtime_error(path + ": no samples in this wav file");
}

Input read_input(const std::string& path) {
  const std::string name = path.substr(path.find_last_of('/') + 1);
  if (path.ends_with(".png")) return {name, gray_pixels(path)};
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(path + ": cannot be read");
  Bytes bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (path.ends_with(".wav")) bytes = samples(bytes, path);
  return {name, std::move(bytes)};
}

// ---- the contestants -------------------------------------------------------------------------

struct Row {
  std::string input;
  std::size_t context = 0;
  double recompress_us = 0;   // a candidate
  double clone_us = 0;        // a candidate, exact to the bit
  double clone_bytes_us = 0;  // a candidate, in whole bytes
  double twin_us = 0;         // a distribution of 256
  double observe_us = 0;      // a byte, by the twin, for the whole context
};

double recompression_us(ByteView context) {
  constexpr int kCandidates = 4;
  Bytes message(context.begin(), context.end());
  message.push_back(0);
  Bytes stream(compressBound(message.size()));
  const double total = time_us([&] {
    for (int b = 0; b < kCandidates; ++b) {
      message.back() = static_cast<Byte>('a' + b);
      z_stream z{};
      deflateInit2(&z, kParameters.level, Z_DEFLATED, -kParameters.window_bits,
                   kParameters.mem_level, kParameters.strategy);
      z.next_in = message.data();
      z.avail_in = static_cast<uInt>(message.size());
      z.next_out = stream.data();
      z.avail_out = static_cast<uInt>(stream.size());
      deflate(&z, Z_FINISH);
      deflateEnd(&z);
    }
  });
  return total / kCandidates;
}

struct NextBytes {
  std::array<Byte, 256> bytes;
  std::vector<ByteView> views;

  NextBytes() {
    std::iota(bytes.begin(), bytes.end(), Byte{0});
    for (const Byte& b : bytes) views.emplace_back(&b, 1);
  }
};

Row measure(const Input& input, std::size_t context) {
  // The twin remembers trees it has built, so it is asked once at each position. One contestant
  // after the other, so that neither finds its memory pushed out of the caches.
  constexpr std::size_t kPositions = 192;
  constexpr std::size_t kPerClone = 16;  // the clone is asked at every 16th position
  constexpr std::size_t kApart = 5;
  Row row{.input = input.name, .context = context};
  const ByteView all = input.bytes;
  const NextBytes next;
  std::vector<std::array<std::uint64_t, 256>> cloned(kPositions / kPerClone);
  row.recompress_us = recompression_us(all.first(context));
  Clone clone(kParameters);
  clone.observe(all.first(context));
  for (std::size_t i = 0; i < cloned.size(); ++i) {
    const auto candidates = static_cast<double>(256 * cloned.size());
    row.clone_bytes_us += time_us([&] { clone.measure_bytes(next.views, cloned[i]); }) / candidates;
    row.clone_us += time_us([&] { clone.measure(next.views, cloned[i]); }) / candidates;
    clone.observe(all.subspan(context + i * kPerClone * kApart, kPerClone * kApart));
  }
  Twin twin(kParameters);
  std::array<std::uint64_t, 256> twinned;
  row.observe_us =
      time_us([&] { twin.observe(all.first(context)); }) / static_cast<double>(context);
  for (std::size_t i = 0; i < kPositions; ++i) {
    row.twin_us += time_us([&] { twin.next_byte(twinned); }) / kPositions;
    if (i % kPerClone == 0 && cloned[i / kPerClone] != twinned) {
      throw std::runtime_error(input.name + ": the twin is wrong");
    }
    twin.observe(all.subspan(context + i * kApart, kApart));
  }
  return row;
}

// ---- the beam --------------------------------------------------------------------------------

struct BeamRow {
  std::size_t letters = 0;
  double clone_ms = 0;
  double twin_ms = 0;
};

// Keeps the shortest 32 of all beams times all letters for 24 steps. extend(prefixes, bytes) does
// the measuring and is what is timed.
template <class Extend>
double beam_ms(const std::vector<Byte>& letters, Bytes& best, Extend extend) {
  std::vector<Bytes> beams(1);
  double total = 0;
  for (int step = 0; step < 24; ++step) {
    const std::vector<ByteView> prefixes(beams.begin(), beams.end());
    std::vector<std::uint64_t> bytes(prefixes.size() * letters.size());
    total += time_us([&] { extend(prefixes, bytes); });
    std::vector<std::size_t> order(bytes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const std::size_t kept = std::min<std::size_t>(32, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(),
                      [&](std::size_t a, std::size_t b) {
                        return std::pair(bytes[a], a) < std::pair(bytes[b], b);
                      });
    std::vector<Bytes> longer;
    for (std::size_t i = 0; i < kept; ++i) {
      longer.push_back(beams[order[i] / letters.size()]);
      longer.back().push_back(letters[order[i] % letters.size()]);
    }
    beams = std::move(longer);
  }
  best = beams.front();
  return total / 1000;
}

BeamRow measure_beam(const Input& input) {
  const ByteView context = ByteView(input.bytes).first(30 << 10);
  std::vector<Byte> letters(context.begin(), context.end());
  std::sort(letters.begin(), letters.end());
  letters.erase(std::unique(letters.begin(), letters.end()), letters.end());
  if (letters.size() > 65) letters.resize(65);

  Clone clone(kParameters);
  Twin twin(kParameters);
  clone.observe(context);
  twin.observe(context);
  BeamRow row{.letters = letters.size()};
  Bytes by_clone, by_twin;
  row.clone_ms = beam_ms(letters, by_clone, [&](auto& prefixes, auto& bytes) {
    std::vector<Bytes> strings;
    for (const ByteView prefix : prefixes) {
      for (const Byte letter : letters) {
        strings.emplace_back(prefix.begin(), prefix.end());
        strings.back().push_back(letter);
      }
    }
    clone.measure_bytes(std::vector<ByteView>(strings.begin(), strings.end()), bytes);
  });
  row.twin_ms = beam_ms(letters, by_twin, [&](auto& prefixes, auto& bytes) {
    twin.extend(prefixes, letters, bytes);
    for (std::uint64_t& length : bytes) length = (length + 7) / 8;
  });
  if (by_clone != by_twin) throw std::runtime_error("the beams differ");
  return row;
}

// ---- the length of the context ---------------------------------------------------------------

struct ScaleRow {
  std::size_t context = 0;
  double observe_us = 0;
  double distribution_us = 0;
};

// The file over and over. What comes after differs in cost from place to place, so the long
// contexts end at the same place of the file as the short one.
std::vector<ScaleRow> measure_scale(const Input& input) {
  constexpr std::size_t kPositions = 64;
  constexpr std::size_t kApart = 997;
  std::vector<ScaleRow> rows;
  Twin twin(kParameters);
  std::size_t observed = 0;
  // Observes the next bytes of the file, over and over.
  const auto advance = [&](Twin& to, std::size_t from, std::size_t bytes) {
    while (bytes > 0) {
      const std::size_t at = from % input.bytes.size();
      const std::size_t n = std::min(bytes, input.bytes.size() - at);
      to.observe(ByteView(input.bytes).subspan(at, n));
      from += n;
      bytes -= n;
    }
  };
  const std::size_t once = input.bytes.size();
  for (const std::size_t least : {std::size_t{0}, std::size_t{1} << 20, std::size_t{100} << 20}) {
    const std::size_t context = (std::size_t{64} << 10) + (least + once - 1) / once * once;
    advance(twin, observed, context - observed);
    observed = context;
    ScaleRow row{.context = context};
    Twin there = twin;
    std::array<std::uint64_t, 256> bits;
    for (std::size_t i = 0; i < kPositions; ++i) {
      row.distribution_us += time_us([&] { there.next_byte(bits); }) / kPositions;
      row.observe_us += time_us([&] { advance(there, context + i * kApart, kApart); }) /
                        static_cast<double>(kPositions * kApart);
    }
    rows.push_back(row);
  }
  return rows;
}

// ---- the report ------------------------------------------------------------------------------

std::string kib(std::size_t bytes) {
  return bytes >= 1 << 20 ? std::to_string(bytes >> 20) + " MiB"
                          : std::to_string(bytes >> 10) + " KiB";
}

void print_row(const Row& r, bool json) {
  const double twin_candidate_us = r.twin_us / 256;
  if (json) {
    std::printf(
        "{\"input\": \"%s\", \"context_bytes\": %zu, \"recompress_us_per_candidate\": %.2f, "
        "\"clone_us_per_candidate\": %.3f, \"clone_whole_bytes_us_per_candidate\": %.3f, "
        "\"twin_us_per_candidate\": %.4f, "
        "\"twin_us_per_distribution\": %.2f, \"twin_us_per_observed_byte\": %.4f}\n",
        r.input.c_str(), r.context, r.recompress_us, r.clone_us, r.clone_bytes_us,
        twin_candidate_us, r.twin_us, r.observe_us);
    return;
  }
  std::printf("%-14s %7s %10.1f %7.1f %7.1f %7.3f %8.1f %8.3f %10.0fx %7.0fx %7.0fx\n",
              r.input.c_str(), kib(r.context).c_str(), r.recompress_us, r.clone_us,
              r.clone_bytes_us, twin_candidate_us, r.twin_us, r.observe_us,
              r.recompress_us / twin_candidate_us, r.clone_us / twin_candidate_us,
              r.clone_bytes_us / twin_candidate_us);
}

// Two clones: one exact to the bit, as the twin is, which must finish the stream twice once a block
// may have filled up; and one in whole bytes, which is all that one deflate(Z_FINISH) tells.
void run(const std::vector<Input>& inputs, bool json) {
  if (!json) {
    constexpr const char* kTitles = "%-14s %7s %10s %7s %7s %7s %8s %8s %11s %8s %8s\n";
    std::printf(kTitles, "level 9", "", "recompress", "clone", "clone", "twin", "twin", "observe",
                "recompress", "clone", "clone");
    std::printf(kTitles, "", "", "", "bits", "bytes", "bits", "all 256", "", "/ twin", "bits",
                "bytes");
    std::printf(kTitles, "", "context", "us/cand.", "us/cand", "us/cand", "us/cand", "us",
                "us/byte", "", "/ twin", "/ twin");
  }
  for (const Input& input : inputs) {
    for (const std::size_t context : {2u << 10, 8u << 10, 30u << 10, 1u << 20}) {
      if (input.bytes.size() < context + 1024) continue;
      print_row(measure(input, context), json);
      std::fflush(stdout);
    }
  }
  for (const Input& input : inputs) {
    if (input.bytes.size() < 32 << 10) continue;
    const BeamRow beam = measure_beam(input);
    std::printf(json ? "{\"beam\": \"%s\", \"letters\": %zu, \"clone_ms\": %.1f, \"twin_ms\": "
                       "%.2f, \"ratio\": %.1f}\n"
                     : "\n%s: 32 beams x %zu letters x 24 steps after 30 KiB: clone %.0f ms, twin "
                       "%.1f ms, %.0fx\n",
                input.name.c_str(), beam.letters, beam.clone_ms, beam.twin_ms,
                beam.clone_ms / beam.twin_ms);
    std::fflush(stdout);
  }
  if (!json) std::printf("\n");
  for (const ScaleRow& row : measure_scale(inputs.front())) {
    std::printf(json ? "{\"scale\": \"%s\", \"context_bytes\": %zu, \"observe_us_per_byte\": %.4f, "
                       "\"distribution_us\": %.2f}\n"
                     : "%s, over and over, %zu bytes: %.4f us per observed byte, %.1f us per "
                       "distribution\n",
                inputs.front().name.c_str(), row.context, row.observe_us, row.distribution_us);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  bool json = false;
  std::vector<Input> inputs;
  try {
    for (int i = 1; i < argc; ++i) {
      if (std::string_view(argv[i]) == "--json") {
        json = true;
      } else {
        inputs.push_back(read_input(argv[i]));
      }
    }
    if (inputs.empty()) throw std::runtime_error("usage: deflate_bench [--json] FILE...");
    run(inputs, json);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "deflate_bench: %s\n", error.what());
    return 1;
  }
}
