// `bytelm` by itself, small enough to be compiled for another processor by hand:
//
//     portable encode WEIGHTS.gguf <TEXT >STREAM
//     portable plain WEIGHTS.gguf <TEXT >STREAM         without vector instructions
//     portable decode WEIGHTS.gguf <STREAM >TEXT
//
// A stream is the text's length in 4 bytes, the low one first, and what the range coder makes of
// it. Windows are short, so that even a short text sees several of them.
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string_view>

#include "kraft/coder.h"
#include "models/bytelm/engine.h"
#include "models/bytelm/network.h"
#include "models/bytelm/windows.h"

namespace {

using kraft::Byte;
using kraft::Bytes;
using kraft::bytelm::Distribution;
using kraft::bytelm::Engine;
using kraft::bytelm::Windows;

constexpr std::size_t kWindowTokens = 64;

Bytes read(std::istream& stream) {
  return Bytes(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
}

Windows windows_of(const char* path, const kraft::bytelm::Kernels& kernels) {
  std::ifstream file(path, std::ios::binary);
  return Windows(std::make_shared<const Engine>(
      std::make_shared<const kraft::bytelm::Network>(kraft::bytelm::read_network(read(file))),
      kWindowTokens, kernels));
}

Bytes encode(Windows windows, const Bytes& text) {
  Bytes stream;
  for (int i = 0; i < 4; ++i) stream.push_back(static_cast<Byte>(text.size() >> 8 * i));
  kraft::RangeEncoder encoder;
  if (!text.empty())
    windows.predict(text, 0, text.size() - 1, 0, [&](std::size_t place, const Distribution& next) {
      encoder.encode(next.before(text[place]), next.mass(text[place]), Distribution::kTotal);
    });
  kraft::append(stream, encoder.finish());
  return stream;
}

Bytes decode(Windows windows, const Bytes& stream) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) size |= std::size_t{stream.at(i)} << 8 * i;
  kraft::RangeDecoder decoder(kraft::ByteView(stream).subspan(4));
  Bytes text;
  while (text.size() < size) {
    Distribution next;
    windows.predict(text, text.size(), text.size(), 0,
                    [&next](std::size_t, const Distribution& found) { next = found; });
    const Byte byte = next.find(decoder.target(Distribution::kTotal));
    decoder.take(next.before(byte), next.mass(byte), Distribution::kTotal);
    text.push_back(byte);
  }
  decoder.finish();
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc == 3 ? argv[1] : "";
  if (verb != "encode" && verb != "plain" && verb != "decode") return 2;
  try {
    const Bytes in = read(std::cin);
    const Windows windows = windows_of(
        argv[2], verb == "plain" ? kraft::bytelm::plain_kernels() : kraft::bytelm::fast_kernels());
    const Bytes out = verb == "decode" ? decode(windows, in) : encode(windows, in);
    std::cout.write(reinterpret_cast<const char*>(out.data()),
                    static_cast<std::streamsize>(out.size()));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
