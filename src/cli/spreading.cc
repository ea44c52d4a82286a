#include "cli/spreading.h"

#include <string>

#include "cli/terminal.h"
#include "kraft/error.h"
#include "run/interrupts.h"
#include "run/ranks.h"

namespace kraft::cli {

int spread(const std::function<void(const Receiver&)>& work, std::optional<Finished> cells) {
  catch_interrupts();
  TerminalReceiver terminal;
  const auto say = [&](const std::string& account) {
    terminal.end_progress();  // its line makes way
    const char* then = !cells ? ""
                       : *cells == Finished::kept
                           ? "; the same command goes on from there"
                           : "; with --resume FILE they would have been kept";
    note(account + then);
  };
  set_farewell(say);
  try {
    work(terminal.receiver());
  } catch (const Cancelled& cancelled) {
    say(cancelled.what());
    return kInterruptedExit;
  }
  return 0;
}

}  // namespace kraft::cli
