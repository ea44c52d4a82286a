// Which strings of one length occur in a text that grows?
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kraft/bytes.h"

namespace kraft {

// Grams are strings of `gram_bytes` bytes, kept as 64-bit polynomial hashes (Karp and Rabin,
// "Efficient randomized pattern-matching algorithms", IBM Journal of Research and Development
// 31(2), 1987): of n grams, one that does not occur is taken for one that does with a probability
// of about n / 2^64. O(1) a byte to learn and to ask; 16 to 32 bytes of memory a gram.
class GramIndex {
 public:
  explicit GramIndex(std::size_t gram_bytes);  // at least 1

  std::size_t gram_bytes() const { return gram_bytes_; }

  // Learns the grams that end behind what was learnt before; the text may only grow. Calls
  // visit(end, known) for each of them: where it ends, and whether it was there already.
  template <class Visit>
  void learn(ByteView text, Visit&& visit) {
    for (; learnt_bytes_ < text.size(); ++learnt_bytes_) {
      push(text);
      if (learnt_bytes_ + 1 < gram_bytes_) continue;
      is_first_.push_back(insert(hash_));
      visit(learnt_bytes_ + 1, !is_first_.back());
    }
  }

  // Forgets what was learnt of the text behind its first bytes, as if it had not been. The text is
  // the one that was learnt. O(1) a byte.
  void unlearn(ByteView text, std::size_t first_bytes);

  // The end of the text, to be asked for many strings that may come next. Index and text must
  // outlive it, and stay as they are meanwhile.
  class End {
   public:
    // Whether a gram that ends within the string has occurred before. One that begins before the
    // drawn bytes is not meant.
    bool completes(ByteView string) const;

   private:
    friend class GramIndex;
    std::size_t bytes() const { return text_.size() + prefix_.size(); }
    std::uint64_t hash_after(std::uint64_t hash, Byte byte, ByteView after) const;

    const GramIndex* index_ = nullptr;
    ByteView text_;                      // of its end, a gram
    Bytes prefix_;                       // that comes behind it
    std::uint64_t hash_ = 0;             // of the last bytes of both, at most a gram
    std::size_t drawn_bytes_ = 0;        // the prefix among them
    std::vector<std::uint64_t> within_;  // grams that end within the prefix, sorted
  };

  // Of the text, all of which was learnt, the last bytes were drawn; the prefix comes behind them.
  // O(1) a byte of the prefix.
  End end(ByteView text, std::size_t drawn_bytes, ByteView prefix = {}) const;

 private:
  void push(ByteView text);
  bool insert(std::uint64_t hash);  // false if it was there
  void erase(std::uint64_t hash);
  bool contains(std::uint64_t hash) const;
  std::size_t slot(std::uint64_t hash) const;
  void grow();

  std::size_t gram_bytes_;
  std::uint64_t leaving_factor_;  // of the byte that leaves the window
  std::size_t learnt_bytes_ = 0;
  std::uint64_t hash_ = 0;            // of the last bytes learnt, at most a gram
  std::vector<std::uint64_t> slots_;  // open addressing; 0: free
  std::size_t used_ = 0;
  std::vector<bool> is_first_;  // of each gram learnt, whether it was not there before
};

}  // namespace kraft
