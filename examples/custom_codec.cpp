// A compressor of your own, in a page, and what it would write.
//
//     custom_codec [FILE]
//
// Introduces the Codec and Encoder interfaces, and register_codec(), which gives a codec a name:
// from there on it is a model like any other, alone and in lists. The codec is LZ78 (Ziv and Lempel
// 1978): the text is cut into phrases, each of them the longest phrase seen before and one more
// byte.
#include <bit>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kraft/codec.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "kraft/sampler.h"

namespace {

using kraft::Byte;
using kraft::Bytes;
using kraft::ByteView;

// A phrase is the number of an earlier one, in as many bits as that takes, and a byte.
int bits_of_phrase_number(std::size_t phrases) { return static_cast<int>(std::bit_width(phrases)); }

class Lz78Encoder final : public kraft::Encoder {
 public:
  void encode(ByteView message, Bytes& stream) override {
    if (message.size() >> 32 != 0) throw kraft::Error("phrases: the message is longer than 4 GiB");
    stream.clear();
    bits_ = 0;
    write(stream, message.size(), 32);
    std::map<std::pair<std::size_t, Byte>, std::size_t> next;  // (phrase, byte) -> longer phrase
    std::size_t phrase = 0;                                    // phrase 0 is empty
    for (Byte byte : message) {
      const auto [known, is_new] = next.try_emplace({phrase, byte}, next.size() + 1);
      if (!is_new) {
        phrase = known->second;
        continue;
      }
      write(stream, phrase, bits_of_phrase_number(next.size() - 1));
      write(stream, byte, 8);
      phrase = 0;
    }
    if (phrase != 0) write(stream, phrase, bits_of_phrase_number(next.size()));  // and no byte
  }

  // The default would count whole bytes; here the length is known to the bit.
  double code_length(ByteView message) override {
    encode(message, scratch_);
    return static_cast<double>(bits_);
  }

 private:
  void write(Bytes& stream, std::size_t value, int width) {
    for (int i = 0; i < width; ++i, ++bits_) {
      if (bits_ % 8 == 0) stream.push_back(0);
      stream.back() |= static_cast<Byte>((value >> i & 1) << (bits_ % 8));
    }
  }

  std::size_t bits_ = 0;
};

class Lz78 final : public kraft::Codec {
 public:
  std::unique_ptr<kraft::Encoder> encoder() const override {
    return std::make_unique<Lz78Encoder>();
  }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    std::size_t position = 0;
    const auto read = [&](int width) {
      std::size_t value = 0;
      for (int i = 0; i < width; ++i, ++position) {
        if (position / 8 == stream.size()) throw kraft::Error("phrases: the stream is truncated");
        value |= static_cast<std::size_t>(stream[position / 8] >> (position % 8) & 1) << i;
      }
      return value;
    };
    const std::size_t length = read(32);
    if (length > limit_bytes) throw kraft::Error("phrases: the message is longer than allowed");
    std::vector<Bytes> phrases(1);
    Bytes message;
    while (message.size() < length) {
      const std::size_t phrase = read(bits_of_phrase_number(phrases.size() - 1));
      if (phrase >= phrases.size()) throw kraft::Error("phrases: the stream is damaged");
      phrases.push_back(phrases[phrase]);
      if (message.size() + phrases.back().size() < length)
        phrases.back().push_back(static_cast<Byte>(read(8)));
      kraft::append(message, phrases.back());
      if (message.size() > length) throw kraft::Error("phrases: the stream is damaged");
    }
    if ((position + 7) / 8 != stream.size()) throw kraft::Error("phrases: bytes after the end");
    return message;
  }

  kraft::Granularity granularity() const override { return kraft::Granularity::bit; }
};

}  // namespace

int main(int argc, char** argv) try {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "the cat sat on the mat and the rat sat on the cat. ";
  if (argc > 1) {
    std::ifstream file(argv[1], std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(file), {});
    if (text.empty()) throw kraft::Error(std::string(argv[1]) + ": nothing to read");
  }
  const ByteView context = kraft::as_bytes(text);

  const std::shared_ptr<const kraft::Codec> codec = std::make_shared<Lz78>();
  const Bytes stream = codec->encode(context);
  if (kraft::as_text(codec->decode(stream)) != text) throw kraft::Error("phrases: not lossless");
  std::printf("%zu bytes in %zu\n", text.size(), stream.size());

  kraft::register_codec("phrases", "phrases seen before, and a byte more", codec);
  const auto state = kraft::make_model("product:phrases^0.5,ngram:2")->start(context);
  const auto sampler = kraft::make_sampler("ancestral", {.temperature = 0.5});
  kraft::Random random(/*seed=*/1);
  const Bytes drawn = kraft::sample(*sampler, *state, kraft::Candidates::seen(context),
                                    {.length_bytes = 60, .history = context}, random);
  std::printf("%.*s\n", static_cast<int>(drawn.size()), kraft::as_text(drawn).data());
} catch (const std::exception& error) {
  std::fprintf(stderr, "custom_codec: %s\n", error.what());
  return 1;
}
