// Signals: a process that is ended by one leaves nothing behind, and long work may notice an
// interrupt and end by itself.
//
//     kraft::prepare_process();                               // first of all, in main()
//     kraft::catch_interrupts();                              // where work can be cut short
//     auto model = kraft::make_model("xz", {.cancelled = kraft::interrupted});
//
// A process has one disposition for each signal, so all of this belongs to programs: the library
// itself installs no handler, and asks functions such as `cancelled` instead.
#pragma once

namespace kraft {

// Called once, before anything else: a signal that ends the program leaves no temporary file and no
// process behind. SIGHUP and others that were ignored stay ignored (nohup).
void prepare_process();

// From this call on, the first SIGINT or SIGTERM does not end the program: it sets a flag and ends
// the commands that models run. Where nothing asks for the flag within two seconds, since a library
// is at work, the program ends after all, and so it does 15 seconds after something has asked.
void catch_interrupts();
// Nor do those after it: for a process that somebody kills when it does not end by itself, as
// mpirun does, which sends more than one.
void catch_all_interrupts();
bool interrupted();
inline constexpr int kInterruptedExit = 130;  // the program's exit status then

}  // namespace kraft
