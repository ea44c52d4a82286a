#include "models/lzma/engine.h"

#include <algorithm>

#include "core/observing.h"
#include "kraft/error.h"

namespace kraft::lzma {

std::uint64_t near_flush(std::uint64_t message_bytes, std::uint64_t tail_bytes) {
  // The first chunk must not be stored: that would make the encoder forget what it has learned.
  constexpr std::uint64_t kFirstChunkBytes = 1024;
  if (message_bytes < kFirstChunkBytes + tail_bytes) return 0;
  return (message_bytes - tail_bytes) / tail_bytes * tail_bytes;
}

std::uint64_t far_flush(std::uint64_t message_bytes) {
  constexpr std::uint64_t kTailBytes = 2048;
  if (message_bytes < 2 * kTailBytes) return 0;
  return (message_bytes - kTailBytes) / kTailBytes * kTailBytes;
}

struct Engine::Worker {
  explicit Worker(const lzma_options_lzma& options)
      : arena(options), reader(options.lc, options.lp, options.pb) {}

  Arena arena;
  Reader reader;
  Bytes written;
};

Engine::Engine(const lzma_options_lzma& options, unsigned threads, std::function<bool()> cancelled)
    : options_(options),
      cancelled_(std::move(cancelled)),
      pool_(threads),
      workers_(pool_.size()),
      layout_(find_layout(options)) {
  const Worker& first = worker(0);
  start_ = std::make_shared<Checkpoint>(Checkpoint{first.arena.save(), first.reader});
}

Engine::Worker& Engine::worker(unsigned index) {
  if (!workers_[index]) workers_[index] = std::make_shared<Worker>(options_);
  return *workers_[index];
}

// The text's two pieces are given one after the other; the last one with the action.
void Engine::give(Worker& worker, const Text& text, std::uint64_t from, std::uint64_t to,
                  lzma_action action) const {
  const std::uint64_t split = std::clamp(text.split(), from, to);
  const auto encode = [&](ByteView bytes, lzma_action last) {
    worker.arena.encode(bytes, last, worker.written);
  };
  if (split == to) {
    encode(text.context.subspan(from - text.begin, to - from), action);
    return;
  }
  if (split > from) encode(text.context.subspan(from - text.begin, split - from), LZMA_RUN);
  encode(text.continuation.subspan(split - text.split(), to - split), action);
}

std::shared_ptr<const Checkpoint> Engine::advance(const Checkpoint& from, const Text& text,
                                                  std::uint64_t position, bool flush) {
  std::shared_ptr<const Checkpoint> result;
  pool_.run(1, [&](std::size_t, unsigned index) {
    Worker& w = worker(index);
    w.arena.restore(from.image, layout_);
    w.written.clear();
    give(w, text, from.position_bytes, position, flush ? LZMA_SYNC_FLUSH : LZMA_RUN);
    Checkpoint next{w.arena.save(), from.reader, position, from.written_bytes + w.written.size()};
    next.reader.read(w.written, text);
    result = std::make_shared<Checkpoint>(std::move(next));
  });
  return result;
}

Reader Engine::read_up_to(const Checkpoint& from, const Text& text, std::uint64_t position,
                          std::uint64_t note_at) {
  Reader reader = from.reader;
  reader.note_at(note_at);
  pool_.run(1, [&](std::size_t, unsigned index) {
    Worker& w = worker(index);
    w.arena.restore(from.image, layout_);
    w.written.clear();
    give(w, text, from.position_bytes, position, LZMA_SYNC_FLUSH);
    reader.read(w.written, text);
  });
  return reader;
}

Length Engine::length(Worker& worker, const Task& task) const {
  const Checkpoint& from = *task.from;
  worker.arena.restore(from.image, layout_);
  worker.written.clear();
  worker.reader = from.reader;
  Length length{.stream_bytes = from.written_bytes};
  const auto read = [&] {
    worker.reader.read(worker.written, task.text);
    length.stream_bytes += worker.written.size();
    worker.written.clear();
  };
  std::uint64_t position = from.position_bytes;
  if (task.flush) {
    give(worker, task.text, position, *task.flush, LZMA_SYNC_FLUSH);
    position = *task.flush;
    read();
  }
  const std::uint64_t stored_bytes = worker.reader.stored_bytes();
  give(worker, task.text, position, task.text.end(), LZMA_FINISH);
  read();
  if (worker.reader.position_bytes() != task.text.end())
    throw Error("liblzma wrote a stream without the end of the message");
  length.bits = worker.reader.bits();
  length.stored = worker.reader.stored_bytes() != stored_bytes;
  return length;
}

void Engine::lengths(std::span<const Task> tasks, std::span<Length> lengths) {
  pool_.run(tasks.size(), [&](std::size_t i, unsigned index) {
    stop_if(cancelled_);
    lengths[i] = length(worker(index), tasks[i]);
  });
}

}  // namespace kraft::lzma
