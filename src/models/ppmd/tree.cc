#include "models/ppmd/tree.h"
#include "base/portable_log2.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kraft/error.h"

namespace kraft::ppmd {
namespace {

using Address = JournaledMemory::Address;

constexpr unsigned kUnitBytes = 16;  // a context, or two symbols
constexpr unsigned kMostUnits = 128;
constexpr int kMostFrequency = 124;
constexpr int kPeriodBits = 7;  // how slowly estimates of escapes move
constexpr int kBinaryBits = kPeriodBits + 7;
constexpr std::uint32_t kBinaryScale = 1 << kBinaryBits;

// Where the tables lie: of binary contexts, a page; then of escapes.
constexpr unsigned kBinaryColumns = 64, kBinaryRows = 128;
constexpr Address kBinaryTable = 0;
constexpr Address kEscapeTable = JournaledMemory::kPageBytes;
constexpr unsigned kEscapeColumns = 16, kEscapeRows = 25;
constexpr Address kText = 2 * JournaledMemory::kPageBytes;

constexpr std::uint16_t kInitialBinaryEscapes[8] = {0x3CDD, 0x1F3F, 0x59BF, 0x48F3,
                                                    0x64A1, 0x5ABC, 0x6632, 0x6051};
constexpr std::uint8_t kEscapeAfterBinary[16] = {25, 14, 9, 7, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2};

constexpr int high_flag_of(Byte byte) { return byte >= 0x40 ? 8 : 0; }

// Contexts by how many symbols their suffix has, for the table of binary ones.
constexpr unsigned class_of_suffix(unsigned symbols) {
  return symbols == 1 ? 0 : symbols == 2 ? 2 : symbols <= 11 ? 4 : 6;
}

// Classes of how many symbols are left: 0, 1, 2 for one, two, three, then ever longer runs.
constexpr std::array<std::uint8_t, 256> make_escape_classes() {
  std::array<std::uint8_t, 256> classes{};
  unsigned value = 0;
  for (; value < 3; ++value) classes[value] = static_cast<std::uint8_t>(value);
  unsigned left = 1;
  for (std::size_t i = 3; i < classes.size(); ++i) {
    classes[i] = static_cast<std::uint8_t>(value);
    if (--left == 0) left = ++value - 2;
  }
  return classes;
}
constexpr auto kEscapeClasses = make_escape_classes();

constexpr std::uint32_t mean_of(std::uint32_t estimate) {
  return (estimate + (1u << (kPeriodBits - 2))) >> kPeriodBits;
}

constexpr unsigned units_of(unsigned symbols) { return (symbols + 1) / 2; }

// What is done with a choice: of a symbol against all others, or of one among several and the
// escape
// (-1). Masses are shares of a total, and `sum` is that of the symbols.
struct Choosing {
  double bits = 0;  // of the choices so far
  void spend(std::uint32_t mass, std::uint32_t total) {
    bits += portable_log2(static_cast<double>(total) / mass);
  }
};

struct Observing : Choosing {
  Byte byte = 0;

  void code(std::uint32_t, std::uint32_t mass, std::uint32_t total) { spend(mass, total); }

  template <class Self>
  static bool is(Self& self, Byte symbol, std::uint32_t mass, std::uint32_t total) {
    const bool same = symbol == self.byte;
    self.code(same ? 0 : mass, same ? mass : total - mass, total);
    return same;
  }
  template <class Self, class Symbols>
  static int among(Self& self, const Symbols& symbols, std::uint32_t sum, std::uint32_t total) {
    std::uint32_t before = 0;
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      const auto& [symbol, mass] = symbols[i];
      if (symbol == self.byte) {
        self.code(before, mass, total);
        return static_cast<int>(i);
      }
      before += mass;
    }
    self.code(sum, total - sum, total);
    return -1;
  }
};

struct Encoding : Observing {
  RangeEncoder& encoder;

  explicit Encoding(RangeEncoder& to) : encoder(to) {}
  void code(std::uint32_t before, std::uint32_t mass, std::uint32_t total) {
    spend(mass, total);
    encoder.encode(before, mass, total);
  }
};

struct Decoding : Choosing {
  RangeDecoder& decoder;

  explicit Decoding(RangeDecoder& from) : decoder(from) {}
  void take(std::uint32_t before, std::uint32_t mass, std::uint32_t total) {
    spend(mass, total);
    decoder.take(before, mass, total);
  }
  template <class Self>
  static bool is(Self& self, Byte, std::uint32_t mass, std::uint32_t total) {
    const bool same = self.decoder.target(total) < mass;
    self.take(same ? 0 : mass, same ? mass : total - mass, total);
    return same;
  }
  template <class Self, class Symbols>
  static int among(Self& self, const Symbols& symbols, std::uint32_t sum, std::uint32_t total) {
    const std::uint64_t target = self.decoder.target(total);
    std::uint32_t before = 0;
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      const std::uint32_t mass = symbols[i].second;
      if (target < before + mass) {
        self.take(before, mass, total);
        return static_cast<int>(i);
      }
      before += mass;
    }
    self.take(sum, total - sum, total);
    return -1;
  }
};

// Up to 256 symbols that are considered, with their frequencies.
class Considered {
 public:
  void add(Byte byte, std::uint32_t frequency) { items_[size_++] = {byte, frequency}; }
  std::size_t size() const { return size_; }
  const std::pair<Byte, std::uint32_t>& operator[](std::size_t i) const { return items_[i]; }

 private:
  std::array<std::pair<Byte, std::uint32_t>, 256> items_;
  std::size_t size_ = 0;
};

}  // namespace

Tree::Tree(int order, std::size_t memory_bytes)
    : order_(order), heap_begin_(0), memory_(std::max(memory_bytes, kLeastMemory)) {
  // An eighth for the text, in whole pages.
  const std::size_t pages = memory_.size_bytes() / JournaledMemory::kPageBytes;
  heap_begin_ = kText + static_cast<Address>((pages / 8) * JournaledMemory::kPageBytes);
  restart();
}

void Tree::restart() {
  at_ = {};
  at_.missing_order = order_;
  at_.run_length = lowest_run_length();
  at_.text = kText;
  at_.free_begin = heap_begin_;

  for (unsigned row = 0; row < kBinaryRows; ++row) {
    auto* estimates =
        memory_.write<std::uint16_t>(kBinaryTable + row * kBinaryColumns * 2, kBinaryColumns);
    for (unsigned column = 0; column < kBinaryColumns; ++column)
      estimates[column] =
          static_cast<std::uint16_t>(kBinaryScale - kInitialBinaryEscapes[column % 8] / (row + 2));
  }
  for (unsigned row = 0; row < kEscapeRows; ++row) {
    auto* escapes = memory_.write<Escapes>(kEscapeTable + row * kEscapeColumns * sizeof(Escapes),
                                           kEscapeColumns);
    constexpr std::uint8_t kShift = kPeriodBits - 4;
    std::fill_n(escapes, kEscapeColumns,
                Escapes{static_cast<std::uint16_t>((5 * row + 10) << kShift), kShift, 4});
  }

  const Address root = allocate(1);
  const Address symbols = allocate(kMostUnits);
  auto* all = memory_.write<Symbol>(symbols, 256);
  for (unsigned b = 0; b < 256; ++b) all[b] = {static_cast<Byte>(b), 1, 0, 0};
  Context& context = write_context(root);
  context = {};
  context.symbols = 256;
  context.total = 257;
  context.one = {0, 0, 0, symbols};
  at_.context = at_.longest = root;
  at_.found = symbols;
}

// The rest of a page that an array would leave serves smaller ones.
Address Tree::allocate(unsigned units) {
  if (Address head = at_.free[units]; head != 0) {
    at_.free[units] = *memory_.read<Address>(head);
    return head;
  }
  const Address page_left = static_cast<Address>(JournaledMemory::kPageBytes -
                                                 at_.free_begin % JournaledMemory::kPageBytes);
  if (page_left < units * kUnitBytes) {
    const Address rest = at_.free_begin;
    at_.free_begin += page_left;
    if (rest < memory_.size_bytes()) release(rest, page_left / kUnitBytes);
  }
  if (at_.free_begin + units * kUnitBytes <= memory_.size_bytes())
    return std::exchange(at_.free_begin, at_.free_begin + units * kUnitBytes);
  for (unsigned larger = units + 1; larger <= kMostUnits; ++larger) {
    const Address head = at_.free[larger];
    if (head == 0) continue;
    at_.free[larger] = *memory_.read<Address>(head);
    release(head + units * kUnitBytes, larger - units);
    return head;
  }
  return 0;
}

void Tree::release(Address address, unsigned units) {
  *memory_.write<Address>(address) = at_.free[units];
  at_.free[units] = address;
}

int Tree::lowest_run_length() const { return -std::min(order_, 12) - 1; }

Address Tree::find(Address context_address, Byte byte) const {
  Address at = symbols_of(context_address);
  while (symbol(at).byte != byte) at += sizeof(Symbol);
  return at;
}

Address Tree::binary_estimate(Address context_address, int high_flag) const {
  const Context& c = context(context_address);
  const unsigned column =
      static_cast<unsigned>(at_.previous_success) + class_of_suffix(context(c.suffix).symbols) +
      static_cast<unsigned>(high_flag) + 2 * static_cast<unsigned>(high_flag_of(c.one.byte)) +
      (static_cast<unsigned>(at_.run_length >> 26) & 0x20);
  return kBinaryTable + ((c.one.frequency - 1u) * kBinaryColumns + column) * 2;
}

Address Tree::escape_estimate(Address context_address, unsigned masked, int high_flag) const {
  const Context& c = context(context_address);
  const unsigned left = c.symbols - masked;
  const unsigned column = (left < context(c.suffix).symbols - unsigned{c.symbols} ? 1 : 0) +
                          (c.total < 11u * c.symbols ? 2 : 0) + (masked > left ? 4 : 0) +
                          static_cast<unsigned>(high_flag);
  return kEscapeTable + (kEscapeClasses[left - 1] * kEscapeColumns + column) * sizeof(Escapes);
}

template <class Coder>
int Tree::code_binary(Coder& coder, Mask& mask) {
  const Address one = one_of(at_.context);
  at_.high_flag = high_flag_of(symbol(at_.found).byte);
  const Address place = binary_estimate(at_.context, at_.high_flag);
  const std::uint16_t estimate = *memory_.read<std::uint16_t>(place);
  auto& next = *memory_.write<std::uint16_t>(place);
  const Byte byte = symbol(one).byte;
  if (Coder::is(coder, byte, estimate, kBinaryScale)) {
    next = static_cast<std::uint16_t>(estimate + (1 << kPeriodBits) - mean_of(estimate));
    if (symbol(one).frequency < 128) ++write_symbol(one).frequency;
    at_.found = one;
    at_.previous_success = 1;
    ++at_.run_length;
    move_on();
    return byte;
  }
  next = static_cast<std::uint16_t>(estimate - mean_of(estimate));
  at_.initial_escape = kEscapeAfterBinary[next >> 10];
  mask[byte] = true;
  at_.previous_success = 0;
  return -1;
}

template <class Coder>
int Tree::code_first(Coder& coder, Mask& mask) {
  const Context& c = context(at_.context);
  const Address symbols = c.one.successor;
  const unsigned count = c.symbols;
  Considered considered;
  std::uint32_t sum = 0;
  const Symbol* all = memory_.read<Symbol>(symbols);
  for (unsigned i = 0; i < count; ++i) {
    considered.add(all[i].byte, all[i].frequency);
    sum += all[i].frequency;
  }
  const std::uint32_t total = count == 256 ? sum : c.total;  // from all bytes there is no escape
  const int index = Coder::among(coder, considered, sum, total);
  if (index < 0) {
    at_.high_flag = high_flag_of(symbol(at_.found).byte);
    for (unsigned i = 0; i < count; ++i) mask[all[i].byte] = true;
    at_.previous_success = 0;
    return -1;
  }
  Address found = symbols + static_cast<Address>(index) * sizeof(Symbol);
  if (index == 0) {
    at_.previous_success = 2 * all[0].frequency > c.total ? 1 : 0;
    at_.run_length += at_.previous_success;
  } else {
    at_.previous_success = 0;
  }
  write_context(at_.context).total += 4;
  write_symbol(found).frequency += 4;
  if (index > 0 && symbol(found).frequency > symbol(found - sizeof(Symbol)).frequency) {
    found -= sizeof(Symbol);
    auto* pair = memory_.write<Symbol>(found, 2);
    std::swap(pair[0], pair[1]);
  }
  at_.found = found;
  if (symbol(found).frequency > kMostFrequency) rescale();
  move_on();
  return considered[static_cast<std::size_t>(index)].first;
}

template <class Coder>
int Tree::code_masked(Coder& coder, Mask& mask, unsigned masked) {
  const Context& c = context(at_.context);
  const Address symbols = symbols_of(at_.context);
  const unsigned count = c.symbols;
  // Where all symbols are, there is no escape.
  const bool whole = count == 256;
  const Address place = whole ? 0 : escape_estimate(at_.context, masked, at_.high_flag);
  std::uint32_t escape = 0;
  if (!whole) {
    Escapes& escapes = *memory_.write<Escapes>(place);
    escape = escapes.sum >> escapes.shift;
    escapes.sum = static_cast<std::uint16_t>(escapes.sum - escape);
    if (escape == 0) escape = 1;
  }

  Considered considered;
  std::array<std::uint8_t, 256> indexes;
  std::uint32_t sum = 0;
  const Symbol* all = memory_.read<Symbol>(symbols);
  for (unsigned i = 0; i < count; ++i) {
    if (mask[all[i].byte]) continue;
    indexes[considered.size()] = static_cast<std::uint8_t>(i);
    considered.add(all[i].byte, all[i].frequency);
    sum += all[i].frequency;
  }
  const std::uint32_t total = sum + escape;
  const int index = Coder::among(coder, considered, sum, total);
  if (index < 0) {
    if (!whole) {
      Escapes& escapes = *memory_.write<Escapes>(place);
      escapes.sum = static_cast<std::uint16_t>(escapes.sum + total);
    }
    for (std::size_t i = 0; i < considered.size(); ++i) mask[considered[i].first] = true;
    return -1;
  }
  if (!whole) {
    Escapes& escapes = *memory_.write<Escapes>(place);
    if (escapes.shift < kPeriodBits && --escapes.count == 0) {
      escapes.sum = static_cast<std::uint16_t>(escapes.sum << 1);
      escapes.count = static_cast<std::uint8_t>(3 << escapes.shift++);
    }
  }
  at_.found = symbols + indexes[static_cast<std::size_t>(index)] * Address{sizeof(Symbol)};
  write_context(at_.context).total += 4;
  write_symbol(at_.found).frequency += 4;
  if (symbol(at_.found).frequency > kMostFrequency) rescale();
  at_.run_length = lowest_run_length();
  update_tree();
  return considered[static_cast<std::size_t>(index)].first;
}

template <class Coder>
Byte Tree::step(Coder& coder) {
  if (learnt_) {
    static_cast<Cursor&>(at_) = *learnt_;
    learnt_.reset();
  }
  Mask mask{};
  int byte = context(at_.context).symbols == 1 ? code_binary(coder, mask) : code_first(coder, mask);
  while (byte < 0) {
    const unsigned masked = context(at_.context).symbols;
    do {
      ++at_.missing_order;
      at_.context = context(at_.context).suffix;
    } while (context(at_.context).symbols == masked);
    byte = code_masked(coder, mask, masked);
  }
  return static_cast<Byte>(byte);
}

double Tree::observe(Byte byte) {
  Observing coder;
  coder.byte = byte;
  step(coder);
  return coder.bits;
}

double Tree::encode(Byte byte, RangeEncoder& encoder) {
  Encoding coder(encoder);
  coder.byte = byte;
  step(coder);
  return coder.bits;
}

Byte Tree::decode(RangeDecoder& decoder, double& bits) {
  Decoding coder(decoder);
  const Byte byte = step(coder);
  bits += coder.bits;
  return byte;
}

// Down the suffixes to the first context that has the byte and knows what followed it; at last to
// the shortest of all.
void Tree::follow(Byte byte) {
  if (!learnt_) learnt_ = at_;
  const auto in_context = [this, byte] {  // 0: nowhere
    const Address begin = symbols_of(at_.context), end = begin + symbols_in(at_.context);
    Address at = begin;
    while (at != end && symbol(at).byte != byte) at += sizeof(Symbol);
    return at == end ? 0 : at;
  };
  Address found = in_context();
  const Context& first = context(at_.context);
  const bool sure = first.symbols == 1 ||
                    (found == symbols_of(at_.context) && 2 * symbol(found).frequency > first.total);
  at_.previous_success = found != 0 && sure ? 1 : 0;
  at_.run_length = found != 0 ? at_.run_length + at_.previous_success : lowest_run_length();
  for (;; found = in_context()) {
    if (found != 0) {
      at_.found = found;
      const Address behind = behind_found();
      if (behind != 0) {
        at_.context = at_.longest = behind;
        at_.missing_order = std::max(at_.missing_order - 1, 0);
        return;
      }
    }
    const Address suffix = context(at_.context).suffix;
    if (suffix == 0) return;
    at_.context = at_.longest = suffix;
    ++at_.missing_order;
  }
}

// The context of what was found, which is made where only the text knows it; 0 where nothing does.
Address Tree::behind_found() {
  const Address successor = symbol(at_.found).successor;
  if (is_context(successor) || successor == 0) return successor;
  return successor < at_.text ? create_successors() : 0;
}

Tree::Place Tree::mark() { return {memory_.mark(), at_, learnt_}; }

void Tree::rewind(const Place& place) {
  memory_.rewind(place.journal);
  at_ = place.registers;
  learnt_ = place.learnt;
}

// The longest context of the next byte: one that is there already, or one that is made for it.
void Tree::move_on() {
  const Address successor = symbol(at_.found).successor;
  if (at_.missing_order == 0 && is_context(successor)) {
    at_.context = at_.longest = successor;
  } else {
    update_tree();
  }
}

// In the context that is a byte shorter, what was found happened too.
void Tree::raise_in_suffix(const Symbol& found) {
  const Address suffix = context(at_.context).suffix;
  if (found.frequency >= kMostFrequency / 4 || suffix == 0) return;
  if (context(suffix).symbols == 1) {
    if (symbol(one_of(suffix)).frequency < 32) ++write_symbol(one_of(suffix)).frequency;
    return;
  }
  Address at = find(suffix, found.byte);
  if (at != symbols_of(suffix) && symbol(at).frequency >= symbol(at - sizeof(Symbol)).frequency) {
    at -= sizeof(Symbol);
    auto* pair = memory_.write<Symbol>(at, 2);
    std::swap(pair[0], pair[1]);
  }
  if (symbol(at).frequency < kMostFrequency - 9) {
    write_symbol(at).frequency += 2;
    write_context(suffix).total += 2;
  }
}

// Adds what was found, in a shorter context, to one in which it had never occurred. False when the
// memory is full.
bool Tree::add_symbol(Address context_address, const Symbol& found, unsigned symbols_of_found,
                      unsigned others, Address successor) {
  const unsigned count = context(context_address).symbols;
  Address symbols = symbols_of(context_address);
  if (count == 1) {
    symbols = allocate(1);
    if (symbols == 0) return false;
    Context& c = write_context(context_address);
    Symbol first = c.one;
    first.frequency = static_cast<std::uint8_t>(
        first.frequency < kMostFrequency / 4 - 1 ? first.frequency << 1 : kMostFrequency - 4);
    *memory_.write<Symbol>(symbols) = first;
    c.one = {0, 0, 0, symbols};
    c.total = static_cast<std::uint16_t>(first.frequency + at_.initial_escape +
                                         (symbols_of_found > 3 ? 1 : 0));
  } else {
    if (count % 2 == 0) {
      const Address larger = allocate(units_of(count) + 1);
      if (larger == 0) return false;
      std::copy_n(memory_.read<Symbol>(symbols), count, memory_.write<Symbol>(larger, count));
      release(symbols, units_of(count));
      symbols = larger;
    }
    Context& c = write_context(context_address);
    c.one.successor = symbols;
    const unsigned few = 2 * count < symbols_of_found ? 1 : 0;
    const unsigned very_few = 4 * count <= symbols_of_found && c.total <= 8 * count ? 1 : 0;
    c.total = static_cast<std::uint16_t>(c.total + few + 2 * very_few);
  }

  // The frequency with which it would have been found here is estimated from the context in which
  // it was.
  Context& c = write_context(context_address);
  const std::uint32_t scaled = 2u * found.frequency * (c.total + 6u);
  const std::uint32_t share = others + c.total;
  std::uint32_t frequency;
  if (scaled < 6 * share) {
    frequency = 1 + (scaled > share ? 1 : 0) + (scaled >= 4 * share ? 1 : 0);
    c.total = static_cast<std::uint16_t>(c.total + 3);
  } else {
    frequency = 4 + (scaled >= 9 * share ? 1 : 0) + (scaled >= 12 * share ? 1 : 0) +
                (scaled >= 15 * share ? 1 : 0);
    c.total = static_cast<std::uint16_t>(c.total + frequency);
  }
  c.symbols = static_cast<std::uint16_t>(count + 1);
  write_symbol(symbols + count * Address{sizeof(Symbol)}) = {
      found.byte, static_cast<std::uint8_t>(frequency), 0, successor};
  return true;
}

void Tree::update_tree() {
  const Symbol found = symbol(at_.found);
  raise_in_suffix(found);

  if (at_.missing_order == 0) {
    const Address made = create_successors();
    if (made == 0) return restart();
    at_.context = at_.longest = made;
    return;
  }

  *memory_.write<Byte>(at_.text++) = found.byte;
  if (at_.text >= heap_begin_) return restart();
  Address place = at_.text;  // behind the byte
  Address successor = found.successor;
  if (successor != 0) {
    if (!is_context(successor)) {
      successor = create_successors();
      if (successor == 0) return restart();
    }
    if (--at_.missing_order == 0) {
      place = successor;
      if (at_.longest != at_.context) --at_.text;
    }
  } else {
    write_symbol(at_.found).successor = place;
    successor = at_.context;
  }

  const unsigned symbols = context(at_.context).symbols;
  const unsigned others = context(at_.context).total - symbols - (found.frequency - 1u);
  for (Address at = at_.longest; at != at_.context; at = context(at).suffix) {
    if (!add_symbol(at, found, symbols, others, place)) return restart();
  }
  at_.context = at_.longest = successor;
}

// Makes the contexts that are the longest ones so far and the byte that was found, as far down as
// there are none yet; returns the longest of them, or 0 when the memory is full. Behind a context
// of full order stands the same as behind its suffix.
Address Tree::create_successors() {
  std::array<Address, kMostOrder + 1> links;  // symbols whose successors they will be
  std::size_t count = 0;
  const Symbol found = symbol(at_.found);
  const Address branch = found.successor;
  Address base = at_.context;
  const bool of_full_order = at_.missing_order == 0;
  if (!of_full_order) links[count++] = at_.found;
  while (context(base).suffix != 0) {
    base = context(base).suffix;
    const Address link = find(base, found.byte);
    if (symbol(link).successor != branch) {
      base = symbol(link).successor;
      break;
    }
    links[count++] = link;
  }
  if (count == 0) {
    if (of_full_order) write_symbol(at_.found).successor = base;
    return base;
  }

  Symbol next;  // the byte that follows in the text, which is all that the new contexts know
  next.byte = *memory_.read<Byte>(branch);
  next.successor = branch + 1;
  const Context& c = context(base);
  if (c.symbols == 1) {
    next.frequency = c.one.frequency;
  } else {
    const unsigned frequency = symbol(find(base, next.byte)).frequency - 1u;
    const unsigned others = c.total - c.symbols - frequency;
    next.frequency = static_cast<std::uint8_t>(
        1 + (2 * frequency <= others ? (5 * frequency > others ? 1 : 0)
                                     : (2 * frequency + 3 * others - 1) / (2 * others)));
  }
  while (count > 0) {
    const Address made = allocate(1);
    if (made == 0) return 0;
    write_context(made) = {1, 0, base, next};
    write_symbol(links[--count]).successor = made;
    base = made;
  }
  if (of_full_order) write_symbol(at_.found).successor = base;
  return base;
}

// Halves the frequencies of a context in which one has become too large; those that come to nothing
// go.
void Tree::rescale() {
  const Address begin = symbols_of(at_.context);
  const unsigned count = context(at_.context).symbols;
  auto* symbols = memory_.write<Symbol>(begin, count);
  const auto found = static_cast<std::size_t>((at_.found - begin) / sizeof(Symbol));
  std::rotate(symbols, symbols + found, symbols + found + 1);

  const int adder = at_.missing_order != 0 ? 1 : 0;
  Context& c = write_context(at_.context);
  int escape = c.total - symbols[0].frequency;
  symbols[0].frequency = static_cast<std::uint8_t>((symbols[0].frequency + 4 + adder) >> 1);
  int total = symbols[0].frequency;
  for (unsigned i = 1; i < count; ++i) {
    escape -= symbols[i].frequency;
    symbols[i].frequency = static_cast<std::uint8_t>((symbols[i].frequency + adder) >> 1);
    total += symbols[i].frequency;
    unsigned to = i;
    while (to > 1 && symbols[i].frequency > symbols[to - 1].frequency) --to;
    std::rotate(symbols + to, symbols + i, symbols + i + 1);
  }
  unsigned left = count;
  while (symbols[left - 1].frequency == 0) --left;
  escape += static_cast<int>(count - left);
  if (left == 1) {
    Symbol one = symbols[0];
    do {
      one.frequency = static_cast<std::uint8_t>(one.frequency - (one.frequency >> 1));
      escape >>= 1;
    } while (escape > 1);
    c.symbols = 1;
    c.one = one;
    release(begin, units_of(count));
    at_.found = one_of(at_.context);
    return;
  }
  if (units_of(left) != units_of(count))
    release(begin + units_of(left) * kUnitBytes, units_of(count) - units_of(left));
  c.symbols = static_cast<std::uint16_t>(left);
  c.total = static_cast<std::uint16_t>(total + escape - (escape >> 1));
  at_.found = begin;
}

// Down the suffixes, each choice as step() would make it, with nothing changed: the visitor hears
// of each context's total, then of the mass of each byte in it, then of that of the escape.
template <class Visitor>
void Tree::visit(Visitor& visitor) const {
  Mask mask{};
  Address at = at_.context;
  const int high_flag = high_flag_of(symbol(at_.found).byte);
  const Context* c = &context(at);
  if (c->symbols == 1) {
    const std::uint32_t mass = *memory_.read<std::uint16_t>(binary_estimate(at, high_flag));
    visitor.context(kBinaryScale);
    visitor.byte(c->one.byte, mass);
    visitor.escape(kBinaryScale - mass);
    mask[c->one.byte] = true;
  } else {
    const Symbol* symbols = memory_.read<Symbol>(c->one.successor);
    std::uint32_t sum = 0;
    for (unsigned i = 0; i < c->symbols; ++i) sum += symbols[i].frequency;
    visitor.context(c->symbols == 256 ? sum : c->total);
    for (unsigned i = 0; i < c->symbols; ++i) {
      visitor.byte(symbols[i].byte, symbols[i].frequency);
      mask[symbols[i].byte] = true;
    }
    if (c->symbols == 256) return;
    visitor.escape(c->total - sum);
  }
  unsigned masked = c->symbols;
  while (masked < 256) {
    do at = context(at).suffix;
    while (context(at).symbols == masked);
    c = &context(at);
    std::uint32_t escape = 0;
    if (c->symbols < 256) {
      const Escapes& escapes = *memory_.read<Escapes>(escape_estimate(at, masked, high_flag));
      escape = std::max(1u, unsigned{escapes.sum} >> escapes.shift);
    }
    const Symbol* symbols = memory_.read<Symbol>(c->one.successor);
    std::uint32_t sum = 0;
    for (unsigned i = 0; i < c->symbols; ++i)
      sum += mask[symbols[i].byte] ? 0 : symbols[i].frequency;
    visitor.context(sum + escape);
    for (unsigned i = 0; i < c->symbols; ++i) {
      if (mask[symbols[i].byte]) continue;
      visitor.byte(symbols[i].byte, symbols[i].frequency);
      mask[symbols[i].byte] = true;
    }
    masked = c->symbols;
    if (masked < 256) visitor.escape(escape);
  }
}

void Tree::next_byte(std::span<double, 256> bits) const {
  struct Costs {
    std::span<double, 256> bits;
    double of_total = 0, of_escapes = 0;
    void context(std::uint32_t total) { of_total = of_escapes + portable_log2(total); }
    void byte(Byte byte, std::uint32_t mass) { bits[byte] = of_total - portable_log2(mass); }
    void escape(std::uint32_t mass) { of_escapes = of_total - portable_log2(mass); }
  } costs{bits};
  visit(costs);
}

// What is left to a context and its suffixes is cut into as many shares as its total says.
void Tree::next_weights(std::span<std::uint64_t, 256> weights) const {
  struct Shares {
    std::span<std::uint64_t, 256> weights;
    std::uint64_t left = std::uint64_t{1} << 62, one = 0;
    void context(std::uint32_t total) { one = left / total; }
    void byte(Byte byte, std::uint32_t mass) { left -= weights[byte] = one * mass; }
    void escape(std::uint32_t) {}
  } shares{weights};
  visit(shares);
}

double Tree::bits_of(Byte byte) const {
  std::array<double, 256> bits;
  next_byte(bits);
  return bits[byte];
}

}  // namespace kraft::ppmd
