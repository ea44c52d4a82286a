// Any file through any model, and back.
//
//     kraft::CompressTask task;
//     task.model = "ngram:5";
//     kraft::Bytes packed;
//     kraft::compress(task, kraft::reading(book), kraft::writing(packed));
//
//     kraft::Bytes back;
//     kraft::decompress({}, kraft::reading(packed), kraft::writing(back));
//
// Both stream: a reader gives as much as there is at the moment, a writer takes what comes, and
// memory stays bounded. Of an uncompressed image or recording the model is told the shape of the
// samples, unless it has no use for it.
//
// A .kraft file names its model, and kraft/container.h says how it is checked before anything is
// written. A damaged file throws Error, and so does one whose model computes other probabilities
// here. inspect(), in that header, says what a file holds, and kraft/report.h shows it:
//
//     kraft::ContainerInfo info = kraft::inspect(kraft::reading(packed));
//     std::cout << kraft::info_table({{"book.kraft", info}});
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "kraft/container.h"
#include "kraft/tasks/input.h"
#include "kraft/tasks/progress.h"

namespace kraft {

inline constexpr std::uint64_t kLongBlockBytes = std::uint64_t{16} << 20;

// compress_options() has the ranges and meanings.
struct CompressTask {
  std::string model;  // specification
  // Of the original; blocks are independent. By default kDefaultBlockBytes, or kLongBlockBytes with
  // a model that is its own coder (State::by_choices()) and has no window: it learns as it goes.
  std::optional<std::uint64_t> block_bytes = {};
  std::optional<Medium> as = {};  // (default: what its content says)
  // Whether the model may be one that decompress() does not take from a file (objection_to()): it
  // is to be named there again, too.
  bool needs_model = false;
  unsigned threads = 0;                  // 0: one per processor
  std::string input_name = "the input";  // what messages call the original
};

struct DecompressTask {
  std::optional<std::string> model = {};  // (default: the one that the file names)
  unsigned threads = 0;                   // 0: one per processor
};

const OptionTable<CompressTask>& compress_options();
const OptionTable<DecompressTask>& decompress_options();

struct PackResult {
  std::string model;  // as it calls itself
  Medium medium = Medium::bytes;
  std::uint64_t original_bytes = 0;
  std::uint64_t packed_bytes = 0;
};

// Throw UsageError for an invalid task, without reading anything.
void check(const CompressTask& task);
void check(const DecompressTask& task);

// The size is that of the original, where it is known.
PackResult compress(const CompressTask& task, const Reader& read, const Writer& write,
                    const Receiver& receiver = {},
                    std::optional<std::uint64_t> size_bytes = std::nullopt);

PackResult decompress(const DecompressTask& task, const Reader& read, const Writer& write,
                      const Receiver& receiver = {});

// Of bytes in memory, which stay where they are.
Reader reading(ByteView bytes);
Writer writing(Bytes& to);

}  // namespace kraft
