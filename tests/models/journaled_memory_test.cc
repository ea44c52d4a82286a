#include "models/journaled_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <list>
#include <optional>
#include <random>
#include <vector>

namespace kraft {
namespace {

using Address = JournaledMemory::Address;

// As many pages as make pieces of every size and several huge ones.
constexpr std::size_t kPages = 4 * JournaledMemory::kMostPiecePages + 3;
constexpr std::size_t kWords = kPages * JournaledMemory::kPageBytes / 4;

TEST(JournaledMemory, ManyCopiesReadWhatWasWrittenToEachAndZeroElsewhere) {
  struct Copy {
    JournaledMemory memory;
    std::vector<std::uint32_t> truth;  // every 64th word
  };
  std::mt19937 random(1);
  std::list<Copy> copies;
  copies.push_back(
      {JournaledMemory(kWords * 4), std::vector<std::uint32_t>(kWords / 64, std::uint32_t{0})});
  for (int round = 0; round < 60; ++round) {
    auto it = std::next(copies.begin(), static_cast<std::ptrdiff_t>(random() % copies.size()));
    const std::size_t writes = random() % 2 == 0 ? 20 : 3000;
    std::optional<std::size_t> mark;
    std::vector<std::uint32_t> before;
    if (random() % 2 == 0) {
      mark = it->memory.mark();
      before = it->truth;
    }
    for (std::size_t i = 0; i < writes; ++i) {
      const std::size_t at = random() % it->truth.size();
      *it->memory.write<std::uint32_t>(static_cast<Address>(at * 256)) = it->truth[at] = random();
    }
    if (mark) {
      if (random() % 2 == 0) {
        it->memory.rewind(*mark);
        it->truth = before;
      }
      it->memory.keep_marks(false);
    }
    if (copies.size() < 6 || random() % 2 == 0) {
      JournaledMemory clone = it->memory.clone();
      std::vector<std::uint32_t> truth = it->truth;
      copies.push_back({std::move(clone), std::move(truth)});
    }
    if (copies.size() > 8) copies.erase(std::next(copies.begin(), random() % 8));
  }
  for (const Copy& copy : copies) {
    for (std::size_t at = 0; at < copy.truth.size(); ++at)
      ASSERT_EQ(*copy.memory.read<std::uint32_t>(static_cast<Address>(at * 256)), copy.truth[at]);
  }
}

}  // namespace
}  // namespace kraft
