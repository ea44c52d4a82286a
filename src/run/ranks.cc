#include "run/ranks.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <set>
#include <thread>

#include "base/parallel.h"
#include "base/text.h"
#include "cli/terminal.h"
#include "kraft/error.h"
#include "run/interrupts.h"

#ifdef KRAFT_HAVE_MPI
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>
#endif

namespace kraft::cli {
namespace {

constexpr std::chrono::milliseconds kPause{1};

// The number that the variable begins with ("2(x3)" of Slurm is 2).
std::optional<unsigned> number_in(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value < '0' || *value > '9') return std::nullopt;
  return static_cast<unsigned>(std::strtoul(value, nullptr, 10));
}

Launch read_launch() {
  struct Names {
    const char *rank, *ranks, *here;
  };
  constexpr Names kLaunchers[] = {
      {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"},
      {"PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS"},
      {"PMIX_RANK", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_TASKS_PER_NODE"}};
  for (const Names& names : kLaunchers) {
    const auto rank = number_in(names.rank), ranks = number_in(names.ranks);
    if (!rank || !ranks || *rank >= *ranks) continue;
    return {*rank, *ranks, std::clamp(number_in(names.here).value_or(1), 1u, *ranks),
            number_in("OMPI_MCA_orte_bound_at_launch") == 1u};
  }
  return {};
}

unsigned processors_allowed() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return hardware_threads();
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

std::unique_ptr<Messages>& own_messages() {
  static std::unique_ptr<Messages> messages;
  return messages;
}

}  // namespace

const Launch& launch() {
  static const Launch launch = read_launch();
  return launch;
}

unsigned default_threads() {
  if (launch().alone()) return 0;
  const unsigned processors = processors_allowed();
  return launch().bound ? processors : std::max(1u, processors / launch().ranks_here);
}

#ifdef KRAFT_HAVE_MPI

struct Messages::Impl {
  struct Sending {
    std::string text;
    MPI_Request request;
  };
  std::list<Sending> sending;  // texts stay where they are until they are sent

  static void expect(int code) {
    if (code != MPI_SUCCESS) throw Error("the ranks cannot reach each other: MPI failed");
  }

  void drop_sent() {
    std::erase_if(sending, [](Sending& one) {
      int done = 0;
      expect(MPI_Test(&one.request, &done, MPI_STATUS_IGNORE));
      return done != 0;
    });
  }
};

Messages::Messages() : impl_(std::make_unique<Impl>()) {
  int level = 0, ranks = 0, rank = 0;
  Impl::expect(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &level));
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  Impl::expect(MPI_Comm_size(MPI_COMM_WORLD, &ranks));
  Impl::expect(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
  if (static_cast<unsigned>(ranks) != launch().ranks ||
      static_cast<unsigned>(rank) != launch().rank)
    throw Error("the ranks were not started by the MPI that kraft was built with: expected " +
                std::to_string(launch().ranks) + " ranks, found " + std::to_string(ranks));
}

Messages::~Messages() = default;

void Messages::send(unsigned rank, Word word, std::string text) {
  if (text.size() > INT_MAX) throw Error("a result is too large to be sent to rank 0");
  impl_->drop_sent();
  impl_->sending.push_back({std::move(text), MPI_REQUEST_NULL});
  Impl::Sending& one = impl_->sending.back();
  Impl::expect(MPI_Isend(one.text.data(), static_cast<int>(one.text.size()), MPI_BYTE,
                         static_cast<int>(rank), static_cast<int>(word), MPI_COMM_WORLD,
                         &one.request));
}

std::optional<Message> Messages::receive() {
  impl_->drop_sent();
  int found = 0, bytes = 0;
  MPI_Status status;
  Impl::expect(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &found, &status));
  if (found == 0) return std::nullopt;
  Impl::expect(MPI_Get_count(&status, MPI_BYTE, &bytes));
  std::string text(static_cast<std::size_t>(bytes), '\0');
  Impl::expect(MPI_Recv(text.data(), bytes, MPI_BYTE, status.MPI_SOURCE, status.MPI_TAG,
                        MPI_COMM_WORLD, MPI_STATUS_IGNORE));
  return Message{static_cast<unsigned>(status.MPI_SOURCE), static_cast<Word>(status.MPI_TAG),
                 std::move(text)};
}

bool Messages::sent() {
  impl_->drop_sent();
  return impl_->sending.empty();
}

void Messages::end() { MPI_Finalize(); }

#else

struct Messages::Impl {};

Messages::Messages() { throw Error("kraft was built without MPI"); }

Messages::~Messages() = default;
void Messages::send(unsigned, Word, std::string) {}
std::optional<Message> Messages::receive() { return std::nullopt; }
bool Messages::sent() { return true; }
void Messages::end() {}

#endif

Messages& messages() {
  if (!own_messages()) own_messages() = std::make_unique<Messages>();
  return *own_messages();
}

bool built_with_mpi() {
#ifdef KRAFT_HAVE_MPI
  return true;
#else
  return false;
#endif
}

void expect_files(const std::vector<std::string>& names) {
  if (launch().alone() || std::ranges::count(names, "-") == 0) return;
  throw UsageError("standard input reaches rank 0 alone: under mpirun, every input is a file");
}

namespace {

// Tells every rank to stop, and waits until each has said its last word.
void stop_the_others() {
  for (unsigned rank = 1; rank < launch().ranks; ++rank) messages().send(rank, Word::stop);
  std::set<unsigned> left;
  while (left.size() + 1 < launch().ranks) {
    if (interrupted()) leave_at_once(kInterruptedExit);
    if (const auto message = messages().receive()) {
      if (message->word == Word::leaving) left.insert(message->rank);
    } else {
      std::this_thread::sleep_for(kPause);
    }
  }
}

void follow_until_stopped(const Ending& ending) {
  if (ending.status != 0)
    messages().send(0, Word::failed, std::to_string(ending.status) + ending.line);
  bool stopped = ending.stopped;
  while (!stopped) {
    if (interrupted()) leave_at_once(kInterruptedExit);
    const auto message = messages().receive();
    stopped = message && message->word == Word::stop;
    if (!message) std::this_thread::sleep_for(kPause);
  }
  messages().send(0, Word::leaving);
}

}  // namespace

int end_ranks(const Ending& ending) {
  if (!ending.line.empty()) note(ending.line);
  if (launch().alone()) return ending.status;
  if (!built_with_mpi()) return launch().rank == 0 ? ending.status : 0;
  const bool first = launch().rank == 0;
  try {
    catch_all_interrupts();
    if (first) {
      stop_the_others();
    } else {
      follow_until_stopped(ending);
    }
    while (!messages().sent()) std::this_thread::sleep_for(kPause);
    messages().end();
  } catch (const Error& error) {  // of MPI
    if (ending.line.empty()) note(error.what());
    return !first ? 0 : std::max(ending.status, 1);
  }
  return first ? ending.status : 0;
}

void leave_at_once(int status) {
  std::fflush(nullptr);
  ::_exit(status);
}

}  // namespace kraft::cli
