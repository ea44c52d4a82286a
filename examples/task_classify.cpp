// To which of two files is a third one nearer?
//
//     task_classify FILE FILE TEXT
//
// Introduces verdicts, as of `kraft classify`.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "kraft/error.h"
#include "kraft/tasks/classify.h"

namespace {

kraft::Bytes read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw kraft::Error(std::string("cannot read ") + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) throw kraft::UsageError("usage: task_classify FILE FILE TEXT");
  kraft::ClassifyTask task;
  task.model = "zstd:19";
  task.corpora = {{argv[1], read(argv[1])}, {argv[2], read(argv[2])}};
  task.inputs = {{argv[3], read(argv[3])}};
  const kraft::ClassifyResult result = kraft::classify(task);
  const kraft::Verdict& verdict = result.inputs[0].verdict(result.by);
  std::printf("%s is nearest to %s, by %.4f bits per byte%s\n", argv[3],
              result.corpora[verdict.nearest].c_str(), verdict.margin,
              verdict.tied.empty() ? "" : " (a tie)");
} catch (const kraft::Error& error) {
  std::fprintf(stderr, "task_classify: %s\n", error.what());
  return 1;
}
