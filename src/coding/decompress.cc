// The reader of .kraft files. Nothing in them is believed before it has been checked.

#include <algorithm>
#include <vector>

#include "base/parallel.h"
#include "base/text.h"
#include "coding/container_format.h"
#include "kraft/coder.h"
#include "kraft/error.h"

namespace kraft {
namespace {

// The file as it comes, through a small buffer.
class Input {
 public:
  explicit Input(const Reader& read) : read_(read), buffer_(64 << 10) {}

  std::uint64_t position_bytes() const { return position_bytes_; }

  Byte byte() {
    if (begin_ == end_) refill();
    if (begin_ == end_) throw Malformed("it is truncated");
    ++position_bytes_;
    return buffer_[begin_++];
  }

  std::uint64_t varint() {
    return take_varint([this] { return byte(); });
  }

  std::uint64_t u64() {
    return take_u64([this] { return byte(); });
  }

  // Calls use(piece) for pieces of the next `count` bytes.
  template <class Use>
  void pieces(std::uint64_t count, Use&& use) {
    while (count > 0) {
      if (begin_ == end_) refill();
      if (begin_ == end_) throw Malformed("it is truncated");
      const std::uint64_t there = std::min<std::uint64_t>(count, end_ - begin_);
      use(ByteView(buffer_).subspan(begin_, static_cast<std::size_t>(there)));
      begin_ += static_cast<std::size_t>(there);
      position_bytes_ += there;
      count -= there;
    }
  }

  void append_to(Bytes& bytes, std::uint64_t count) {
    pieces(count, [&](ByteView piece) { append(bytes, piece); });
  }

  bool at_end() {
    if (begin_ == end_) refill();
    return begin_ == end_;
  }

 private:
  void refill() {
    begin_ = 0;
    end_ = read_(buffer_);
  }

  const Reader& read_;
  Bytes buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t position_bytes_ = 0;
};

// What the header says, its checksum right.
ContainerHeader parse_header(ByteView body) {
  Pieces pieces(body);
  ContainerHeader header;
  header.model.spec = spec_from_file(pieces.string());
  header.model.library = pieces.string();
  header.model.fingerprint = pieces.string();
  header.model.probe = pieces.u64();
  const Byte medium = pieces.byte();
  if (medium >= media().size()) throw Malformed("its medium is unknown");
  header.medium = static_cast<Medium>(medium);
  const ByteView head = pieces.bytes(pieces.varint());
  header.head.assign(head.begin(), head.end());
  header.block_bytes = pieces.varint();
  if (header.block_bytes < 1 || header.block_bytes > kMostBlockBytes)
    throw Malformed("its blocks are of " + grouped(header.block_bytes) + " bytes");
  if (const std::uint64_t size = pieces.varint()) header.size_bytes = size - 1;
  if (!pieces.rest().empty()) throw Malformed("its header is too long");
  return header;
}

struct Block {
  std::uint64_t number = 0;
  std::uint64_t begin_bytes = 0;  // where it stands in the original
  std::uint64_t original_bytes = 0;
  std::uint64_t original_checksum = 0;
  std::uint64_t code_bytes = 0;
  Bytes code;
  Bytes original;
};

template <class Work>
auto explained(Work&& work) {
  try {
    return work();
  } catch (const Malformed& error) {
    throw Error(std::string("the .kraft file is damaged: ") + error.what());
  }
}

// Takes a file apart, its blocks unopened.
class ContainerReader {
 public:
  explicit ContainerReader(const Reader& read) : input_(read) {}

  ContainerHeader header() {
    for (const Byte expected : kMagic) {
      if (input_.at_end() || input_.byte() != expected) throw Error("this is not a .kraft file");
    }
    return explained([&] { return checked_header(); });
  }

  // False at the end, with all that the end says checked. With `keep`, the block's code is read
  // into memory.
  bool next(Block& block, bool keep) {
    return explained([&] { return checked_next(block, keep); });
  }

  std::uint64_t size_bytes() const { return size_bytes_; }
  std::uint64_t position_bytes() const { return input_.position_bytes(); }

 private:
  ContainerHeader checked_header() {
    Bytes bytes(kMagic.begin(), kMagic.end());
    bytes.push_back(input_.byte());
    if (bytes.back() != kVersion1)
      throw Malformed("its version is " + std::to_string(bytes.back()) + ", expected 1");
    const std::uint64_t body_bytes = input_.varint();
    if (body_bytes > kMostHeaderBytes) throw Malformed("its header is too long");
    put_varint(bytes, body_bytes);
    const std::size_t body_begin = bytes.size();
    input_.append_to(bytes, body_bytes);
    const std::uint64_t sum = checksum(bytes);
    if (input_.u64() != sum) throw Malformed("the checksum of its header is wrong");
    header_ = parse_header(ByteView(bytes).subspan(body_begin));
    summary_.add(sum);
    size_bytes_ = header_.head.size();
    return header_;
  }

  bool checked_next(Block& block, bool keep) {
    block.original_bytes = input_.varint();
    if (block.original_bytes == 0) {
      check_end();
      return false;
    }
    if (last_seen_ || block.original_bytes > header_.block_bytes)
      throw Malformed("block " + grouped(blocks_ + 1) + " is too long");
    last_seen_ = block.original_bytes < header_.block_bytes;
    block.code_bytes = input_.varint();
    if (block.code_bytes > most_code_bytes(block.original_bytes))
      throw Malformed("the code of block " + grouped(blocks_ + 1) + " is too long");
    block.original_checksum = input_.u64();
    block.code.clear();
    if (keep) {
      input_.append_to(block.code, block.code_bytes);
    } else {
      input_.pieces(block.code_bytes, [](ByteView) {});
    }
    summary_.add(block.original_checksum);
    block.number = ++blocks_;
    block.begin_bytes = size_bytes_;
    size_bytes_ += block.original_bytes;
    if (header_.size_bytes && size_bytes_ > *header_.size_bytes)
      throw Malformed("it holds more than the " + grouped(*header_.size_bytes) +
                      " bytes that its header says");
    return true;
  }

  void check_end() {
    const std::uint64_t size = input_.varint();
    if (size != size_bytes_ || (header_.size_bytes && size != *header_.size_bytes))
      throw Malformed("it holds " + grouped(size_bytes_) + " bytes, expected " +
                      grouped(header_.size_bytes.value_or(size)));
    summary_.add(size);
    if (input_.u64() != summary_.value()) throw Malformed("the checksum at its end is wrong");
    if (!input_.at_end()) throw Malformed("it is followed by other bytes");
  }

  Input input_;
  ContainerHeader header_;
  Summary summary_;
  std::uint64_t blocks_ = 0;
  std::uint64_t size_bytes_ = 0;  // of the original, as far as it has been read
  bool last_seen_ = false;        // only the last block may be shorter than the others
};

class Decompression {
 public:
  Decompression(const Reader& read, const Writer& write, const DecompressOptions& options)
      : reader_(read), write_(write), options_(options), progress_(options.progress) {}

  void run() {
    const ContainerHeader header = reader_.header();
    if (options_.header) options_.header(header);
    if (!options_.model) expect_known_model(header.model);
    ThreadPool pool(options_.threads);
    blocks_.resize(pool.size());
    std::size_t count = read_blocks();  // a model is dear: what is wrong with these comes first
    model_ = options_.model ? options_.model
                            : named_model(header.model, {.threads = options_.threads,
                                                         .cancelled = options_.cancelled});
    expect_same_model(header.model, *model_, options_.warn);
    if (!header.head.empty()) write_(header.head);

    for (; count > 0; count = read_blocks()) {
      pool.run(count, [&](std::size_t i, unsigned) { decode(blocks_[i]); });
      for (std::size_t i = 0; i < count; ++i) write_(blocks_[i].original);
    }
  }

 private:
  std::size_t read_blocks() {
    std::size_t count = 0;
    while (!at_end_ && count < blocks_.size()) {
      at_end_ = !reader_.next(blocks_[count], /*keep=*/true);
      if (reader_.size_bytes() > options_.limit_bytes)
        throw Error("the .kraft file holds more than " + grouped(options_.limit_bytes) + " bytes");
      if (!at_end_) ++count;
    }
    return count;
  }

  void decode(Block& block) {
    try {
      const auto size = static_cast<std::size_t>(block.original_bytes);
      RangeDecoder coder(block.code);
      block.original = decode_bytes(*model_->start(), size, coder, progress_.of_block(size));
      coder.finish();
      if (checksum(block.original) != block.original_checksum) throw Error("its checksum is wrong");
    } catch (const Cancelled&) {
      throw;
    } catch (const Error& error) {
      throw Error("block " + grouped(block.number) + " of the .kraft file (bytes " +
                  grouped(block.begin_bytes) + " to " +
                  grouped(block.begin_bytes + block.original_bytes - 1) +
                  " of the original) is damaged: " + error.what());
    }
  }

  ContainerReader reader_;
  const Writer& write_;
  const DecompressOptions& options_;
  SharedProgress progress_;
  std::shared_ptr<const Model> model_;
  std::vector<Block> blocks_;  // one for each thread
  bool at_end_ = false;
};

Reader reader_of(ByteView& bytes) {
  return [&bytes](std::span<Byte> to) {
    const std::size_t count = std::min(to.size(), bytes.size());
    std::copy_n(bytes.begin(), count, to.begin());
    bytes = bytes.subspan(count);
    return count;
  };
}

}  // namespace

void decompress(const Reader& read, const Writer& write, const DecompressOptions& options) {
  Decompression(read, write, options).run();
}

Bytes decompress(ByteView file, const DecompressOptions& options) {
  Bytes original;
  decompress(
      reader_of(file), [&](ByteView bytes) { append(original, bytes); }, options);
  return original;
}

ContainerInfo inspect(const Reader& read) {
  ContainerReader reader(read);
  ContainerInfo info;
  info.header = reader.header();
  Block block;
  while (reader.next(block, /*keep=*/false)) {
    ++info.blocks;
    info.code_bytes += block.code_bytes;
  }
  info.size_bytes = reader.size_bytes();
  info.file_bytes = reader.position_bytes();
  info.portable = is_portable(info.header.model);
  return info;
}

}  // namespace kraft
