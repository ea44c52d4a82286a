// xz and lzma to fractions of a bit. Two truths: the bytes that one stock encoder writes for the
// whole message, flushed at the same place; and the number of code values that the stock decoder
// decodes to that message.

#include <gtest/gtest.h>
#include <lzma.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <set>

#include "codecs/messages.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "models/lzma/engine.h"

namespace kraft::lzma {
namespace {

lzma_options_lzma options_of(std::uint32_t preset, std::uint32_t dictionary_bytes = 1 << 16) {
  lzma_options_lzma options;
  lzma_lzma_preset(&options, preset);
  options.dict_size = dictionary_bytes;
  return options;
}

// A raw LZMA2 coder of the stock library.
class Stock {
 public:
  Stock(lzma_options_lzma options, bool encoder) : options_(options) {
    const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options_}, {LZMA_VLI_UNKNOWN, nullptr}};
    const lzma_ret result =
        encoder ? lzma_raw_encoder(&stream_, filters) : lzma_raw_decoder(&stream_, filters);
    if (result != LZMA_OK) throw Error("liblzma");
  }
  Stock(const Stock&) = delete;
  ~Stock() { lzma_end(&stream_); }

  void encode(ByteView input, lzma_action action, Bytes& out) {
    const std::size_t before = out.size();
    out.resize(before + lzma_stream_buffer_bound(input.size()) + (1 << 16));
    stream_.next_in = input.data();
    stream_.avail_in = input.size();
    stream_.next_out = out.data() + before;
    stream_.avail_out = out.size() - before;
    EXPECT_EQ(lzma_code(&stream_, action), LZMA_STREAM_END);
    out.resize(out.size() - stream_.avail_out);
  }

  // The first bytes of the message. What the stream holds after them may be damaged: a chunk whose
  // code is not its interval's lower end is refused, but only once it has been decoded.
  Bytes decode(ByteView input, std::size_t message_bytes) {
    Bytes out(message_bytes);
    stream_.next_in = input.data();
    stream_.avail_in = input.size();
    stream_.next_out = out.data();
    stream_.avail_out = out.size();
    while (stream_.avail_out > 0 && lzma_code(&stream_, LZMA_RUN) == LZMA_OK) {
    }
    out.resize(out.size() - stream_.avail_out);
    return out;
  }

 private:
  lzma_options_lzma options_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

Bytes stock_stream(const lzma_options_lzma& options, ByteView message, std::uint64_t flush) {
  Stock encoder(options, true);
  Bytes stream;
  if (flush > 0) encoder.encode(message.first(flush), LZMA_SYNC_FLUSH, stream);
  encoder.encode(message.subspan(flush), LZMA_FINISH, stream);
  return stream;
}

struct Chunk {
  std::size_t payload_at, payload_bytes;
  std::size_t message_end;
  bool stored;
};

std::vector<Chunk> chunks_of(ByteView stream) {
  std::vector<Chunk> chunks;
  std::size_t message_end = 0;
  for (std::size_t at = 0; stream[at] != 0;) {
    const bool stored = stream[at] < 0x80;
    const std::size_t header = stored ? 3 : stream[at] < 0xC0 ? 5 : 6;
    const std::size_t high = stored ? 0 : stream[at] & 31u;
    const std::size_t bytes = (high << 16) + (stream[at + 1] << 8) + stream[at + 2] + 1;
    const std::size_t payload =
        stored ? bytes : static_cast<std::size_t>(stream[at + 3] << 8) + stream[at + 4] + 1;
    message_end += bytes;
    chunks.push_back({at + header, payload, message_end, stored});
    at += header + payload;
  }
  return chunks;
}

// The stream with `increment` added to the number that the chunk's payload is.
Bytes with_code(Bytes stream, const Chunk& chunk, std::uint64_t increment) {
  for (std::size_t i = chunk.payload_bytes; i-- > 0 && increment > 0;) {
    increment += stream[chunk.payload_at + i];
    stream[chunk.payload_at + i] = static_cast<Byte>(increment);
    increment >>= 8;
  }
  return stream;
}

// 8 (k - 1) - log2(D + 1), by searching with the stock decoder for the largest D.
double searched_bits(const lzma_options_lzma& options, const Bytes& stream, const Chunk& chunk,
                     ByteView message) {
  const auto decodes = [&](std::uint64_t increment) {
    Stock decoder(options, false);
    const Bytes out = decoder.decode(with_code(stream, chunk, increment), chunk.message_end);
    return std::ranges::equal(out, message.first(chunk.message_end));
  };
  std::uint64_t good = 0, bad = std::uint64_t{1} << 33;
  EXPECT_TRUE(decodes(good));
  while (bad - good > 1) {
    const std::uint64_t middle = (good + bad) / 2;
    (decodes(middle) ? good : bad) = middle;
  }
  return 8.0 * static_cast<double>(chunk.payload_bytes - 1) -
         std::log2(static_cast<double>(good + 1));
}

// Text, noise, nothing, a picture's gradient with noise, and all of them one after the other.
std::vector<Bytes> inputs(std::size_t size) {
  Bytes picture(size);
  Random random(3);
  for (std::size_t i = 0; i < size; ++i)
    picture[i] = static_cast<Byte>(i % 97 + i / 97 + random.below(6));
  std::vector<Bytes> all = {real_text(size), random_bytes(size, 5), Bytes(size, 0), picture};
  Bytes mixed;
  for (const Bytes& bytes : all) append(mixed, ByteView(bytes).first(size / 4));
  all.push_back(mixed);
  return all;
}

bool quick() { return std::getenv("KRAFT_QUICK") != nullptr; }

Length measured(Engine& engine, ByteView message, std::uint64_t flush) {
  const auto start = engine.start();
  const Engine::Task task{.from = start.get(),
                          .flush = flush > 0 ? std::optional(flush) : std::nullopt,
                          .text = {.begin = 0,
                                   .context = message.first(message.size() / 2),
                                   .continuation = message.subspan(message.size() / 2)}};
  Length length;
  engine.lengths({&task, 1}, {&length, 1});
  return length;
}

TEST(LzmaArena, TheLinkedLibraryCanBeRewound) { EXPECT_TRUE(rewind_self_check()); }

TEST(LzmaReader, FindsTheIntervalsThatASearchWithTheStockDecoderFinds) {
  for (const std::uint32_t preset : {0u, 2u, 6u, 6u | LZMA_PRESET_EXTREME}) {
    lzma_options_lzma options = options_of(preset);
    if (preset == 2) options.lc = 0, options.lp = 3, options.pb = 4;
    Engine engine(options, 1, {});
    for (const Bytes& message : inputs(2600)) {
      for (const std::size_t size :
           {std::size_t{1}, std::size_t{40}, std::size_t{1500}, message.size()}) {
        // Ends every chunk with a byte that cannot be copied: of a match, a code beyond its
        // interval is a longer match, of which the chunk's end is all the same.
        Bytes part(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size));
        const std::uint64_t flush = size < 1500 ? 0 : size - 70;
        if (flush > 0) part[flush - 1] = 0xF9;
        part.back() = 0xF8;
        const Bytes stream = stock_stream(options, part, flush);
        double bits = 0;
        std::size_t before = 0;
        for (const Chunk& chunk : chunks_of(stream)) {
          if (chunk.stored) {
            bits += 8.0 * static_cast<double>(chunk.message_end - before);
          } else {
            const double searched = searched_bits(options, stream, chunk, part);
            EXPECT_EQ(std::ceil(searched / 8) + 4, static_cast<double>(chunk.payload_bytes));
            bits += searched;
          }
          before = chunk.message_end;
        }
        EXPECT_NEAR(measured(engine, part, flush).bits, bits, 1e-6) << preset << " " << size;
      }
    }
  }
}

TEST(LzmaReader, RefusesWhatDoesNotCodeTheMessage) {
  const lzma_options_lzma options = options_of(1);
  const Bytes message = real_text(3000);
  const Bytes stream = stock_stream(options, message, 0);
  const auto read = [&](ByteView what, ByteView text) {
    Reader reader(options.lc, options.lp, options.pb);
    reader.read(what, {.begin = 0, .context = text});
    return reader.position_bytes();
  };
  EXPECT_EQ(read(stream, message), message.size());
  Random random(2);
  for (int i = 0; i < 2000; ++i) {
    Bytes damaged = stream;
    damaged[random.below(stream.size())] ^= static_cast<Byte>(1 + random.below(255));
    // Only the byte that says what is reset may be changed without a difference.
    if (std::ranges::equal(ByteView(damaged).subspan(1), ByteView(stream).subspan(1))) continue;
    EXPECT_THROW(read(damaged, message), Error);
  }
  EXPECT_THROW(read(ByteView(stream).first(stream.size() - 2), message), Error);
  EXPECT_THROW(read(stream, ByteView(message).first(2999)), Error);
}

TEST(LzmaEngine, RewindingGivesTheBytesOfRecompression) {
  Random random(1);
  const std::size_t size = quick() ? 6000 : 12000;
  for (const std::uint32_t preset : {0u, 1u, 3u, 4u, 6u, 9u}) {
    const lzma_options_lzma options = options_of(preset, preset == 1 ? 4096 : 1 << 16);
    Engine engine(options, 2, {});
    for (const Bytes& message : inputs(size)) {
      auto trailing = engine.start();
      for (std::uint64_t at = 0; at < size;) {
        at = std::min<std::uint64_t>(size, at + 1 + random.below(size / 3));
        const Text text{.begin = 0, .context = ByteView(message).first(at)};
        trailing = engine.advance(*trailing, text, far_flush(at), false);
        const std::uint64_t tail = 16 + random.below(200);
        const std::uint64_t flush = near_flush(at, tail);
        const auto flushed =
            flush == 0 ? engine.start() : engine.advance(*trailing, text, flush, true);
        std::vector<Bytes> continuations = {{}, {'e'}, {0}, random_bytes(3, at)};
        for (const std::size_t bytes : {std::size_t{50}, std::size_t{300}}) {
          const auto from = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(at, size - bytes));
          continuations.emplace_back(message.begin() + from,
                                     message.begin() + from + static_cast<std::ptrdiff_t>(bytes));
        }
        std::vector<Engine::Task> tasks;
        for (const Bytes& c : continuations)
          tasks.push_back({.from = flushed.get(), .flush = {}, .text = {0, text.context, c}});
        std::vector<Length> lengths(tasks.size());
        engine.lengths(tasks, lengths);
        for (std::size_t i = 0; i < continuations.size(); ++i) {
          Bytes whole(text.context.begin(), text.context.end());
          append(whole, continuations[i]);
          EXPECT_EQ(lengths[i].stream_bytes, stock_stream(options, whole, flush).size());
          EXPECT_EQ(lengths[i].bits, measured(engine, whole, flush).bits);
        }
      }
    }
  }
}

TEST(LzmaEngine, LongContextsThatMoveTheEncodersWindowAreStillExact) {
  const lzma_options_lzma options = options_of(0);
  const Bytes message = synthetic_text(1500000);
  const auto model = make_model("xz:0", {.threads = 1});
  const auto state = model->start();
  Engine engine(options, 1, {});
  const double container_bits = state->context_bits();
  Random random(4);
  for (std::size_t at = 0; at + 400000 < message.size();) {
    const std::size_t next = at + 100000 + random.below(200000);
    state->observe(ByteView(message).subspan(at, next - at));
    at = next;
    const Length whole = measured(engine, ByteView(message).first(at), near_flush(at, 64));
    EXPECT_NEAR(state->context_bits(), whole.bits + container_bits, 1e-6);
    EXPECT_EQ(whole.stream_bytes,
              stock_stream(options, ByteView(message).first(at), near_flush(at, 64)).size());
  }
}

// A candidate may make the encoder move its window; the next one finds it moved, and must measure
// as if it were not. Between two others an image is restored as a whole.
TEST(LzmaEngine, MovingTheWindowLeavesNoTrace) {
  const lzma_options_lzma options = options_of(0, 1 << 15);
  const Bytes message = synthetic_text(700000);
  Engine engine(options, 1, {});
  const auto start = engine.start();
  const auto at = [&](std::uint64_t n) { return Text{0, ByteView(message).first(n)}; };
  auto trailing = start;
  const Bytes continuations[] = {{}, {'e'}, {0}, real_text(40), real_text(500)};
  for (std::uint64_t n = 550000; n < 592000; n += n < 585000 ? 5000 : 100) {
    trailing = engine.advance(*trailing, at(n), n - 4000, false);
    const auto flushed = engine.advance(*trailing, at(n), n - 70, true);
    std::vector<Engine::Task> tasks, apart;
    for (const Bytes& c : continuations) {
      tasks.push_back({flushed.get(), {}, {0, at(n).context, c}});
      apart.push_back(tasks.back());
      apart.push_back({start.get(), {}, {0, at(10).context}});
    }
    std::vector<Length> together(tasks.size()), alone(apart.size());
    engine.lengths(tasks, together);
    engine.lengths(apart, alone);
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      EXPECT_EQ(together[i].bits, alone[2 * i].bits) << n;
      EXPECT_EQ(together[i].stream_bytes, alone[2 * i].stream_bytes) << n;
    }
  }
}

TEST(LzmaModel, ALengthDoesNotDependOnHowItWasReached) {
  for (const char* spec : {"xz:0,tail=16", "xz:6,dict=4KiB", "lzma:3,tail=300"}) {
    const auto model = make_model(spec, {.threads = 2});
    for (const Bytes& message : inputs(9000)) {
      const auto state = model->start();
      Random random(6);
      const auto advance = [&](std::size_t most) {
        const auto left = message.size() - static_cast<std::size_t>(state->position_bytes());
        const std::size_t bytes = std::min<std::size_t>(left, random.below(most));
        state->observe(ByteView(message).subspan(state->position_bytes(), bytes));
      };
      const auto check = [&] {
        const auto n = static_cast<std::size_t>(state->position_bytes());
        const std::size_t more = std::min<std::size_t>(message.size() - n, random.below(700));
        const ByteView rest = ByteView(message).subspan(n, more);
        double bits = 0;
        state->measure({&rest, 1}, {&bits, 1});
        const auto whole = model->start(ByteView(message).first(n + more));
        EXPECT_NEAR(state->context_bits() + bits, whole->context_bits(), 1e-6) << spec << " " << n;
      };
      for (int round = 0; round < (quick() ? 3 : 6); ++round) {
        advance(2500);
        const Mark outer = state->mark();
        advance(3000);
        check();
        const Mark inner = state->mark();
        advance(100);
        check();
        state->rewind(inner);
        check();
        const auto copy = state->clone();
        state->rewind(outer);
        check();
        EXPECT_NEAR(copy->context_bits(),
                    model->start(ByteView(message).first(copy->position_bytes()))->context_bits(),
                    1e-6);
        state->forget(outer);
      }
    }
  }
}

TEST(LzmaModel, TellsTheBytesApartThatWholeBytesCannot) {
  const Bytes text = real_text(60000);
  const auto distinct = [&](const char* spec) {
    std::array<double, 256> bits;
    make_model(spec)->start(ByteView(text).first(quick() ? 8000 : 60000))->next_byte(bits);
    return std::set<double>(bits.begin(), bits.end()).size();
  };
  EXPECT_GE(distinct("xz:0"), 40u);
  EXPECT_GE(distinct("xz"), 40u);
  EXPECT_GE(distinct("lzma:9"), 40u);
  EXPECT_LE(distinct("xz:0,bits=byte"), 8u);
}

TEST(LzmaModel, TheWholeTextCostsWhatTheCodecTakes) {
  const Bytes text = real_text(50000);
  for (const std::string spec : {"xz:1", "xz:6", "lzma:6"}) {
    const double codec_bits = make_codec(spec)->encoder()->code_length(text);
    EXPECT_NEAR(make_model(spec)->start(text)->context_bits(), codec_bits, 0.005 * codec_bits);
  }
}

TEST(LzmaModel, ItGrowsAsTheCodecsOwnStreamDoes) {
  const Bytes text = real_text(60000);
  const ByteView context = ByteView(text).first(30000);
  for (const std::string spec : {"xz:1", "xz:6"}) {
    const auto codec = make_codec(spec)->encoder();
    const double codec_bits = codec->code_length(text) - codec->code_length(context);
    const auto state = make_model(spec)->start(context);
    const double before_bits = state->context_bits();
    state->observe(ByteView(text).subspan(30000));
    EXPECT_NEAR(state->context_bits() - before_bits, codec_bits, 0.01 * codec_bits) << spec;
  }
}

// The distributions cost more than the stream: many bytes could each go on with some match, so that
// the 256 increments make for a Kraft sum above 1. With DEFLATE, to the bit, it is the same.
TEST(LzmaModel, ItsDistributionsCostLittleMoreThanTheCodecTakes) {
  const std::size_t positions = quick() ? 30 : 120, apart = 250;
  const Bytes text = real_text(30000 + positions * apart);
  const auto state = make_model("xz:1")->start(ByteView(text).first(30000));
  double bits = 0;
  for (std::size_t i = 30000; i < text.size(); i += apart) {
    std::array<double, 256> next;
    state->next_byte(next);
    bits += surprisal_bits(next, text[i]) / static_cast<double>(positions);
    state->observe(ByteView(text).subspan(i, apart));
  }
  const auto codec = make_codec("xz:1")->encoder();
  const double codec_bits =
      (codec->code_length(text) - codec->code_length(ByteView(text).first(30000))) /
      static_cast<double>(text.size() - 30000);
  EXPECT_LT(bits, 1.3 * codec_bits);
  EXPECT_GT(bits, 0.8 * codec_bits);
}

TEST(LzmaEngine, LongIncompressibleContextsAreExact) {
  const lzma_options_lzma options = options_of(0, 1 << 15);
  Bytes message = random_bytes(400000, 9);
  append(message, real_text(100000));
  Engine engine(options, 1, {});
  const auto trailing =
      engine.advance(*engine.start(), {0, ByteView(message).first(390000)}, 380000, false);
  const Engine::Task task{trailing.get(),
                          near_flush(message.size(), 64),
                          {0, ByteView(message).first(450000), ByteView(message).subspan(450000)}};
  Length length;
  engine.lengths({&task, 1}, {&length, 1});
  EXPECT_EQ(length.stream_bytes, stock_stream(options, message, *task.flush).size());
  EXPECT_EQ(length.bits, measured(engine, message, *task.flush).bits);
}

TEST(LzmaModel, IncompressibleBytesCostEightBits) {
  const auto state = make_model("xz:3")->start(random_bytes(20000, 8));
  std::array<double, 256> bits;
  state->next_byte(bits);
  for (double b : bits) EXPECT_EQ(b, 8);
  EXPECT_NEAR(state->context_bits(), 8 * 20000, 1000);
}

TEST(LzmaModel, ConflictingParametersAreRefused) {
  EXPECT_THROW(make_model("xz,tail=64,bits=byte"), UsageError);
  EXPECT_THROW(make_model("xz,context=4KiB"), UsageError);
  EXPECT_THROW(make_model("xz,dither=2"), UsageError);
  EXPECT_THROW(make_model("lzma,dict=8MiB"), UsageError);
  EXPECT_EQ(make_model("lzma,dict=8MiB,bits=byte")->granularity(), Granularity::byte);
  EXPECT_EQ(make_model("xz:9e")->granularity(), Granularity::fractional);
  EXPECT_EQ(make_model("xz:9e")->window_bytes(), 65536u);
  EXPECT_EQ(make_model("xz:0,dict=1MiB")->window_bytes(), 1048576u);
}

}  // namespace
}  // namespace kraft::lzma
