// max-copy: what is drawn repeats no more than so many bytes of what stands before it.
//
// A quotation is a string of bytes that were drawn and that occur earlier in the text: in the
// history, or in what was drawn itself. Its length is limited to `max_copy` bytes: a choice is
// dropped that would complete a string of one byte more. (Where that would drop every choice, none
// is dropped, and the report counts it.)
//
// To drop the one plausible letter in the middle of a word can make gibberish. Samplers that look
// ahead, or draw spans jointly, avoid it: a plan that ends in gibberish costs too much to be
// chosen. One unit after the other goes on from what is left: to leave a quotation earlier, where
// the model has an alternative, was measured and costs more than it saves (docs/samplers.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kraft/sampler.h"
#include "samplers/gram_index.h"

namespace kraft {

// Whether strings would make a quotation too long. O(1) a byte. One thread at a time learns; any
// number ask.
class QuoteIndex {
 public:
  explicit QuoteIndex(int max_copy_bytes);

  // What the text has grown by.
  void learn(ByteView text);

  // GramIndex::unlearn().
  void unlearn(ByteView text, std::size_t first_bytes) { grams_.unlearn(text, first_bytes); }

  // GramIndex::end().
  GramIndex::End end(ByteView text, std::size_t drawn_bytes, ByteView prefix = {}) const {
    return grams_.end(text, drawn_bytes, prefix);
  }

 private:
  GramIndex grams_;
};

// The filter of samplers that choose one unit after the other. Belongs to one drawing.
class CopyLimit {
 public:
  // `temperature` is what the choices will be drawn at.
  CopyLimit(int max_copy_bytes, double temperature);

  // Drops choices; what is left is not empty, and normalised. `text` ends in the drawn bytes.
  void apply(std::vector<Choice>& choices, std::span<const ByteView> units, ByteView text,
             std::size_t drawn_bytes, CopyLimitReport& report);

  // Whether the string, after the text, would be too long a quotation.
  bool quotes(ByteView text, std::size_t drawn_bytes, ByteView string);

 private:
  void find_shares(const std::vector<Choice>& choices);
  double share_left() const;

  double temperature_;
  QuoteIndex quotes_;
  std::vector<double> shares_;  // of the probability, of each choice
  std::vector<bool> dropped_;
};

// -log2 of the share of 2^-bits that is left when some are dropped.
double cost_bits(double share_left);

}  // namespace kraft
