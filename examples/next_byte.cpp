// What does a compressor expect next? Prints the ten cheapest next bytes after a text.
//
//     next_byte [MODEL [TEXT]]
//
// Introduces models and states: make_model, start, next_byte, probabilities.
#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <numeric>

#include "kraft/model.h"
#include "kraft/registry.h"

int main(int argc, char** argv) try {
  const char* spec = argc > 1 ? argv[1] : "gzip:9";
  const char* text = argc > 2 ? argv[2] : "She sells sea shells by the sea shore. She sells sea ";

  // A state has observed a context, and can say what every continuation of it would cost in bits.
  const auto model = kraft::make_model(spec);
  const auto state = model->start(kraft::as_bytes(text));
  std::array<double, 256> bits;
  state->next_byte(bits);

  // Code lengths are probabilities: p(b) is proportional to 2^-bits(b).
  const std::vector<double> p = kraft::probabilities(bits);

  std::array<int, 256> order;
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return bits[a] < bits[b]; });

  std::printf("%s, after \"%s\":\n", model->spec().c_str(), text);
  for (int byte : std::span(order).first(10)) {
    std::printf("  0x%02x %c  %+6.1f bits  %5.1f %%\n", byte, byte >= 32 && byte < 127 ? byte : ' ',
                bits[byte], 100 * p[byte]);
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "next_byte: %s\n", error.what());
  return 1;
}
