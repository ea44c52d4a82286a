// Files of results: any bytes are results, damage that is said, or an Error; never a crash, and
// nothing that no checksum vouches for.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

#include "evaluate/cell.h"
#include "kraft/error.h"
#include "run/store.h"

namespace {

const std::string& path() {
  static const std::string path = [] {
    char name[] = "/tmp/kraft-results-XXXXXX";
    const int descriptor = ::mkstemp(name);
    if (descriptor < 0) std::abort();
    ::close(descriptor);
    static const std::string kept = name;
    std::atexit([] { ::unlink(kept.c_str()); });
    return kept;
  }();
  return path;
}

// A cell by itself, which no fuzzer would find behind a checksum.
void read_as_cell(const std::string& text) {
  try {
    const kraft::Cell cell = kraft::read_cell(text);
    if (kraft::cell_text(kraft::read_cell(kraft::cell_text(cell))) != kraft::cell_text(cell))
      std::abort();
  } catch (const kraft::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read_as_cell(std::string(data, data + size));
  std::ofstream(path(), std::ios::trunc | std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    kraft::CellStore store(path(), "compare", "s", [](const std::string&) {});
    if (const auto text = store.find("k")) {
      const kraft::Cell cell = kraft::read_cell(*text);
      if (kraft::read_cell(kraft::cell_text(cell)).draws.size() != cell.draws.size()) std::abort();
    }
    store.add("k", "{\"figures\":{}}");
  } catch (const kraft::Error&) {
    return 0;
  }
  const kraft::CellStore again(path(), "compare", "s", [](const std::string&) { std::abort(); });
  if (!again.find("k")) std::abort();
  return 0;
}
