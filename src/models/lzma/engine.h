// Lengths of LZMA2 streams to fractions of a bit, by stock liblzma, without compressing the context
// again.
//
// The stream whose length is meant is what one encoder writes for the message when it is flushed
// once (LZMA_SYNC_FLUSH), some bytes before the end. Without that an encoder keeps the last 4,370
// bytes to itself to look ahead, and each continuation would have to code them again. Where the
// flush is depends on the length of the message alone:
//
//     near_flush     the last multiple of the tail that leaves at least one tail after it;
//     far_flush      2 to 4 KiB before the end, for messages whose last bytes are nearly
//     incompressible.
//                    A short chunk that LZMA cannot make shorter (the flush of its coder, five
//                    bytes, included) is stored, which says nothing about its bytes; a longer one
//                    may be coded.
//
// So the length of a message does not depend on how it was divided into context and continuation.
#pragma once

#include <lzma.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "kraft/bytes.h"
#include "models/lzma/arena.h"
#include "models/lzma/reader.h"

namespace kraft::lzma {

// 0 where the message is too short for a flush.
std::uint64_t near_flush(std::uint64_t message_bytes, std::uint64_t tail_bytes);
std::uint64_t far_flush(std::uint64_t message_bytes);

// An encoder after some bytes of a message. Immutable: states, marks and clones share it.
struct Checkpoint {
  Image image;
  Reader reader;                     // of the chunks written
  std::uint64_t position_bytes = 0;  // given to the encoder
  std::uint64_t written_bytes = 0;
};

struct Length {
  double bits = 0;
  std::uint64_t stream_bytes = 0;  // of the whole raw LZMA2 stream, flush and end included
  bool stored = false;             // are there stored bytes after the flush?
};

// What the states of one model share: an arena for each thread. Used by one state at a time, the
// others wait.
class Engine {
 public:
  Engine(const lzma_options_lzma& options, unsigned threads, std::function<bool()> cancelled);

  // At the beginning of a message.
  std::shared_ptr<const Checkpoint> start() { return start_; }

  // Gives the encoder the bytes of `text` up to `position`, and flushes it there if asked to.
  std::shared_ptr<const Checkpoint> advance(const Checkpoint& from, const Text& text,
                                            std::uint64_t position, bool flush);

  // What has been read of the stream that ends at `position`, flushed there; the boundary at or
  // before `note_at` is noted, as far as it is not before the last chunk written.
  Reader read_up_to(const Checkpoint& from, const Text& text, std::uint64_t position,
                    std::uint64_t note_at);

  // One message whose length is to be known: the encoder goes on from there, to be flushed at
  // `flush` unless it has been (at its own position).
  struct Task {
    const Checkpoint* from = nullptr;
    std::optional<std::uint64_t> flush;
    Text text;
  };

  // Independent of the number of threads. Throws Cancelled.
  void lengths(std::span<const Task> tasks, std::span<Length> lengths);

 private:
  struct Worker;

  Worker& worker(unsigned index);
  void give(Worker& worker, const Text& text, std::uint64_t from, std::uint64_t to,
            lzma_action action) const;
  Length length(Worker& worker, const Task& task) const;

  lzma_options_lzma options_;
  std::function<bool()> cancelled_;
  ThreadPool pool_;
  std::vector<std::shared_ptr<Worker>> workers_;  // made when first needed
  Layout layout_;
  std::shared_ptr<const Checkpoint> start_;
};

}  // namespace kraft::lzma
