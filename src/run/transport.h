// What carries messages between ranks, as a module that a program loads when it is one of several:
// a table of functions in C, so that module and program need nothing of each other. Each function
// returns 1, or 0 when it failed; all are called by one thread.
#pragma once

extern "C" {

struct KraftTransport {
  // Returns when every rank has begun.
  int (*begin)(int* rank, int* ranks);
  // Copies the text, and does not wait for whoever is to receive it.
  int (*send)(int rank, int word, const char* text, int bytes);
  // Whether a message is there, whose and how long; then receive() takes it.
  int (*look)(int* found, int* rank, int* word, int* bytes);
  int (*receive)(int rank, int word, char* text, int bytes);
  // Whether all that was sent is out of our hands.
  int (*sent)(int* all);
  // Returns when every rank ends.
  int (*end)();
};

}  // extern "C"

// The function of the module that takes nothing and returns a const KraftTransport*.
inline constexpr const char* kKraftTransportEntry = "kraft_transport";
