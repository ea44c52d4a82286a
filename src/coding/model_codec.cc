// Bytes through a model and a range coder, and any model as a codec.

#include <array>

#include "base/wire.h"
#include "codecs/decoding.h"
#include "kraft/choices.h"
#include "kraft/coder.h"
#include "kraft/error.h"

namespace kraft {
namespace {

// The state's next byte as a distribution of integers.
class NextByte {
 public:
  explicit NextByte(State& state) : state_(state) {}

  const IntegerDistribution& operator()() {
    state_.next_distribution(distribution_);
    return distribution_;
  }

 private:
  State& state_;
  IntegerDistribution distribution_;
};

class ModelEncoder final : public Encoder {
 public:
  explicit ModelEncoder(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

  void encode(ByteView message, Bytes& stream) override {
    stream.clear();
    put_varint(stream, message.size());
    put_u64(stream, checksum(message));
    RangeEncoder coder;
    encode_bytes(*model_->start(), message, coder);
    append(stream, coder.finish());
  }

  double code_length(ByteView message) override {
    const auto state = model_->start();
    if (state->by_choices() != nullptr) {
      state->observe(message);
      return state->context_bits();
    }
    NextByte next(*state);
    double total_bits = 0;
    for (const Byte& byte : message) {
      total_bits += next().bits(byte);
      state->observe({&byte, 1});
    }
    return total_bits;
  }

 private:
  std::shared_ptr<const Model> model_;
};

class ModelCodec final : public Codec {
 public:
  explicit ModelCodec(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<ModelEncoder>(model_);
  }

  Granularity granularity() const override { return Granularity::fractional; }

  Bytes decode(ByteView stream, std::size_t limit_bytes) const override {
    try {
      Pieces pieces(stream);
      const std::uint64_t size = pieces.varint();
      if (size > limit_bytes) fail_too_long(model_->spec(), limit_bytes);
      const std::uint64_t expected = pieces.u64();
      RangeDecoder coder(pieces.rest());
      Bytes message = decode_bytes(*model_->start(), static_cast<std::size_t>(size), coder);
      coder.finish();
      if (checksum(message) != expected) throw Error("the checksum is wrong");
      return message;
    } catch (const Error& error) {
      throw Error(model_->spec() + ": " + error.what());
    }
  }

 private:
  std::shared_ptr<const Model> model_;
};

}  // namespace

void State::next_distribution(IntegerDistribution& distribution) {
  std::array<double, 256> bits;
  next_byte(bits);
  distribution.assign(bits);
}

void encode_bytes(State& state, ByteView message, RangeEncoder& encoder,
                  const CodingProgress& progress) {
  if (ChoiceState* choices = state.by_choices()) {
    choices->encode_all(message, encoder, progress);
    return;
  }
  std::size_t done_bytes = 0;
  NextByte next(state);
  for (const Byte& byte : message) {
    encoder.encode(next(), byte);
    state.observe({&byte, 1});
    if (progress) progress(++done_bytes);
  }
}

Bytes decode_bytes(State& state, std::size_t count, RangeDecoder& decoder,
                   const CodingProgress& progress) {
  Bytes message;
  if (ChoiceState* choices = state.by_choices()) {
    while (message.size() < count) {
      message.push_back(choices->decode(decoder));
      if (progress) progress(message.size());
    }
    return message;
  }
  NextByte next(state);
  while (message.size() < count) {
    const auto byte = static_cast<Byte>(decoder.decode(next()));
    state.observe({&byte, 1});
    message.push_back(byte);
    if (progress) progress(message.size());
  }
  return message;
}

std::shared_ptr<const Codec> codec_of(std::shared_ptr<const Model> model) {
  return std::make_shared<ModelCodec>(std::move(model));
}

}  // namespace kraft
