// What does the vocabulary do to the rate? Repeats table 2 of "Language Modeling Is Compression".
//
//     reproduce_table FILE
//
// Introduces the task that repeats the paper's experiments: ReproduceTask, reproduce().
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "kraft/report.h"
#include "kraft/tasks/reproduce.h"

int main(int argc, char** argv) try {
  if (argc != 2) throw std::invalid_argument("usage: reproduce_table FILE");
  std::ifstream file(argv[1], std::ios::binary);
  kraft::ReproduceTask task;
  task.experiment = kraft::Experiment::table2;
  task.text = {
      kraft::reproduce_input({argv[1], kraft::Bytes(std::istreambuf_iterator<char>(file), {})})};
  task.chunks = 1;
  const kraft::ReproduceResult result = kraft::reproduce(task);
  std::fputs(kraft::reproduce_text(result).c_str(), stdout);
} catch (const std::exception& error) {
  std::fprintf(stderr, "reproduce_table: %s\n", error.what());
  return 1;
}
