// What the writer and the reader of .kraft files share. include/kraft/container.h has the format.
#pragma once

#include <array>
#include <mutex>
#include <optional>

#include "base/wire.h"
#include "kraft/coder.h"
#include "kraft/container.h"

namespace kraft {

inline constexpr std::array<Byte, 8> kMagic = {0x8b, 'k', 'r', 'a', 'f', 't', 0x1a, '\n'};
inline constexpr Byte kVersion1 = 1;
inline constexpr std::uint64_t kMostHeaderBytes = std::uint64_t{1} << 16;

// No byte costs more than 48 bits, and the end of a code less than a byte.
inline constexpr std::uint64_t most_code_bytes(std::uint64_t original_bytes) {
  return 7 * original_bytes + 8;
}

// The checksum at the end of a file.
class Summary {
 public:
  void add(std::uint64_t value) { put_u64(values_, value); }
  std::uint64_t value() const { return checksum(values_); }

 private:
  Bytes values_;
};

// Adds up what the threads do.
class SharedProgress {
 public:
  explicit SharedProgress(const std::function<void(std::uint64_t)>& call) : call_(call) {}

  // For the coder of one block.
  CodingProgress of_block(std::size_t block_bytes) {
    if (!call_) return {};
    return [this, block_bytes, reported = std::size_t{0}](std::size_t done) mutable {
      constexpr std::size_t kStep = 16;
      if (done - reported < kStep && done < block_bytes) return;
      const std::lock_guard lock(mutex_);
      done_bytes_ += done - reported;
      reported = done;
      call_(done_bytes_);
    };
  }

 private:
  const std::function<void(std::uint64_t)>& call_;
  std::mutex mutex_;
  std::uint64_t done_bytes_ = 0;
};

// A specification as files have it: it names the revision of each of its models from the second on,
// and without one it means the first (kraft/spec.h).
std::string spec_for_file(const std::string& spec);
std::string spec_from_file(const std::string& spec);

// Whether the file's model is; nothing where named_model() throws.
std::optional<bool> is_portable(const ModelIdentity& file);

// Throws Error unless the model here is the one that wrote the file; warns of another library. What
// costs least is compared first.
void expect_same_model(const ModelIdentity& file, const Model& model,
                       const std::function<void(const std::string&)>& warn);

// Throws what named_model() throws before it loads anything.
void expect_known_model(const ModelIdentity& file);

// The model that the file names. Throws Error when there is none of that name, or a file's word is
// not enough for it (objection_to()).
std::shared_ptr<const Model> named_model(const ModelIdentity& file, const ModelOptions& options);

}  // namespace kraft
