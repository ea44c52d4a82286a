#include "kraft/candidates.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string>

#include "base/text.h"
#include "kraft/error.h"
#include "kraft/model.h"

namespace kraft {
namespace {

constexpr std::string_view kChars = "chars:";

// The bytes that may come next within UTF-8, and how many the code point still needs with it.
// missing_bytes == 0: a code point begins.
struct Utf8Position {
  std::size_t missing_bytes = 0;
  Byte low = 0x80;
  Byte high = 0xbf;
};

// Length of the sequence that begins with `lead`; 0 if none does.
std::size_t sequence_bytes(Byte lead) {
  if (lead <= 0x7f) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead <= 0xdf ? 2 : lead <= 0xef ? 3 : 4;
}

// Range of the byte after `begun`, the first bytes of a sequence (Unicode 15, table 3-7).
Utf8Position after(ByteView begun) {
  Utf8Position position{.missing_bytes = sequence_bytes(begun[0]) - begun.size()};
  if (begun.size() > 1) return position;  // only the second byte has a range of its own
  if (begun[0] == 0xe0) position.low = 0xa0;
  if (begun[0] == 0xed) position.high = 0x9f;
  if (begun[0] == 0xf0) position.low = 0x90;
  if (begun[0] == 0xf4) position.high = 0x8f;
  return position;
}

// True when `bytes` begin a sequence that is longer than they are, without an error so far.
bool begins_sequence(ByteView bytes) {
  if (sequence_bytes(bytes[0]) <= bytes.size()) return false;
  for (std::size_t i = 1; i < bytes.size(); ++i) {
    const Utf8Position position = after(bytes.first(i));
    if (bytes[i] < position.low || bytes[i] > position.high) return false;
  }
  return true;
}

Utf8Position position_at_end(ByteView history) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, history.size()); ++back) {
    const ByteView end = history.last(back);
    if (begins_sequence(end)) return after(end);
  }
  return {};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

[[noreturn]] void throw_bad_escape(std::string_view escape) {
  throw UsageError("unknown escape \"" + printable(escape) +
                   "\": expected \\n, \\t, \\r, \\\\ or \\x and two hexadecimal digits");
}

// Reads one escape from the beginning of `text`, which is a backslash, and removes it.
Byte take_escape(std::string_view& text) {
  const char kind = text.size() < 2 ? '\0' : text[1];
  if (kind == 'x') {
    const int high = text.size() < 3 ? -1 : hex_digit(text[2]);
    const int low = text.size() < 4 ? -1 : hex_digit(text[3]);
    if (high < 0 || low < 0) throw_bad_escape(text.substr(0, 4));
    text.remove_prefix(4);
    return static_cast<Byte>(16 * high + low);
  }
  constexpr std::string_view kKinds = "ntr\\";
  constexpr std::string_view kMeanings = "\n\t\r\\";
  const std::size_t index = kKinds.find(kind);
  if (index == std::string_view::npos) throw_bad_escape(text.substr(0, 2));
  text.remove_prefix(2);
  return static_cast<Byte>(kMeanings[index]);
}

}  // namespace

Bytes unescape(std::string_view text) {
  Bytes plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    if (text[0] == '\\') {
      plain.push_back(take_escape(text));
    } else {
      plain.push_back(static_cast<Byte>(text[0]));
      text.remove_prefix(1);
    }
  }
  return plain;
}

Candidates::Candidates(std::vector<Bytes> units, bool utf8) : utf8_(utf8) {
  std::sort(units.begin(), units.end());
  units.erase(std::unique(units.begin(), units.end()), units.end());
  begins_.reserve(units.size() + 1);
  begins_.push_back(0);
  for (const Bytes& unit : units) append_unit(unit);
}

void Candidates::append_unit(const Bytes& unit) {
  append(storage_, unit);
  begins_.push_back(storage_.size());
  single_bytes_ = single_bytes_ && unit.size() == 1;
}

Candidates Candidates::units_of(const Model& model) {
  Candidates candidates{std::vector<Bytes>()};
  for (const Bytes& unit : model.units()) candidates.append_unit(unit);
  if (candidates.size() == 0 || (candidates.single_bytes() && candidates.size() == 256))
    return all();
  candidates.single_bytes_ = false;
  candidates.model_units_ = true;
  return candidates;
}

Candidates Candidates::all() {
  std::array<Byte, 256> alphabet;
  std::iota(alphabet.begin(), alphabet.end(), Byte{0});
  return bytes(alphabet);
}

Candidates Candidates::seen(ByteView context) { return context.empty() ? all() : bytes(context); }

Candidates Candidates::printable() {
  Bytes alphabet = {'\t', '\n'};
  for (Byte byte = 0x20; byte <= 0x7e; ++byte) alphabet.push_back(byte);
  return bytes(alphabet);
}

Candidates Candidates::utf8() {
  std::vector<Bytes> units(256);
  for (std::size_t i = 0; i < units.size(); ++i) units[i] = {static_cast<Byte>(i)};
  return Candidates(std::move(units), true);
}

Candidates Candidates::bytes(ByteView alphabet) {
  if (alphabet.empty()) throw UsageError("the alphabet is empty: expected at least one byte");
  std::array<bool, 256> present{};
  for (Byte byte : alphabet) present[byte] = true;
  std::vector<Bytes> units;
  for (std::size_t i = 0; i < present.size(); ++i) {
    if (present[i]) units.push_back({static_cast<Byte>(i)});
  }
  return Candidates(std::move(units));
}

Candidates Candidates::strings(std::vector<Bytes> units) {
  if (units.empty()) throw UsageError("there are no candidates: expected at least one string");
  for (const Bytes& unit : units) {
    if (unit.empty()) throw UsageError("a candidate is empty: expected at least one byte");
  }
  return Candidates(std::move(units));
}

std::vector<std::string> Candidates::names() {
  return {"all", "seen", "printable", "utf-8", std::string(kChars)};
}

Candidates Candidates::parse(std::string_view text, ByteView context) {
  if (text == "all") return all();
  if (text == "seen") return seen(context);
  if (text == "printable") return printable();
  if (text == "utf-8") return utf8();
  if (text == kChars) throw UsageError("alphabet: no bytes after \"chars:\"");
  if (text.starts_with(kChars)) return bytes(unescape(text.substr(kChars.size())));
  throw UsageError("alphabet: unknown \"" + kraft::printable(text) + "\": expected one of " +
                   join(names(), ", ") + "TEXT");
}

Candidates Candidates::from_lines(std::string_view lines) {
  std::vector<Bytes> units;
  for (std::size_t number = 1; !lines.empty(); ++number) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    try {
      units.push_back(unescape(line));
    } catch (const UsageError& error) {
      throw Error("line " + std::to_string(number) + ": " + error.what());
    }
  }
  if (units.empty()) throw Error("there are no candidates: expected one a line, found none");
  return Candidates(std::move(units));
}

void Candidates::allowed(ByteView history, std::uint64_t remaining_bytes,
                         std::vector<std::uint32_t>& indices) const {
  indices.clear();
  if (!utf8_) {
    indices.resize(size());
    std::iota(indices.begin(), indices.end(), std::uint32_t{0});
    return;
  }
  const Utf8Position position = position_at_end(history);
  if (position.missing_bytes > 0) {
    for (std::uint32_t byte = position.low; byte <= position.high; ++byte) indices.push_back(byte);
    return;
  }
  const std::uint64_t longest_bytes = std::max<std::uint64_t>(1, remaining_bytes);
  for (std::uint32_t byte = 0; byte <= 0xf4; ++byte) {
    const std::size_t length = sequence_bytes(static_cast<Byte>(byte));
    if (length > 0 && length <= longest_bytes) indices.push_back(byte);
  }
}

}  // namespace kraft
