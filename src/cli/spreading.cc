#include "cli/spreading.h"

#include "cli/terminal.h"
#include "kraft/error.h"
#include "run/interrupts.h"

namespace kraft::cli {

int spread(bool kept, const std::function<void(const Receiver&)>& work) {
  catch_interrupts();
  TerminalReceiver terminal;
  try {
    work(terminal.receiver());
  } catch (const Cancelled& cancelled) {
    terminal.end_progress();  // its line makes way
    note(cancelled.what() + std::string(kept ? "; the same command goes on from there"
                                             : "; with --resume FILE they would have been kept"));
    return kInterruptedExit;
  }
  return 0;
}

}  // namespace kraft::cli
