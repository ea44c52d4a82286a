// Models: what does each continuation of a context cost, in bits?
//
//     auto model = kraft::make_model("gzip:9");                       // kraft/registry.h
//     auto state = model->start(kraft::as_bytes("It was the best of times, it was the "));
//
//     std::array<double, 256> bits;
//     state->next_byte(bits);                    // l(context + b) - l(context), for every byte b
//     auto p = kraft::probabilities(bits);       // 2^-bits, normalised
//
//     kraft::ByteView both[] = {kraft::as_bytes("worst"), kraft::as_bytes("zebra")};
//     double cost[2];
//     state->measure(both, cost);                // whole strings are measured the same way
//
// Looking ahead is mark, observe, measure, rewind:
//
//     kraft::Mark mark = state->mark();
//     state->observe(kraft::as_bytes("worst of "));
//     state->next_byte(bits);
//     state->rewind(mark);                       // as if nothing had been observed
//     state->forget(mark);                       // and the mark costs no memory any more
//
// A code length is read as a probability by Kraft's inequality (Kraft 1949, McMillan 1956):
// p(c | x) is proportional to 2^-(l(xc) - l(x)). See Deletang et al., "Language Modeling Is
// Compression", ICLR 2024. An increment can be negative: real codecs are not monotone.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kraft/bytes.h"
#include "kraft/geometry.h"
#include "kraft/granularity.h"

namespace kraft {

// A place to come back to in a State.
struct Mark {
  std::uint64_t serial = 0;
};

class IntegerDistribution;  // kraft/coder.h
class StockDecoder;         // kraft/coinflips.h
class UnitState;            // kraft/units.h
class ChoiceState;          // kraft/choices.h

// What has been observed so far. A State belongs to one thread at a time; its owner is the caller.
// States of one model are independent of each other and may be used by different threads at once.
class State {
 public:
  virtual ~State() = default;

  // Appends bytes to the context.
  virtual void observe(ByteView bytes) = 0;

  // Number of bytes observed since the start, those out of the model's sight included.
  virtual std::uint64_t position_bytes() const = 0;

  // l(context), in bits: the length of the whole stream for the last context_bytes() bytes.
  virtual double context_bits() = 0;

  // How many of the last bytes observed context_bits() accounts for.
  virtual std::uint64_t context_bytes() const { return position_bytes(); }

  // Sets bits[i] = l(context + continuations[i]) - l(context). Both spans have the same size;
  // continuations may be empty, equal, or prefixes of each other. Observes nothing.
  virtual void measure(std::span<const ByteView> continuations, std::span<double> bits) = 0;

  // Measures each prefix followed by each byte of the alphabet:
  // bits[p * alphabet.size() + a] = l(context + prefixes[p] + alphabet[a]) - l(context).
  // This is the step of a beam search. The default calls measure().
  virtual void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
                      std::span<double> bits);

  // The increments of all 256 single bytes.
  void next_byte(std::span<double, 256> bits);

  // The same for a coder: the masses of all 256 bytes. By default those that next_byte() gives,
  // rounded; a state of a portable() model has integers that no real number has touched.
  virtual void next_distribution(IntegerDistribution& distribution);

  // What only some models can, for those who ask: null, the default, where this one cannot. Owned
  // by the state.
  virtual UnitState* by_units() { return nullptr; }                      // tokens
  virtual ChoiceState* by_choices() { return nullptr; }                  // codes in integers
  virtual const StockDecoder* stock_decoder() const { return nullptr; }  // to be fed with noise

  // Marks nest: rewinding to a mark, or forgetting it, drops the marks set after it. A mark stays
  // valid when it is rewound to, so that it can be rewound to again. Rewinding to a mark that was
  // dropped throws Error, forgetting it does nothing. A state may keep memory in proportion to what
  // was observed since its oldest mark.
  virtual Mark mark() = 0;
  virtual void rewind(Mark mark) = 0;
  virtual void forget(Mark mark) = 0;

  // An independent copy without marks.
  virtual std::unique_ptr<State> clone() const = 0;
};

// A conditional code. Immutable, and shared between threads.
class Model {
 public:
  virtual ~Model() = default;

  virtual std::unique_ptr<State> start() const = 0;
  std::unique_ptr<State> start(ByteView context) const;

  // How it is called: the specification with the backend's own name and its argument filled in.
  virtual const std::string& spec() const = 0;
  virtual Granularity granularity() const = 0;

  // How far back what comes next can be copied from; nothing if there is no limit. Bytes before
  // that matter to no model but DEFLATE, whose open block counts symbols for longer.
  virtual std::optional<std::uint64_t> window_bytes() const = 0;

  // What its code lengths depend on besides the specification, such as a hash of its weights; empty
  // where the version of the backend's library says it all. May read a whole file.
  virtual std::string fingerprint() const { return {}; }

  // Whether it codes by nothing but integers, so that every machine can read its .kraft files. A
  // model that is made of others asks them, too.
  virtual bool portable() const { return false; }

  // How many numbers were learnt before it saw its context; 0 for what learns from that alone.
  virtual std::uint64_t parameters() const { return 0; }

  // The strings that it predicts one at a time, in the order of their bytes; empty where those are
  // the 256 bytes and nothing is known of them without a context. A language model has its tokens
  // here, of which several may be equal. Single bytes are drawn as bytes; longer units as units,
  // State::by_units().
  virtual std::span<const Bytes> units() const { return {}; }
};

// How a model is made, besides its specification.
struct ModelOptions {
  unsigned threads = 0;    // for measuring (default 0: one per processor)
  Geometry geometry = {};  // of what is to be modelled (default: not known)
  // Asked between compressions, and between pieces of a long string, by any thread; true ends the
  // measuring with a Cancelled. May be empty.
  std::function<bool()> cancelled = {};
};

// p[i] = 2^-bits[i] / sum. Infinite bits mean probability 0; at least one must be finite.
void normalise(std::span<const double> bits, std::span<double> probabilities);
std::vector<double> probabilities(std::span<const double> bits);

// -log2 p[index] of that distribution, exact also where p[index] is too small for a double.
double surprisal_bits(std::span<const double> bits, std::size_t index);

}  // namespace kraft
