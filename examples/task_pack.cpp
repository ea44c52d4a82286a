// A file through a model, and back.
//
//     task_pack FILE [MODEL]
//
// Introduces readers, writers and receivers, as of `kraft compress`, `kraft decompress` and `kraft
// info`.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "kraft/error.h"
#include "kraft/report.h"
#include "kraft/tasks/pack.h"

namespace {

kraft::Bytes read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw kraft::Error(std::string("cannot read ") + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) throw kraft::UsageError("usage: task_pack FILE [MODEL]");
  const kraft::Bytes original = read(argv[1]);
  kraft::CompressTask task;
  task.model = argc > 2 ? argv[2] : "ngram:4";
  kraft::Receiver receiver;
  receiver.progress = [](const kraft::ProgressReport& report) {
    std::printf("%s: %llu %s\n", report.what.c_str(), static_cast<unsigned long long>(report.done),
                report.unit.c_str());
  };
  kraft::Bytes packed, back;
  kraft::compress(task, kraft::reading(original), kraft::writing(packed), receiver);
  kraft::decompress(kraft::DecompressTask{}, kraft::reading(packed), kraft::writing(back));
  if (back != original) throw kraft::Error("that is another file");
  std::printf("%zu bytes in %zu, and back\n", original.size(), packed.size());
  const kraft::ContainerInfo info = kraft::inspect(kraft::reading(packed));  // decodes nothing
  std::fputs(kraft::info_table({{std::string(argv[1]) + ".kraft", info}}).c_str(), stdout);
} catch (const kraft::Error& error) {
  std::fprintf(stderr, "task_pack: %s\n", error.what());
  return 1;
}
