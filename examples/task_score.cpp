// How many bits does a text cost, alone or after another one?
//
//     task_score FILE [CONTEXT]
//
// Introduces scores given a context, as of `kraft score --prime`.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "kraft/error.h"
#include "kraft/tasks/score.h"

namespace {

kraft::Bytes read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw kraft::Error(std::string("cannot read ") + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) throw kraft::UsageError("usage: task_score FILE [CONTEXT]");
  kraft::ScoreTask task;
  task.models = {"xz", "ngram:4"};
  task.inputs = {{argv[1], read(argv[1])}};
  if (argc > 2) task.prime = read(argv[2]);
  for (const kraft::ScoreRow& row : kraft::score(task).rows)
    std::printf("%-8s %.4f bits per byte by its code, %.4f by its predictions\n", row.model.c_str(),
                row.bits_per_byte(), row.prequential->bits_per_byte);
} catch (const kraft::Error& error) {
  std::fprintf(stderr, "task_score: %s\n", error.what());
  return 1;
}
