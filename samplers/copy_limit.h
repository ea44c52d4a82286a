// max-copy: what is drawn repeats no more than so many bytes of what stands before it.
//
// A quotation is a string of bytes that were drawn and that occur earlier in the text: in the
// history, or in what was drawn itself. Its length is limited to `max_copy` bytes: a choice is
// dropped that would complete a string of one byte more. (Where that would drop every choice, none
// is dropped, and the report counts it.)
//
// To drop the one plausible letter in the middle of a word makes gibberish. A sampler that chooses
// one unit after the other therefore leaves a quotation that has grown beyond half of the limit as
// soon as it has a good alternative: where what does not continue the quotation has a share of
//
//     1/2 (1 - (length - max_copy / 2) / (max_copy - max_copy / 2))
//
// of the probability, which falls from a half to nothing at the limit. At the end of a word, where
// much may follow, that is so; within a word seldom. Samplers that look ahead, or draw spans
// jointly, need no such rule: a plan that ends in gibberish costs too much to be chosen.
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
  void learn(ByteView text, std::size_t drawn_bytes);
  void find_shares(const std::vector<Choice>& choices);
  void drop(std::vector<Choice>& choices, const std::vector<bool>& dropped,
            CopyLimitReport& report);
  double share_left(const std::vector<bool>& dropped) const;

  std::size_t most_bytes_;
  std::size_t half_bytes_;
  double temperature_;
  GramIndex longest_;            // grams of one byte more than the limit
  GramIndex half_;               // of one more than half of it
  std::size_t beyond_half_ = 0;  // by so many bytes the text's end may be a quotation beyond half

  std::vector<double> shares_;  // of the probability, of each choice
  std::vector<bool> dropped_, left_;
};

// -log2 of the share of 2^-bits that is left when some are dropped.
double cost_bits(double share_left);

}  // namespace kraft
