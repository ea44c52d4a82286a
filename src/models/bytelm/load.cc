// Weights from files, each read once.

#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "kraft/error.h"
#include "models/bytelm/network.h"
#include "models/llama/weights.h"

namespace kraft::bytelm {
namespace {

constexpr std::uint64_t kMostFileBytes = std::uint64_t{1} << 30;

}  // namespace

std::shared_ptr<const Network> load_network(const std::string& path) {
  static std::mutex mutex;
  // Commands make a model to learn what it is, and again to use it.
  static std::map<FileState, std::shared_ptr<const Network>> loaded;
  const std::lock_guard lock(mutex);
  const std::optional<FileState> state = state_of_file(path);
  if (state) {
    if (const auto known = loaded.find(*state); known != loaded.end()) return known->second;
  }
  try {
    const auto bytes = InputFile(path).size_bytes();
    if (bytes.value_or(0) > kMostFileBytes)
      throw Error("it has " + grouped(*bytes) + " bytes, expected at most " +
                  grouped(kMostFileBytes));
    auto network = std::make_shared<const Network>(read_network(read_input(path)));
    if (state) loaded[*state] = network;
    return network;
  } catch (const Error& error) {
    throw Error("bytelm: cannot load " + printable(path) + ": " + error.what());
  }
}

}  // namespace kraft::bytelm
