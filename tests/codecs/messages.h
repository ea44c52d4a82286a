// Messages for the tests of codecs, and the specifications of every codec there is.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "kraft/bytes.h"
#include "kraft/random.h"
#include "kraft/registry.h"

namespace kraft {

inline Bytes bytes_of(std::string_view text) {
  const ByteView view = as_bytes(text);
  return Bytes(view.begin(), view.end());
}

inline Bytes random_bytes(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  Bytes bytes(size);
  for (Byte& b : bytes) b = static_cast<Byte>(random.bits());
  return bytes;
}

// Words drawn with very different probabilities: compresses about like prose.
inline Bytes synthetic_text(std::size_t size) {
  Random random(11);
  std::vector<std::string> words;
  for (int i = 0; i < 1000; ++i) {
    std::string word;
    for (std::uint64_t letters = 2 + random.below(7); letters > 0; --letters)
      word += static_cast<char>('a' + random.below(26));
    words.push_back(word + (random.below(12) == 0 ? ",\n" : " "));
  }
  Bytes text;
  while (text.size() < size) {
    const double u = random.uniform();
    append(text, as_bytes(words[static_cast<std::size_t>(u * u * u * 1000)]));
  }
  text.resize(size);
  return text;
}

// One of the real files in $KRAFT_DATA. A test that is about real data fails without it.
inline Bytes real_file(const std::string& name) {
  const char* folder = std::getenv("KRAFT_DATA");
  std::ifstream file(std::string(folder ? folder : "") + "/" + name, std::ios::binary);
  Bytes bytes(std::istreambuf_iterator<char>(file), {});
  if (bytes.empty())
    throw std::runtime_error(
        "no " + name + " in the folder that KRAFT_DATA names: examples/fetch-data fetches it");
  return bytes;
}

// The beginning of Moby-Dick.
inline Bytes real_text(std::size_t size) {
  static const Bytes book = real_file("mobydick.txt");
  if (book.size() < size) throw std::out_of_range("mobydick.txt is shorter than a test's text");
  return Bytes(book.begin(), book.begin() + static_cast<std::ptrdiff_t>(size));
}

inline Bytes all_bytes() {
  Bytes bytes(256);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<Byte>(i);
  return bytes;
}

// What every codec must take, at any level.
inline std::vector<Bytes> small_messages() {
  return {
      {},
      {0},
      {255},
      bytes_of("a"),
      bytes_of("ab"),
      bytes_of("to be or not to be"),
      all_bytes(),
      Bytes(1000, 'a'),
      Bytes(70000, 0),
      random_bytes(333, 1),
      random_bytes(5000, 2),
      real_text(20000),
  };
}

// Every backend that compresses at its defaults; programs must be given, and are tested by
// themselves, as is what wraps another codec and says what that one says.
inline std::vector<std::string> default_specs() {
  std::vector<std::string> specs;
  for (const Backend& backend : backends()) {
    if (backend.make_codec && backend.name != "cmd" && backend.name != "filtered")
      specs.push_back(backend.name);
  }
  return specs;
}

// The codecs for images and sound take any bytes, but compress none but samples.
inline bool is_for_samples(std::string_view spec) {
  return spec.starts_with("png") || spec.starts_with("jpegls") || spec.starts_with("webp") ||
         spec.starts_with("jxl") || spec.starts_with("flac") || spec.starts_with("wavpack");
}

// Every level of every such backend.
inline std::vector<std::string> level_specs() {
  std::vector<std::string> specs;
  for (const std::string& name : default_specs()) {
    const Backend& backend = find_backend(name);
    if (!backend.argument || backend.argument->kind != Parameter::Kind::integer) continue;
    const Parameter& level = *backend.argument;
    for (auto i = static_cast<int>(level.min); i <= static_cast<int>(level.max); ++i) {
      const std::string spec = name + ":" + std::to_string(i);
      specs.push_back(spec);
      for (char suffix : level.suffixes) specs.push_back(spec + suffix);
    }
  }
  return specs;
}

// Each parameter of each such codec at each end of its range and at each of its choices. Some of
// these are conflicts with a default.
inline std::vector<std::string> parameter_specs() {
  constexpr double kTooMuchMemory = 1 << 26;
  std::vector<std::string> specs;
  for (const std::string& name : default_specs()) {
    for (const Parameter& parameter : find_backend(name).parameters) {
      if (parameter.of_model) continue;
      const std::string key = name + "," + parameter.name + "=";
      for (const std::string& choice : parameter.choices) specs.push_back(key + choice);
      if (parameter.kind != Parameter::Kind::integer) continue;
      for (double end : {parameter.min, parameter.max}) {
        if (end <= kTooMuchMemory)
          specs.push_back(key + std::to_string(static_cast<std::int64_t>(end)));
      }
    }
  }
  return specs;
}

}  // namespace kraft
