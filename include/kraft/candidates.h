// Candidates: the units that a sampler chooses from.
//
//     auto bytes = kraft::Candidates::all();                // the 256 bytes
//     auto seen = kraft::Candidates::seen(context);         // those that occur in the context
//     auto utf8 = kraft::Candidates::utf8();                // whatever keeps UTF-8 well-formed
//     auto tokens = kraft::Candidates::units_of(*model);    // what the model itself predicts
//     auto words = kraft::Candidates::strings({{'t', 'h', 'e', ' '}, {'a', ' '}});
//
// Units are sorted by their bytes and occur once each: for single bytes, index order is byte order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kraft/bytes.h"

namespace kraft {

class Model;

// What tasks call the candidates that suit a model: its units, else the bytes of the context.
inline constexpr const char* kAutoAlphabet = "auto";

// A value, immutable once made; may be shared between threads.
class Candidates {
 public:
  static constexpr std::uint64_t kNoEnd = UINT64_MAX;

  static Candidates all();
  static Candidates seen(ByteView context);    // all() when the context is empty
  static Candidates printable();               // 0x20..0x7e, tab and line feed
  static Candidates utf8();                    // all bytes, as far as Unicode 15, table 3-7 allows
  static Candidates bytes(ByteView alphabet);  // throws UsageError when empty
  static Candidates strings(std::vector<Bytes> units);  // the same; no unit may be empty

  // The model's own units (Model::units()), as many and in the same order; all() where it has none
  // or they are the bytes.
  static Candidates units_of(const Model& model);

  // One of names(), which "chars:" begins: the bytes themselves follow it, with the escapes of
  // unescape(). Throws UsageError.
  static Candidates parse(std::string_view text, ByteView context);
  static std::vector<std::string> names();  // "all", "seen", "printable", "utf-8" and "chars:"

  // One unit a line, with the escapes of unescape(); empty lines are skipped and a carriage return
  // before the line feed belongs to the line's end (write \r for one that is meant). Throws Error
  // when no unit is left, or on a bad escape, with the line's number.
  static Candidates from_lines(std::string_view lines);

  std::size_t size() const { return begins_.size() - 1; }
  ByteView operator[](std::size_t index) const {
    return ByteView(storage_).subspan(begins_[index], begins_[index + 1] - begins_[index]);
  }
  bool single_bytes() const { return single_bytes_; }

  // Whether these are units of a model, which prices them as such (State::by_units()).
  bool model_units() const { return model_units_; }

  // False when every unit may always follow, so that allowed() need not be asked.
  bool restricted() const { return utf8_; }

  // Sets `indices` to the units that may follow `history` (context and what was drawn; only its end
  // is looked at) when `remaining_bytes` are still to be drawn, in ascending order. Never empty.
  //
  // utf8(): a code point that the history leaves unfinished is continued, even where it can no
  // longer be finished; otherwise a code point begins that fits into the remaining bytes. An
  // ill-formed end of the history counts as finished. Where 0 bytes remain, as where 1 does.
  void allowed(ByteView history, std::uint64_t remaining_bytes,
               std::vector<std::uint32_t>& indices) const;

 private:
  explicit Candidates(std::vector<Bytes> units, bool utf8 = false);
  void append_unit(const Bytes& unit);

  Bytes storage_;                    // all units, one after the other
  std::vector<std::size_t> begins_;  // of each unit in storage_, and the end of the last
  bool single_bytes_ = true;
  bool model_units_ = false;
  bool utf8_ = false;
};

// Replaces \n \t \r \\ and \xHH by the bytes they stand for. Throws UsageError on any other escape.
Bytes unescape(std::string_view text);

}  // namespace kraft
