// What codes by integers, small enough to be compiled for another processor by hand:
//
//     portable pack MODEL <TEXT >FILE.kraft      any model of registry/backends.h here
//     portable unpack <FILE.kraft >TEXT
//
// unpack fails, too, if the file's model codes the text in other bytes than those of the file.
//
// bytelm and cm have streams without a container besides:
//
//     portable encode MODEL <TEXT >STREAM
//     portable plain MODEL <TEXT >STREAM         without vector instructions
//     portable decode MODEL <STREAM >TEXT
//
// MODEL is cm, cm:max or cm#1:max; either of the first two with .pixels (rows of 16 RGB pixels) or
// .sound (16 bits, stereo) behind it; or bytelm's WEIGHTS.gguf.
//
// A stream is the text's length in 4 bytes, the low one first, and what the range coder makes of
// it. Windows are short, so that even a short text sees several of them.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "kraft/coder.h"
#include "kraft/container.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "models/bytelm/engine.h"
#include "models/bytelm/network.h"
#include "models/bytelm/windows.h"
#include "models/cm/pictures.h"
#include "models/cm/predictor.h"
#include "models/cm/sound.h"

namespace {

using kraft::Byte;
using kraft::Bytes;
using kraft::bytelm::Distribution;
using kraft::bytelm::Engine;
using kraft::bytelm::Windows;
using kraft::cm::Predictor;

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

Bytes size_of(const Bytes& text) {
  Bytes stream;
  for (int i = 0; i < 4; ++i) stream.push_back(static_cast<Byte>(text.size() >> 8 * i));
  return stream;
}

std::size_t size_in(const Bytes& stream) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) size |= std::size_t{stream.at(i)} << 8 * i;
  return size;
}

Bytes encode(Windows windows, const Bytes& text) {
  Bytes stream = size_of(text);
  kraft::RangeEncoder encoder;
  if (!text.empty())
    windows.predict(text, 0, text.size() - 1, 0, [&](std::size_t place, const Distribution& next) {
      encoder.encode(next.before(text[place]), next.mass(text[place]), Distribution::kTotal);
    });
  kraft::append(stream, encoder.finish());
  return stream;
}

Bytes decode(Windows windows, const Bytes& stream) {
  const std::size_t size = size_in(stream);
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

kraft::cm::Effort effort_of(std::string_view model) {
  return model.find(":max") != model.npos ? kraft::cm::Effort::max : kraft::cm::Effort::normal;
}

Predictor predictor_of(std::string_view model, const kraft::cm::MixingKernels& kernels) {
  const unsigned revision = model.starts_with("cm#1") ? 1 : Predictor::kRevision;
  return Predictor(effort_of(model), Predictor::kLeastMemory, {}, revision, kernels);
}

kraft::cm::SamplePredictor<kraft::cm::PictureFront> pixels_of(
    std::string_view model, const kraft::cm::MixingKernels& kernels) {
  return {kraft::cm::PictureFront({.width = 16, .channels = 3}, effort_of(model)),
          Predictor::kLeastMemory, kernels};
}

kraft::cm::SamplePredictor<kraft::cm::SoundFront> sound_of(
    std::string_view model, const kraft::cm::MixingKernels& kernels) {
  return {kraft::cm::SoundFront({.channels = 2, .sample_bytes = 2}, effort_of(model)),
          Predictor::kLeastMemory, kernels};
}

template <class Learner>
Bytes encode(Learner predictor, const Bytes& text) {
  Bytes stream = size_of(text);
  kraft::RangeEncoder encoder;
  for (const Byte byte : text) predictor.encode(byte, encoder);
  kraft::append(stream, encoder.finish());
  return stream;
}

template <class Learner>
Bytes decode(Learner predictor, const Bytes& stream) {
  const std::size_t size = size_in(stream);
  kraft::RangeDecoder decoder(kraft::ByteView(stream).subspan(4));
  Bytes text;
  double bits = 0;
  while (text.size() < size) text.push_back(predictor.decode(decoder, bits));
  decoder.finish();
  return text;
}

template <class Model>
Bytes coded(std::string_view verb, Model model, const Bytes& in) {
  return verb == "decode" ? decode(std::move(model), in) : encode(std::move(model), in);
}

Bytes coded_by(std::string_view verb, const char* named, const Bytes& in) {
  const std::string_view model = named;
  const bool plain = verb == "plain";
  const auto& kernels = plain ? kraft::cm::plain_kernels() : kraft::cm::fast_kernels();
  if (model == "cm" || model == "cm:max" || model == "cm#1:max")
    return coded(verb, predictor_of(model, kernels), in);
  if (model == "cm.pixels" || model == "cm:max.pixels")
    return coded(verb, pixels_of(model, kernels), in);
  if (model == "cm.sound" || model == "cm:max.sound")
    return coded(verb, sound_of(model, kernels), in);
  return coded(
      verb,
      windows_of(named, plain ? kraft::bytelm::plain_kernels() : kraft::bytelm::fast_kernels()),
      in);
}

Bytes pack(const char* model, const Bytes& text) {
  return kraft::compress(*kraft::make_model(model), text, {.threads = 1});
}

Bytes unpack(const Bytes& file) {
  const kraft::ContainerInfo info =
      kraft::inspect([left = kraft::ByteView(file)](std::span<Byte> to) mutable {
        const std::size_t count = std::min(to.size(), left.size());
        std::copy_n(left.begin(), count, to.begin());
        left = left.subspan(count);
        return count;
      });
  // By its name, whatever a file's word is enough for.
  const auto model = kraft::make_model(info.header.model.spec);
  Bytes text = kraft::decompress(file, {.model = model, .threads = 1});
  kraft::RangeEncoder encoder;
  kraft::encode_bytes(*model->start(), text, encoder);
  const Bytes payload = encoder.finish();
  if (std::search(file.begin(), file.end(), payload.begin(), payload.end()) == file.end())
    throw kraft::Error(model->spec() + " codes in other bytes than those of the file");
  return text;
}

Bytes result_of(int argc, char** argv, const Bytes& in) {
  const std::string_view verb = argv[1];
  if (verb == "unpack") return unpack(in);
  if (argc == 3 && verb == "pack") return pack(argv[2], in);
  if (argc == 3 && (verb == "encode" || verb == "plain" || verb == "decode"))
    return coded_by(verb, argv[2], in);
  throw kraft::UsageError("usage: portable pack|unpack|encode|plain|decode [MODEL]");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  try {
    const Bytes out = result_of(argc, argv, read(std::cin));
    std::cout.write(reinterpret_cast<const char*>(out.data()),
                    static_cast<std::streamsize>(out.size()));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
