// The program kraft: takes its place among mpirun's ranks and runs a command. kraft-serve is the
// same with sockets, and kraft becomes it for what needs them.

#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/files.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "run/interrupts.h"
#include "run/ranks.h"
#include "serve/http_server.h"

namespace {

// Comes back where there is no other program.
void become_server(char** argv) {
  const std::string server =
      kraft::first_beside_program({"kraft-serve", KRAFT_MODULES "/kraft-serve"});
  if (!server.empty()) ::execv(server.c_str(), argv);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace kraft;
  if (argc > 1 && std::string_view(argv[1]) == "serve" && !serve::has_http_server())
    become_server(argv);
  prepare_process();
  join_launch({"kraft_mpi.so", KRAFT_MODULES "/kraft_mpi.so"});
  if (launch().rank > 0) cli::fall_silent();
  return end_ranks(cli::run_command({argv + std::min(argc, 1), argv + argc}), cli::note);
}
