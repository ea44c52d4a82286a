// Brotli's static dictionary: words, and what its transforms make of them.
//
//     Dictionary::word(4, 0)                     // "time"
//     Dictionary::word(4, 1 << 10)               // "time ", by the next transform
//     Dictionary::words(4, 1)[0]                 // the same
//
// A copy from farther away than the text reaches names a word by its length, 4 to 24, and a number:
// its lower bits are the word's index among those of that length, the upper ones one of 121
// transforms, which add a prefix and a suffix, write it in capitals, or leave some of it out (RFC
// 7932, section 8 and appendices A and B). The library has no public function that tells the words.
// But its decoder says them: it is given a stream that names all words of one length under one
// transform.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kraft/bytes.h"

namespace kraft::brotli {

class Dictionary {
 public:
  static constexpr std::size_t kShortest = 4, kLongest = 24;
  static constexpr std::size_t kTransforms = 121;

  // All words of one length under one transform: they are equally long.
  struct Words {
    Bytes text;  // one after the other
    std::size_t each_bytes = 0;
    std::size_t count = 0;
    ByteView operator[](std::size_t index) const {
      return ByteView(text).subspan(index * each_bytes, each_bytes);
    }
  };

  // Bits of the index of a word of so many bytes. Throws Error where there are none.
  static int index_bits(std::size_t length);

  // The first call for a length and a transform decodes them; from any thread.
  static const Words& words(std::size_t length, std::size_t transform);

  // Throws Error where no word has that length or number.
  static ByteView word(std::size_t length, std::uint64_t number);
};

}  // namespace kraft::brotli
