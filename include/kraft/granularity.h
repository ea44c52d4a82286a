// How finely code lengths resolve.
#pragma once

namespace kraft {

enum class Granularity {
  byte,        // whole bytes: multiples of 8 bits
  bit,         // whole bits: Huffman-coded streams read to the last bit
  fractional,  // real-valued bits: arithmetic-coded streams, predictors
};

const char* name_of(Granularity granularity);

}  // namespace kraft
