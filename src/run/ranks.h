// This process among those that mpirun started: its rank, and messages to the others. Rank 0 hands
// out the work and speaks; the others work and are silent.
//
// A program that takes part says so first, with join_launch(); the launcher's environment then has
// the rank. What carries the messages is a module of its own (run/transport.h), which is loaded
// when the first one is to be sent: neither the library nor a program without mpirun has to do with
// MPI.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kraft {

struct Launch {
  unsigned rank = 0, ranks = 1;
  unsigned ranks_here = 1;  // on this machine, this one among them
  bool bound = false;       // to processors of its own

  bool alone() const { return ranks == 1; }
};

// From this call on, launch() is what the launcher's environment has: Open MPI's, MPICH's and
// Intel's, or Slurm's. The first of the module's paths that is there will be taken; paths are
// relative to the program's folder. To be called once, before there are threads.
void join_launch(const std::vector<std::string>& module_paths);

// Alone until then.
const Launch& launch();

// How many threads a rank has for itself, where nothing else is asked for; 0 (one per processor)
// when it is alone.
unsigned default_threads();

// What is said between ranks.
enum class Word : int {
  ready,   // to 0: a rank's number of threads, and what its results depend on
  cell,    // from 0: compute this one
  result,  // to 0: of a cell
  failed,  // to 0: why a rank cannot go on
  stop,    // from 0: there is nothing more to do
  leaving  // to 0: the last word of a rank
};

struct Message {
  unsigned rank = 0;  // from whom
  Word word = Word::leaving;
  std::string text;
};

// Messages to and from the other ranks, for one thread. They arrive in the order in which they were
// sent. Nothing here waits for another rank, but the beginning and the end.
class Messages {
 public:
  // Loads the module and begins MPI: returns when every rank has. Throws Error where there is no
  // module, and where the MPI that started the ranks is not the one that it was built with.
  Messages();
  ~Messages();
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;

  void send(unsigned rank, Word word, std::string text = {});  // throws Error over 2 GiB
  std::optional<Message> receive();                            // nothing when there is none

  // True when all that was sent is out of our hands.
  bool sent();

  // Ends MPI: returns when every rank does. No message may be on its way.
  void end();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The one of this process, begun with the first call.
Messages& messages();

bool has_transport();  // whether there is a module

// Throws UsageError when there are other ranks and a name is "-": only rank 0 has standard input.
void expect_files(const std::vector<std::string>& names);

// How a command ended: what goes to standard error (nothing when empty), and the exit status.
struct Ending {
  int status = 0;
  std::string line;
  bool stopped = false;  // rank 0 has said so already
};

// Says how the command ended, once for all ranks, takes leave of them, and returns the exit status
// of this one. A rank that failed lets rank 0 know, which stops the others. After an interrupt
// (kInterruptedExit) ranks cannot end together: this process ends at once.
int end_ranks(const Ending& ending, const std::function<void(const std::string&)>& say);

// What says how far the work came when ranks are interrupted: mpirun leaves them a second for it.
void set_farewell(std::function<void(const std::string&)> say);
// Says it, and ends the process with kInterruptedExit.
[[noreturn]] void leave_interrupted(const std::string& account);

// How ranks that cannot end together do: at once. mpirun then ends those that are left.
[[noreturn]] void leave_at_once(int status);

}  // namespace kraft
