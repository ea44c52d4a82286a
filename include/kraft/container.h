// .kraft files: every model as a lossless compressor, in files that describe themselves.
//
//     auto model = kraft::make_model("ngram:5");
//     kraft::Bytes file = kraft::compress(*model, text);
//     kraft::Bytes back = kraft::decompress(file);        // with the model that the file names
//
// Inputs of any size stream through bounded memory, in blocks that are independent of each other:
//
//     kraft::compress(*model, read, write, {.block_bytes = 1 << 20, .threads = 2});
//     kraft::decompress(read, write);
//
// Both ends must compute the same distributions. The file names its model, the library that it ran
// on or a fingerprint of its weights, and a checksum of its predictions on a fixed text (a probe).
// Where any of these is different here, decompress() refuses before it writes anything:
//
//     kraft::decompress(file);    // ngram:5 gives other probabilities here than where the file ...
//
// A file that is damaged, truncated or made up throws Error, too: no bit of it can be flipped
// unnoticed, every block is checked before it is written, and no memory is taken because a file
// says so. A specification that contains free text (a command, a path), or takes much memory or
// time (a dictionary of a GiB), is never taken from a file:
//
//     kraft::decompress(file);    // the file names the model cmd:"rm -rf x": to trust it, ...
//     kraft::decompress(file, {.model = kraft::make_model("cmd:\"gzip -9\"")});
//
// Every machine computes the same distributions of a model that codes by integers alone: it is
// portable (Model::portable()), and so are its files. The arithmetic of a model may change from one
// version to another; a file names the revision (kraft/spec.h), and earlier ones are kept.
//
// For samples of an uncompressed image or recording, the model should know their shape:
//
//     auto layout = kraft::raw_layout(file);              // kraft/media.h: PNM, WAV
//     auto png = kraft::make_model("png", {.geometry = layout->geometry});
//     kraft::Bytes compressed = kraft::compress(*png, file, {.layout = *layout});
//
// The format, version 1. Integers are unsigned LEB128 in their shortest form, or 8 bytes with the
// low one first where it says "8 bytes"; a text is its length and its bytes; checksums are XXH3 of
// 64 bits.
//
//     magic       8 bytes: 8b 6b 72 61 66 74 1a 0a (".kraft" and what mangles text)
//     version     1 byte: 1
//     length      of what follows in the header
//       model       text: specification, in which a model without a revision is of the first one;
//                   text: library with its version; text: fingerprint
//       probe       8 bytes
//       medium      1 byte: 0 text, 1 image, 2 audio, 3 bytes
//       head        text: the beginning of the original, before its samples
//       block       bytes of each block of the original but the last, 1..2^30
//       size        of the original and 1, or 0 where it was not known in advance
//     checksum    8 bytes: of all bytes before it
//     blocks      each: bytes of the original (not 0); bytes of the code; checksum of these bytes
//                 of the original, 8 bytes; the code
//     end         0
//     size        of the original
//     checksum    8 bytes: of the header's checksum, every block's checksum and the size, each as 8
//                 bytes
//
// The code of a block is what encode_bytes() (kraft/coder.h) writes from a fresh state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "kraft/bytes.h"
#include "kraft/media.h"
#include "kraft/model.h"
#include "kraft/registry.h"

namespace kraft {

// Fills as much of the buffer as there is at the moment, and at least a byte; 0 at the end.
using Reader = std::function<std::size_t(std::span<Byte>)>;

// Takes all of it, or throws.
using Writer = std::function<void(ByteView)>;

// What a model's distributions depend on.
struct ModelIdentity {
  std::string spec;
  std::string library;      // with its version; empty for a model that is not of the registry
  std::string fingerprint;  // Model::fingerprint()
  std::uint64_t probe = 0;  // checksum of the integer distributions at 4 places of a fixed text

  bool operator==(const ModelIdentity&) const = default;
};

// Costs 4 calls of State::next_byte(). The specification is the model's without what changes no
// result, such as the number of threads.
ModelIdentity identify(const Model& model);

// Why decompress() does not take a model of this specification from a file, in words that follow
// the model's name ("a command or a path"); empty where it does. Throws UsageError where there is
// no such model.
std::string objection_to(const std::string& spec);

inline constexpr std::uint64_t kDefaultBlockBytes = std::uint64_t{1} << 20;
inline constexpr std::uint64_t kMostBlockBytes = std::uint64_t{1} << 30;

struct CompressOptions {
  // Each block costs the model a new start, and a place where a thread can begin or damage ends.
  // Rounded down to whole rows of samples, of which there is at least one in a block.
  std::uint64_t block_bytes = kDefaultBlockBytes;
  unsigned threads = 0;                          // for blocks (default 0: one per processor)
  RawLayout layout = {};                         // of the original (default: bytes)
  std::optional<std::uint64_t> size_bytes = {};  // of the original, where that is known
  // Bytes done so far, by any thread, one at a time. May be empty.
  std::function<void(std::uint64_t)> progress = {};
};

// Takes memory for `threads` blocks and their states. Throws Error, also when the original is not
// as long as size_bytes says.
void compress(const Model& model, const Reader& read, const Writer& write,
              const CompressOptions& options = {});
Bytes compress(const Model& model, ByteView original, const CompressOptions& options = {});

struct ContainerHeader {
  ModelIdentity model;
  Medium medium = Medium::bytes;
  Bytes head;  // of the original, before its samples
  std::uint64_t block_bytes = 0;
  std::optional<std::uint64_t> size_bytes;  // where it was known in advance
};

struct DecompressOptions {
  // Instead of the one that the file names. It must be the same one: where it has a fingerprint, a
  // free-text argument (the path of its weights) may differ.
  std::shared_ptr<const Model> model = {};
  unsigned threads = 0;
  std::uint64_t limit_bytes = UINT64_MAX;  // of the original; what holds more is an Error
  std::function<void(const ContainerHeader&)> header = {};  // called first. May be empty.
  std::function<void(const std::string&)> warn = {};        // of another library. May be empty.
  std::function<void(std::uint64_t)> progress = {};         // as above
  std::function<bool()> cancelled = {};                     // for the model that the file names
};

// Every byte that is written has been checked, but an Error may come after some of them: what was
// written is the original's beginning then. Throws Error.
void decompress(const Reader& read, const Writer& write, const DecompressOptions& options = {});

Bytes decompress(ByteView file, const DecompressOptions& options = {});

struct ContainerInfo {
  ContainerHeader header;
  std::uint64_t size_bytes = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t code_bytes = 0;  // of all blocks, without what the format adds
  std::uint64_t blocks = 0;
  std::optional<bool> portable;  // of the model; nothing where it is not known here, or not trusted
};

// Reads a file to its end without decoding its blocks, and makes its model if it may. Throws Error
// when its structure is damaged.
ContainerInfo inspect(const Reader& read);

}  // namespace kraft
