// PPMd, variant H: prediction by partial matching with information inheritance and secondary escape
// estimation. Dmitry Shkarin, "PPM: one step to practicality", Data Compression Conference 2002;
// the arithmetic (increments, bounds, initial estimates) is that of variant H, which 7-Zip and RAR
// use.
//
// The contexts that have occurred form a tree, each with the bytes that followed it and how often.
// A byte is coded in its longest context; what has not followed there is an escape to the next
// shorter context, in which the bytes seen in the longer one are left out (exclusion). All of it is
// integers: each choice is a share of a small total, the same on every machine.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <span>

#include "kraft/bytes.h"
#include "kraft/coder.h"
#include "models/journaled_memory.h"

namespace kraft::ppmd {

inline constexpr int kLeastOrder = 2, kMostOrder = 64;

class Tree {
 public:
  // Memory of kLeastMemory bytes and more, for text and tree together. A full tree begins anew.
  static constexpr std::size_t kLeastMemory = std::size_t{1} << 20;
  Tree(int order, std::size_t memory_bytes);

  // -log2 of the probability of every byte to come next. O(order * 256).
  void next_byte(std::span<double, 256> bits) const;

  // The same in integers, which sum to less than 2^63.
  void next_weights(std::span<std::uint64_t, 256> weights) const;

  // The same for one byte. O(order * symbols).
  double bits_of(Byte byte) const;

  // Each of these observes a byte; what it costs is returned, or added to `bits`.
  double observe(Byte byte);
  double encode(Byte byte, RangeEncoder& encoder);
  Byte decode(RangeDecoder& decoder, double& bits);

  // Goes to the contexts of what comes behind a byte from which nothing is learnt: no frequency
  // changes; contexts may be made of text that was learnt. The next byte that is learnt from
  // follows, for the tree, the last such one. O(order * symbols).
  void follow(Byte byte);

  struct Place;  // what a mark needs besides the journal
  Place mark();
  void rewind(const Place& place);
  void keep_marks(bool any) { memory_.keep_marks(any); }
  Tree clone() const { return Tree(*this, memory_.clone()); }

 private:
  using Address = JournaledMemory::Address;

  struct Symbol {
    Byte byte = 0;
    std::uint8_t frequency = 0;
    std::uint16_t unused = 0;
    Address successor = 0;  // a context, or a place in the text where one may come to be
  };

  struct Context {
    std::uint16_t symbols = 0;  // how many bytes have followed
    std::uint16_t total = 0;    // of their frequencies and the escape's, where there are several
    Address suffix = 0;         // the context that is a byte shorter; 0: none
    Symbol one;                 // where there is one; else one.successor is the address of them all
  };

  struct Escapes {  // secondary escape estimation: of contexts that are alike
    std::uint16_t sum = 0;
    std::uint8_t shift = 0;
    std::uint8_t count = 0;
  };

  // What the next byte depends on besides the memory.
  struct Cursor {
    Address context = 0;    // where the next byte is looked for first
    Address longest = 0;    // the longest context there is of the bytes so far
    Address found = 0;      // the symbol of the last byte
    int missing_order = 0;  // by how much the context is shorter than the order
    int run_length = 0;     // of bytes that were predicted well, from a negative start
    int previous_success = 0;
    int initial_escape = 0;
    int high_flag = 0;  // 8 where the last byte was 64 or above
  };

  // All that is not in the memory. Kept by value, so that a mark can keep it.
  struct Registers : Cursor {
    Address text = 0;                 // where the next byte of the text goes
    Address free_begin = 0;           // of memory that was never taken
    std::array<Address, 129> free{};  // by units: what was given back, a list for each size
  };

  using Mask = std::array<bool, 256>;

  Tree(const Tree& other, JournaledMemory memory)
      : order_(other.order_),
        heap_begin_(other.heap_begin_),
        memory_(std::move(memory)),
        at_(other.at_),
        learnt_(other.learnt_) {}

  const Context& context(Address address) const { return *memory_.read<Context>(address); }
  Context& write_context(Address address) { return *memory_.write<Context>(address); }
  const Symbol& symbol(Address address) const { return *memory_.read<Symbol>(address); }
  Symbol& write_symbol(Address address) { return *memory_.write<Symbol>(address); }
  static Address one_of(Address context) { return context + 8; }
  Address symbols_of(Address context_address) const {
    const Context& c = context(context_address);
    return c.symbols == 1 ? one_of(context_address) : c.one.successor;
  }
  Address symbols_in(Address context_address) const {  // in bytes
    return context(context_address).symbols * Address{sizeof(Symbol)};
  }
  bool is_context(Address successor) const { return successor >= heap_begin_; }

  void restart();
  Address allocate(unsigned units);  // 0 when there is none
  void release(Address address, unsigned units);
  Address find(Address context_address, Byte byte) const;  // there it must be

  Address binary_estimate(Address context_address, int high_flag) const;
  Address escape_estimate(Address context_address, unsigned masked, int high_flag) const;

  template <class Visitor>
  void visit(Visitor& visitor) const;
  template <class Coder>
  Byte step(Coder& coder);
  // Each codes a byte or its escape: the byte, or -1.
  template <class Coder>
  int code_binary(Coder& coder, Mask& mask);
  template <class Coder>
  int code_first(Coder& coder, Mask& mask);
  template <class Coder>
  int code_masked(Coder& coder, Mask& mask, unsigned masked);

  void move_on();
  int lowest_run_length() const;
  Address behind_found();
  void update_tree();
  void raise_in_suffix(const Symbol& found);
  bool add_symbol(Address context_address, const Symbol& found, unsigned symbols_of_found,
                  unsigned others, Address successor);
  Address create_successors();
  void rescale();

  int order_;
  Address heap_begin_;
  JournaledMemory memory_;
  Registers at_;
  std::optional<Cursor> learnt_;  // while bytes are followed: where learning goes on
};

struct Tree::Place {
  std::size_t journal = 0;
  Registers registers;
  std::optional<Cursor> learnt;
};

}  // namespace kraft::ppmd
