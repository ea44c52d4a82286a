// What a distribution over the next byte takes in C++: for benchmarks/python_overhead, which
// compares it with what Python pays.
//
//     next_bench FILE SPEC...
//
// After the first 30,000 bytes of the file, State::next_byte() is called again and again; printed
// is the median of 21 rounds of at least 10 ms, in microseconds of a call: processor time of the
// thread, so that a loaded machine hardly disturbs it.
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "kraft/error.h"
#include "kraft/registry.h"

namespace {

constexpr std::size_t kContextBytes = 30000;
constexpr int kRounds = 21;
constexpr double kLeastSeconds = 0.01;

double now_us() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) * 1e-3;
}

double microseconds_of(kraft::State& state, int calls) {
  std::array<double, 256> bits;
  const double begin = now_us();
  for (int i = 0; i < calls; ++i) state.next_byte(bits);
  return (now_us() - begin) / calls;
}

double median_microseconds(kraft::State& state) {
  int calls = 1;
  while (microseconds_of(state, calls) * calls < 1e6 * kLeastSeconds) calls *= 2;
  std::vector<double> rounds;
  for (int i = 0; i < kRounds; ++i) rounds.push_back(microseconds_of(state, calls));
  std::ranges::sort(rounds);
  return rounds[kRounds / 2];
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) throw kraft::UsageError("usage: next_bench FILE SPEC...");
  std::ifstream file(argv[1], std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (text.size() < kContextBytes) throw kraft::Error(std::string(argv[1]) + " is too short");
  text.resize(kContextBytes);
  for (int i = 2; i < argc; ++i) {
    const auto state = kraft::make_model(argv[i], {.threads = 1})->start(kraft::as_bytes(text));
    std::printf("%.3f %s\n", median_microseconds(*state), argv[i]);
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "next_bench: %s\n", error.what());
  return 1;
}
