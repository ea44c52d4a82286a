// Which model predicts a file best, and what does it dream of? Prints the table of a comparison.
//
//     compare_models FILE MODEL...
//
// Introduces tasks: CompareTask, compare(), and reports of what comes out.
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "kraft/report.h"
#include "kraft/tasks/compare.h"

int main(int argc, char** argv) try {
  if (argc < 3) throw std::invalid_argument("usage: compare_models FILE MODEL...");
  std::ifstream file(argv[1], std::ios::binary);
  kraft::CompareTask task;
  task.inputs = {{argv[1], kraft::Bytes(std::istreambuf_iterator<char>(file), {})}};
  task.models = {argv + 2, argv + argc};
  task.judges = {"ngram"};
  task.context_bytes = 300;
  const kraft::CompareResult result = kraft::compare(task);
  std::fputs(kraft::compare_table(result).c_str(), stdout);
} catch (const std::exception& error) {
  std::fprintf(stderr, "compare_models: %s\n", error.what());
  return 1;
}
