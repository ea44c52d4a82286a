// The program kraft: takes its place among mpirun's ranks and runs a command.

#include <algorithm>

#include "cli/command.h"
#include "cli/terminal.h"
#include "run/interrupts.h"
#include "run/ranks.h"

int main(int argc, char** argv) {
  using namespace kraft;
  prepare_process();
  join_launch({"kraft_mpi.so", KRAFT_MODULES "/kraft_mpi.so"});
  if (launch().rank > 0) cli::fall_silent();
  return end_ranks(cli::run_command({argv + std::min(argc, 1), argv + argc}), cli::note);
}
