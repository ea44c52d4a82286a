#include "cli/spreading.h"

#include "cli/terminal.h"
#include "kraft/error.h"
#include "run/interrupts.h"

namespace kraft::cli {

int spread(const std::function<void(const Receiver&)>& work, std::optional<Finished> cells) {
  catch_interrupts();
  TerminalReceiver terminal;
  try {
    work(terminal.receiver());
  } catch (const Cancelled& cancelled) {
    terminal.end_progress();  // its line makes way
    std::string text = cancelled.what();
    if (cells)
      text += *cells == Finished::kept ? "; the same command goes on from there"
                                       : "; with --resume FILE they would have been kept";
    note(text);
    return kInterruptedExit;
  }
  return 0;
}

}  // namespace kraft::cli
