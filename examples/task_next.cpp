// What do two models expect after a text?
//
//     task_next
//
// Introduces tasks: a struct goes in, a struct comes out, as of `kraft next`.
#include <cstdio>

#include "kraft/error.h"
#include "kraft/tasks/next.h"

int main() try {
  kraft::NextTask task;
  task.models = {"gzip:9", "ngram:5"};
  task.context.prompt = "banana banan";
  for (const kraft::Expectation& of : kraft::next(task).expectations)
    std::printf("%-8s 'a' with probability %.3f, 'x' with %.3f; entropy %.2f bits\n",
                of.model.c_str(), of.probability['a'], of.probability['x'], of.entropy_bits);
} catch (const kraft::Error& error) {
  std::fprintf(stderr, "task_next: %s\n", error.what());
  return 1;
}
