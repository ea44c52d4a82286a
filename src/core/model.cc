#include "kraft/model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kraft/error.h"

namespace kraft {

void State::extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
                   std::span<double> bits) {
  Bytes storage;
  std::size_t total_bytes = 0;
  for (ByteView prefix : prefixes) total_bytes += (prefix.size() + 1) * alphabet.size();
  storage.reserve(total_bytes);  // the views below must not move

  std::vector<ByteView> continuations;
  continuations.reserve(prefixes.size() * alphabet.size());
  for (ByteView prefix : prefixes) {
    for (Byte byte : alphabet) {
      const std::size_t begin = storage.size();
      append(storage, prefix);
      storage.push_back(byte);
      continuations.push_back(ByteView(storage).subspan(begin, prefix.size() + 1));
    }
  }
  measure(continuations, bits);
}

void State::next_byte(std::span<double, 256> bits) {
  std::array<Byte, 256> alphabet;
  std::iota(alphabet.begin(), alphabet.end(), Byte{0});
  const ByteView nothing;
  extend({&nothing, 1}, alphabet, bits);
}

std::unique_ptr<State> Model::start(ByteView context) const {
  std::unique_ptr<State> state = start();
  state->observe(context);
  return state;
}

namespace {

double least_of(std::span<const double> bits) {
  double least = std::numeric_limits<double>::infinity();
  for (double b : bits) least = std::min(least, b);
  if (!std::isfinite(least)) throw Error("no continuation is possible under this model");
  return least;
}

}  // namespace

void normalise(std::span<const double> bits, std::span<double> probabilities) {
  const double least = least_of(bits);
  double sum = 0;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    probabilities[i] = std::exp2(least - bits[i]);
    sum += probabilities[i];
  }
  for (double& p : probabilities) p /= sum;
}

std::vector<double> probabilities(std::span<const double> bits) {
  std::vector<double> p(bits.size());
  normalise(bits, p);
  return p;
}

double surprisal_bits(std::span<const double> bits, std::size_t index) {
  const double least = least_of(bits);
  double sum = 0;
  for (double b : bits) sum += std::exp2(least - b);
  return bits[index] - least + std::log2(sum);
}

}  // namespace kraft
