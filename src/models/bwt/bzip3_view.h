// The decoder's view of bzip3: what comes in the row of the context?
//
// As for bzip2, the text is seen backwards, and its next byte stands in the row of the context
// (models/bwt/column.h). bzip3 codes the column from its first row to its last by a mixture of
// adaptive predictions (codecs/bzip3_mixing.h). Its decoder, stopped at the row and fed with coin
// flips, makes b with the probability p(b) that the mixture has there, and then, having learnt b,
// what stands in the row below with p(below | b). That row is known, so that
//
//     P(b) = p(b) p(below | b) / (sum over all c of p(c) p(below | c))
//
// What the mixture has learnt from the rows above is held still, from one refresh to the next, at
// every kRows of them; from the last such row on it learns from the rows that stand there now, the
// last kMostLearnt of them. Run lengths and long matches, which bzip3 takes out before the
// transform, are left in. A bit has a probability of 2^-18 or more.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "codecs/bzip3_mixing.h"
#include "kraft/bytes.h"
#include "models/bwt/column.h"
#include "models/bwt/column_view.h"
#include "models/lz/byte_masses.h"

namespace kraft::bwt {

// What the mixture has learnt before each kRows rows of a column. Of each table only what has
// changed is kept, some 35 bytes a row.
class Snapshots {
 public:
  static constexpr std::size_t kRows = 256;

  explicit Snapshots(ByteView column);

  std::size_t count() const { return any_.size(); }
  const bzip3::Nodes& any(std::size_t snapshot) const { return any_[snapshot]; }
  const bzip3::Nodes& after(std::size_t snapshot, Byte byte) const;
  const bzip3::Refined& refined(std::size_t snapshot, bool run, std::size_t node) const;

 private:
  // Where a table stands, as it is from a snapshot on.
  struct Version {
    std::uint32_t snapshot, index;
  };
  using Versions = std::vector<Version>;

  void take(const bzip3::Mixing& mixing, const std::bitset<256>& after,
            const std::array<std::bitset<256>, 2>& refined);
  static const Version* last(const Versions& versions, std::size_t snapshot);

  std::vector<bzip3::Nodes> any_, after_;
  std::vector<bzip3::Refined> refined_;
  std::array<Versions, 256> after_versions_;
  std::array<std::array<Versions, 256>, 2> refined_versions_;
};

// A mixture that begins as a snapshot has it.
class Resumed {
 public:
  void begin(const Snapshots& snapshots, std::size_t snapshot);
  bzip3::Decision decide(const bzip3::Before& before, std::size_t node);

 private:
  bzip3::Nodes& after(Byte byte);

  const Snapshots* snapshots_ = nullptr;
  std::size_t snapshot_ = 0;
  bzip3::Mixing now_;  // where it has been loaded
  std::bitset<256> has_after_;
  std::array<std::bitset<256>, 2> has_refined_;
};

// A block of ColumnView.
class Bzip3Block {
 public:
  static constexpr std::size_t kMostLearnt = 1024;

  explicit Bzip3Block(ByteView text);

  void push(Byte byte);
  void pop();
  std::size_t pushed() const { return column_.pushed(); }
  double bits_of(Byte byte);
  void next_byte(std::span<double, 256> bits);

 private:
  void prepare();
  void descend(std::size_t node, double mass);
  double mass_below(Byte byte);

  Column column_;
  std::shared_ptr<const Snapshots> snapshots_;
  std::vector<std::uint32_t> rows_;  // behind each snapshot, up to the next
  bool prepared_ = false;            // what follows, for the hole
  Resumed mixing_;
  bzip3::BeforeEach before_each_;
  bzip3::Before before_;
  std::optional<Byte> below_;  // the row below
  lz::ByteMasses next_;        // p(b) p(below | b)
};

class Bzip3View : public ColumnView<Bzip3Block> {
 public:
  Bzip3View(std::uint64_t block_bytes, std::uint64_t refresh_bytes)
      : ColumnView([](ByteView text) { return Bzip3Block(text); }, block_bytes, refresh_bytes) {}
};

}  // namespace kraft::bwt
