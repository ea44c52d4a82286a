// The twin against zlib on inputs that a fuzzer makes up. The first bytes choose the parameters and
// where the context ends, the rest is a little program that writes the message: literals and copies
// of what was written before, so that a short input reaches full blocks and sliding windows.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "models/deflate/twin.h"
#include "models/deflate_truth.h"

namespace {

using kraft::Byte;
using kraft::Bytes;
using kraft::ByteView;
using kraft::deflate::Parameters;
using kraft::deflate::Truth;
using kraft::deflate::Twin;

constexpr std::size_t kLongest = 80000;

// Hands out the fuzzer's bytes, zeros behind their end.
class Script {
 public:
  Script(const Byte* data, std::size_t size) : data_(data), left_(size) {}

  bool empty() const { return left_ == 0; }
  std::uint32_t byte() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  std::uint32_t word() {
    const std::uint32_t low = byte();
    return low | byte() << 8;
  }

 private:
  const Byte* data_;
  std::size_t left_;
};

Parameters read_parameters(Script& script) {
  Parameters p;
  p.level = static_cast<int>(1 + script.byte() % 9);
  // The smallest windows and blocks have the most edges.
  const std::uint32_t sizes = script.byte();
  p.window_bits = sizes & 1 ? 9 : static_cast<int>(9 + (sizes >> 1) % 7);
  p.mem_level = sizes & 16 ? 1 : static_cast<int>(1 + (sizes >> 5) % 9);
  const std::uint32_t strategy = script.byte();
  p.strategy = strategy < 128 ? 0 : static_cast<int>(strategy % 5);
  return p;
}

Bytes read_message(Script& script) {
  Bytes message;
  while (!script.empty() && message.size() < kLongest) {
    const std::uint32_t op = script.byte();
    if (op < 160 || message.empty()) {
      for (std::uint32_t i = 0; i <= op % 16 && !script.empty(); ++i) {
        message.push_back(static_cast<Byte>(script.byte()));
      }
    } else if (op < 224) {  // a copy
      const std::size_t from = message.size() - 1 - script.word() % message.size();
      const std::size_t length = 1 + (op % 32) * (op < 192 ? 1 : 10);
      for (std::size_t i = 0; i < length; ++i) message.push_back(message[from + i]);
    } else if (op < 240) {  // noise
      std::uint32_t state = script.byte() + 1;
      const std::uint32_t alphabet = 1 + script.byte();
      for (std::uint32_t i = 0; i < (op % 16 + 1) * 64; ++i) {
        state = state * 1664525 + 1013904223;
        message.push_back(static_cast<Byte>((state >> 16) % alphabet));
      }
    } else {  // a run
      message.insert(message.end(), (op % 16) * 260 + script.byte(), static_cast<Byte>(op));
    }
  }
  message.resize(std::min(message.size(), kLongest));
  return message;
}

void check(Truth& truth, const Parameters& p, ByteView context, ByteView continuation,
           std::uint64_t bits, const char* what) {
  Bytes message(context.begin(), context.end());
  kraft::append(message, continuation);
  const std::uint64_t expected = truth.bits(message);
  if (expected == bits) return;
  std::fprintf(stderr,
               "%s: zlib %llu bits, twin %llu; level %d window_bits %d mem_level %d strategy %d, "
               "context of %zu bytes, continuation of %zu\n",
               what, static_cast<unsigned long long>(expected),
               static_cast<unsigned long long>(bits), p.level, p.window_bits, p.mem_level,
               p.strategy, context.size(), continuation.size());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script(data, size);
  const Parameters p = read_parameters(script);
  const std::uint32_t split = script.word();
  const std::uint32_t piece = script.byte() + 1;
  const Bytes message = read_message(script);
  // Splits near the end leave room for what follows.
  const std::size_t tail = std::min<std::size_t>(message.size(), split % 1024);
  const ByteView context = ByteView(message).first(message.size() - tail);
  const ByteView following = ByteView(message).last(tail);

  Truth truth(p);
  Twin twin(p);
  for (ByteView rest = context; !rest.empty();) {
    const std::size_t n =
        std::min<std::size_t>(rest.size(), piece > 200 ? rest.size() : 40 * piece);
    twin.observe(rest.first(n));
    rest = rest.subspan(n);
  }
  check(truth, p, context, {}, twin.bits(), "bits");

  std::array<std::uint64_t, 256> next;
  twin.next_byte(next);
  const std::array<Byte, 3> tried = {following.empty() ? Byte{0} : following[0],
                                     context.empty() ? Byte{1} : context.back(),
                                     static_cast<Byte>(split >> 8)};
  for (const Byte byte : tried) check(truth, p, context, {&byte, 1}, next[byte], "next_byte");

  const std::array<ByteView, 4> followings = {following, following.first(tail / 2),
                                              following.first(tail / 3), following.last(tail / 2)};
  std::array<std::uint64_t, 4> measured;
  twin.measure(followings, measured);
  for (std::size_t i = 0; i < followings.size(); ++i) {
    check(truth, p, context, followings[i], measured[i], "measure");
  }

  const kraft::Mark mark = twin.mark();
  twin.observe(following);
  Twin copy = twin;
  twin.rewind(mark);
  if (split & 1) twin.forget(mark);
  check(truth, p, context, following, copy.bits(), "copy");

  const std::array<ByteView, 2> prefixes = {following.first(std::min<std::size_t>(tail, 20)),
                                            following.first(std::min<std::size_t>(tail, 3))};
  std::array<std::uint64_t, 6> extended;
  twin.extend(prefixes, tried, extended);
  for (std::size_t i = 0; i < 6; ++i) {
    Bytes continuation(prefixes[i / 3].begin(), prefixes[i / 3].end());
    continuation.push_back(tried[i % 3]);
    check(truth, p, context, continuation, extended[i], "extend");
  }
  return 0;
}
