#include "run/ranks.h"

#include <dlfcn.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <thread>

#include "base/files.h"
#include "base/parallel.h"
#include "base/text.h"
#include "kraft/error.h"
#include "run/interrupts.h"
#include "run/transport.h"

namespace kraft {
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

// What join_launch() has found out.
struct Joined {
  Launch launch;
  std::string module;  // empty: there is none
  std::function<void(const std::string&)> farewell;
};

Joined& joined() {
  static Joined joined;
  return joined;
}

}  // namespace

void join_launch(const std::vector<std::string>& module_paths) {
  joined().launch = read_launch();
  if (!launch().alone()) joined().module = first_beside_program(module_paths);
}

const Launch& launch() { return joined().launch; }

unsigned default_threads() {
  if (launch().alone()) return 0;
  const unsigned processors = processors_allowed();
  return launch().bound ? processors : std::max(1u, processors / launch().ranks_here);
}

struct Messages::Impl {
  const KraftTransport* transport = load();

  static const KraftTransport* load() {
    if (!has_transport()) throw Error("kraft was built without MPI");
    // Open MPI's own modules look for its symbols among those of the whole process.
    void* module = ::dlopen(joined().module.c_str(), RTLD_NOW | RTLD_GLOBAL);
    const char* reason = module == nullptr ? ::dlerror() : "it is no transport";
    using Entry = const KraftTransport* (*)();
    const auto entry = module == nullptr
                           ? Entry{}
                           : reinterpret_cast<Entry>(::dlsym(module, kKraftTransportEntry));
    if (entry == nullptr)
      throw Error("cannot load " + printable(joined().module) + ": " + printable(reason));
    return entry();
  }

  static void expect(bool done) {
    if (!done) throw Error("the ranks cannot reach each other: MPI failed");
  }
};

Messages::Messages() : impl_(std::make_unique<Impl>()) {
  int ranks = 0, rank = 0;
  Impl::expect(impl_->transport->begin(&rank, &ranks));
  if (static_cast<unsigned>(ranks) != launch().ranks ||
      static_cast<unsigned>(rank) != launch().rank)
    throw Error("the ranks were not started by the MPI that kraft was built with: expected " +
                std::to_string(launch().ranks) + " ranks, found " + std::to_string(ranks));
}

Messages::~Messages() = default;

void Messages::send(unsigned rank, Word word, std::string text) {
  if (text.size() > INT_MAX) throw Error("a result is too large to be sent to rank 0");
  Impl::expect(impl_->transport->send(static_cast<int>(rank), static_cast<int>(word), text.data(),
                                      static_cast<int>(text.size())));
}

std::optional<Message> Messages::receive() {
  int found = 0, rank = 0, word = 0, bytes = 0;
  Impl::expect(impl_->transport->look(&found, &rank, &word, &bytes));
  if (found == 0) return std::nullopt;
  std::string text(static_cast<std::size_t>(bytes), '\0');
  Impl::expect(impl_->transport->receive(rank, word, text.data(), bytes));
  return Message{static_cast<unsigned>(rank), static_cast<Word>(word), std::move(text)};
}

bool Messages::sent() {
  int all = 0;
  Impl::expect(impl_->transport->sent(&all));
  return all != 0;
}

void Messages::end() { impl_->transport->end(); }

Messages& messages() {
  if (!own_messages()) own_messages() = std::make_unique<Messages>();
  return *own_messages();
}

bool has_transport() { return !joined().module.empty(); }

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

int end_ranks(const Ending& ending, const std::function<void(const std::string&)>& say) {
  if (!ending.line.empty()) say(ending.line);
  if (launch().alone()) return ending.status;
  if (ending.status == kInterruptedExit) leave_at_once(kInterruptedExit);
  if (!has_transport()) return launch().rank == 0 ? ending.status : 0;
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
    if (ending.line.empty()) say(error.what());
    return !first ? 0 : std::max(ending.status, 1);
  }
  return first ? ending.status : 0;
}

void set_farewell(std::function<void(const std::string&)> say) {
  joined().farewell = std::move(say);
}

void leave_interrupted(const std::string& account) {
  if (joined().farewell) joined().farewell(account);
  leave_at_once(kInterruptedExit);
}

void leave_at_once(int status) {
  std::fflush(nullptr);
  ::_exit(status);
}

}  // namespace kraft
