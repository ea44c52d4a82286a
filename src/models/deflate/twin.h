// A twin of zlib's deflate that computes how long the compressed stream would be, and nothing else.
//
//     kraft::deflate::Twin twin({.level = 9});
//     twin.observe(kraft::as_bytes("to be or not to "));
//     std::uint64_t bits = twin.bits();                 // of the finished stream so far
//     std::array<std::uint64_t, 256> next;
//     twin.next_byte(next);                             // ... had it gone on with each byte
//
// Every length is the exact number of bits of the raw DEFLATE stream (RFC 1951) that zlib writes
// for the whole input in one call deflate(Z_FINISH): final block included, padding to a byte
// excluded. The behaviour copied is that of zlib 1.2.13; self_check says whether the linked library
// does the same.
//
// How it can be so much faster than asking zlib: hash chains and committed symbols are kept, the
// few bytes whose parse may still change are parsed again for each question, and a block is priced
// from its symbol counts. Going back to a mark undoes the insertions into the hash chains.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "codecs/deflate.h"
#include "core/marks.h"
#include "kraft/bytes.h"
#include "kraft/model.h"
#include "models/deflate/pricer.h"
#include "models/deflate/trees.h"

namespace kraft::deflate {

// The lengths of one growing input.
//
// Complexity: observe is amortized O(1) a byte apart from zlib's own search along hash chains;
// next_byte prices some tens of Huffman trees and does not depend on the length of the context.
// Memory: 1 to 2 MB whatever the context, except that what was observed since the oldest mark
// is kept while marks are held. Positions are 64 bits wide.
// Ownership: a value; a copy is independent and has no marks. One thread at a time.
class Twin {
 public:
  explicit Twin(const Parameters& parameters);

  void observe(ByteView bytes);
  std::uint64_t position_bytes() const { return origin_ + size_; }

  // Bits of the finished stream for what was observed.
  std::uint64_t bits();

  // bits[i] of the finished stream had continuations[i] followed. Shared prefixes are walked once.
  void measure(std::span<const ByteView> continuations, std::span<std::uint64_t> bits);

  // bits[b] of the finished stream had byte b followed.
  void next_byte(std::span<std::uint64_t, 256> bits);

  // The same for some bytes only: bits[i] had alphabet[i] followed.
  void next_byte(std::span<const Byte> alphabet, std::span<std::uint64_t> bits);

  // bits[i * alphabet.size() + j] had prefixes[i] and then alphabet[j] followed: one step of a beam
  // search. Shared prefixes are walked once, in whatever order they come.
  void extend(std::span<const ByteView> prefixes, std::span<const Byte> alphabet,
              std::span<std::uint64_t> bits);

  Mark mark();
  void rewind(Mark mark);  // back to the mark, which stays valid
  void forget(Mark mark);  // drops the mark, keeps the state

 private:
  enum class Method { kStored, kHuffmanOnly, kRunLength, kGreedy, kLazy };

  // zlib's limits of a level (configuration_table in deflate.c).
  struct Limits {
    std::uint32_t good;   // previous match this long: search a quarter of the chain
    std::uint32_t lazy;   // previous match this long: do not search; greedy: longest to insert
    std::uint32_t nice;   // stop searching at a match this long
    std::uint32_t chain;  // candidates looked at
  };

  // Where the parse stands. Positions are indices into data_, unless they say "stream".
  struct Cursor {
    std::uint32_t at = 0;           // the next position to look at
    std::uint32_t length = 2;       // of the match at at-1 that awaits its verdict; 2: none
    std::uint32_t distance = 0;     // of that match
    bool pending = false;           // whether the byte at at-1 awaits its verdict
    std::uint64_t window_base = 0;  // stream position of the start of zlib's window
    std::uint64_t block_start = 0;  // stream position
    std::uint64_t bits = 0;         // of the blocks that are finished
  };

  struct Snapshot {
    Cursor cursor;
    BlockTally tally;
    std::uint32_t size;
    std::uint32_t inserted;
  };

  // A copy of the engine starts without marks.
  struct Marks : MarkStack<Snapshot> {
    Marks() = default;
    Marks(const Marks&) {}
    Marks& operator=(const Marks&) {
      clear();
      return *this;
    }
  };

  struct Match {
    std::uint32_t length = 2;
    std::uint32_t start = 0;
    bool touches_end = false;  // a candidate agreed up to the last byte observed
  };

  // Where an input would end, before its price is known.
  struct LastBlock {
    BlockTally tally;
    BlockPlace place;
  };
  struct LastBlocks {
    std::vector<BlockTally> tallies;
    std::vector<BlockPlace> places;
    std::vector<std::size_t> answers;  // where each goes

    void add(const LastBlock& block, std::size_t answer) {
      tallies.push_back(block.tally);
      places.push_back(block.place);
      answers.push_back(answer);
    }
  };

  // Receivers of what the parse decides.
  struct Committer;
  struct Probe;
  using ByteSet = std::bitset<256>;

  template <class Visit>
  void walk(std::span<const ByteView> continuations, Visit visit);
  template <bool kFinal, class Sink>
  void parse(Cursor& cursor, Sink& sink);
  template <bool kFinal, class Sink>
  bool step_lazy(Cursor& cursor, Sink& sink);
  template <bool kFinal, class Sink>
  bool step_greedy(Cursor& cursor, Sink& sink);
  template <bool kFinal, class Sink>
  bool step_run_length(Cursor& cursor, Sink& sink);
  template <bool kFinal>
  bool slide_window(Cursor& cursor, bool may_flush) const;

  Match longest_match(std::uint32_t at, std::uint32_t head, std::uint32_t longer_than) const;
  void find_continuing(const Cursor& cursor, ByteSet& bytes);
  void find_third_bytes(std::uint32_t at, ByteSet& bytes);
  void find_following_bytes(std::uint32_t at, std::uint32_t longer_than, ByteSet& bytes);
  BlockTally tail(Twin* watched, ByteSet* continuing);
  BlockTally tail_with(Byte byte);
  bool next_byte_quickly(std::span<const Byte> alphabet, std::span<std::uint64_t> bits);
  void next_byte_plainly(std::span<const Byte> alphabet, std::span<std::uint64_t> bits);
  bool next_byte_holds_slide() const;
  bool reachable(const Cursor& cursor, std::uint32_t head) const;
  std::uint32_t hash_of(Byte a, Byte b, Byte c) const;
  std::uint32_t hash_at(std::uint32_t at) const;
  void insert_through(std::uint32_t at);
  void remove_from(std::uint32_t at);
  void make_room(std::size_t bytes);
  void append(ByteView bytes);
  std::uint64_t stored_stream_bits() const;
  BlockPlace place_of_block(const Cursor& cursor, std::uint64_t end) const;
  LastBlock last_block();
  void price_waiting(LastBlocks& waiting, std::span<std::uint64_t> bits);
  void finish_block(Cursor& cursor, BlockTally& tally, std::uint64_t end) const;

  Method method_;
  Limits limits_;
  bool filtered_;
  bool fixed_only_;
  std::uint32_t window_size_;
  std::uint32_t max_distance_;
  std::uint32_t hash_shift_;
  std::uint32_t hash_mask_;
  std::uint32_t block_symbols_;    // a block with this many symbols is full
  std::uint32_t slide_lookahead_;  // zlib refills its window when less than this lies ahead

  std::uint64_t origin_ = 0;    // stream position of data_[0]
  std::uint32_t size_ = 0;      // bytes in data_
  std::uint32_t inserted_ = 0;  // positions below are in the hash chains (or skipped)
  std::vector<Byte> data_;
  std::vector<std::uint32_t> previous_;  // next older position with the same hash; 0: none
  std::vector<std::uint32_t> head_;      // newest position of each hash; 0: none
  Cursor cursor_;
  BlockTally tally_;
  Marks marks_;
  BlockPricer pricer_;

  // What next_byte works on; kept for its memory.
  std::vector<BlockTally> continuing_;
  std::vector<std::uint32_t> dynamic_bits_;
  std::vector<Byte> plain_bytes_;
};

// Compares the twin with the linked zlib on small fixed inputs, with these parameters, and with the
// same level and strategy in so little memory that blocks end and the window slides: a few
// milliseconds. False: the library parses differently (zlib-ng and vendor forks do), so the twin
// must not be used in its place.
bool self_check(const Parameters& parameters);

}  // namespace kraft::deflate
