// The writer of .kraft files.

#include <algorithm>
#include <atomic>
#include <vector>

#include "base/parallel.h"
#include "base/text.h"
#include "coding/container_format.h"
#include "kraft/coder.h"
#include "kraft/error.h"

namespace kraft {
namespace {

struct Block {
  Bytes original;
  Bytes code;
  std::uint64_t original_checksum = 0;
};

// Replaces `bytes` by the next `count` bytes, or those that there are. Memory grows with them.
void read_up_to(const Reader& read, std::uint64_t count, Bytes& bytes) {
  constexpr std::size_t kFirstBytes = 64 << 10;
  std::size_t size = 0;
  bytes.clear();
  while (size < count) {
    const std::uint64_t room = std::max(kFirstBytes, 2 * size);
    bytes.resize(static_cast<std::size_t>(std::min(count, room)));
    std::size_t got = 1;
    for (; size < bytes.size() && got > 0; size += got) got = read(std::span(bytes).subspan(size));
    if (got == 0) break;
  }
  bytes.resize(size);
}

std::uint64_t whole_rows(const CompressOptions& options) {
  const std::uint64_t row_bytes = options.layout.row_bytes;
  if (options.block_bytes < 1 || options.block_bytes > kMostBlockBytes)
    throw UsageError("a block of " + grouped(options.block_bytes) + " bytes is out of range: 1.." +
                     grouped(kMostBlockBytes));
  if (row_bytes < 1 || row_bytes > options.block_bytes)
    throw UsageError("a block of " + grouped(options.block_bytes) +
                     " bytes has no room for a row of " + grouped(row_bytes));
  return options.block_bytes / row_bytes * row_bytes;
}

// Without its checksum.
Bytes header_bytes(const ContainerHeader& header) {
  Bytes body;
  put_string(body, as_bytes(spec_for_file(header.model.spec)));
  put_string(body, as_bytes(header.model.library));
  put_string(body, as_bytes(header.model.fingerprint));
  put_u64(body, header.model.probe);
  body.push_back(static_cast<Byte>(header.medium));
  put_string(body, header.head);
  put_varint(body, header.block_bytes);
  put_varint(body, header.size_bytes ? *header.size_bytes + 1 : 0);
  if (body.size() > kMostHeaderBytes)
    throw Error("the model's specification and fingerprint are too long for a .kraft file: " +
                grouped(body.size()) + " bytes");

  Bytes bytes(kMagic.begin(), kMagic.end());
  bytes.push_back(kVersion1);
  put_varint(bytes, body.size());
  append(bytes, body);
  return bytes;
}

class Compression {
 public:
  Compression(const Model& model, const Reader& read, const Writer& write,
              const CompressOptions& options)
      : model_(model),
        read_(read),
        write_(write),
        options_(options),
        block_bytes_(whole_rows(options)),
        progress_(options.progress),
        pool_(options.threads),
        blocks_(pool_.size()) {}

  void run() {
    write_header();
    while (const std::size_t count = read_blocks()) {
      pool_.run(count, [&](std::size_t i, unsigned) { encode(blocks_[i]); });
      for (std::size_t i = 0; i < count; ++i) write_block(blocks_[i]);
    }
    expect_known_size();
    write_end();
  }

 private:
  void write_header() {
    ContainerHeader header;
    header.model = identify(model_);
    header.medium = options_.layout.medium;
    header.block_bytes = block_bytes_;
    header.size_bytes = options_.size_bytes;
    read_up_to(read_, options_.layout.head_bytes, header.head);
    if (header.head.size() < options_.layout.head_bytes)
      throw Error("the original is shorter than its head of " +
                  grouped(options_.layout.head_bytes) + " bytes");
    size_bytes_ = header.head.size();
    Bytes bytes = header_bytes(header);
    const std::uint64_t sum = checksum(bytes);
    summary_.add(sum);
    put_u64(bytes, sum);
    write_(bytes);
  }

  // Returns how many there are.
  std::size_t read_blocks() {
    std::size_t count = 0;
    while (count < blocks_.size() && !at_end_) {
      Bytes& original = blocks_[count].original;
      read_up_to(read_, block_bytes_, original);
      at_end_ = original.size() < block_bytes_;
      size_bytes_ += original.size();
      if (!original.empty()) ++count;
    }
    return count;
  }

  void encode(Block& block) {
    RangeEncoder coder;
    encode_bytes(*model_.start(), block.original, coder, progress_.of_block(block.original.size()));
    block.code = coder.finish();
    block.original_checksum = checksum(block.original);
  }

  void write_block(const Block& block) {
    Bytes bytes;
    put_varint(bytes, block.original.size());
    put_varint(bytes, block.code.size());
    put_u64(bytes, block.original_checksum);
    append(bytes, block.code);
    summary_.add(block.original_checksum);
    write_(bytes);
  }

  void expect_known_size() const {
    if (options_.size_bytes && *options_.size_bytes != size_bytes_)
      throw Error("the original has changed while it was read: expected " +
                  grouped(*options_.size_bytes) + " bytes, found " + grouped(size_bytes_));
  }

  void write_end() {
    summary_.add(size_bytes_);
    Bytes bytes;
    put_varint(bytes, 0);
    put_varint(bytes, size_bytes_);
    put_u64(bytes, summary_.value());
    write_(bytes);
  }

  const Model& model_;
  const Reader& read_;
  const Writer& write_;
  const CompressOptions& options_;
  std::uint64_t block_bytes_;
  SharedProgress progress_;
  ThreadPool pool_;
  std::vector<Block> blocks_;  // one for each thread
  Summary summary_;
  std::uint64_t size_bytes_ = 0;
  bool at_end_ = false;
};

}  // namespace

void compress(const Model& model, const Reader& read, const Writer& write,
              const CompressOptions& options) {
  Compression(model, read, write, options).run();
}

Bytes compress(const Model& model, ByteView original, const CompressOptions& options) {
  CompressOptions known = options;
  known.size_bytes = original.size();
  Bytes file;
  const auto read = [&](std::span<Byte> to) {
    const std::size_t count = std::min(to.size(), original.size());
    std::copy_n(original.begin(), count, to.begin());
    original = original.subspan(count);
    return count;
  };
  compress(
      model, read, [&](ByteView bytes) { append(file, bytes); }, known);
  return file;
}

}  // namespace kraft
