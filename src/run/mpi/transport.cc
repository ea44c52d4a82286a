// Messages by MPI.

#include "run/transport.h"

#include <list>
#include <string>

#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

namespace {

struct Sending {
  std::string text;
  MPI_Request request;
};

// Texts stay where they are until they are sent.
std::list<Sending>& sending() {
  static std::list<Sending> list;
  return list;
}

bool drop_sent() {
  bool fine = true;
  std::erase_if(sending(), [&](Sending& one) {
    int done = 0;
    fine &= MPI_Test(&one.request, &done, MPI_STATUS_IGNORE) == MPI_SUCCESS;
    return done != 0;
  });
  return fine;
}

int begin(int* rank, int* ranks) {
  int level = 0;
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS) return 0;
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  return MPI_Comm_size(MPI_COMM_WORLD, ranks) == MPI_SUCCESS &&
         MPI_Comm_rank(MPI_COMM_WORLD, rank) == MPI_SUCCESS;
}

int send(int rank, int word, const char* text, int bytes) {
  if (!drop_sent()) return 0;
  sending().push_back({std::string(text, static_cast<std::size_t>(bytes)), MPI_REQUEST_NULL});
  Sending& one = sending().back();
  return MPI_Isend(one.text.data(), bytes, MPI_BYTE, rank, word, MPI_COMM_WORLD, &one.request) ==
         MPI_SUCCESS;
}

int look(int* found, int* rank, int* word, int* bytes) {
  MPI_Status status;
  if (!drop_sent() ||
      MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, found, &status) != MPI_SUCCESS)
    return 0;
  if (*found == 0) return 1;
  *rank = status.MPI_SOURCE;
  *word = status.MPI_TAG;
  return MPI_Get_count(&status, MPI_BYTE, bytes) == MPI_SUCCESS;
}

int receive(int rank, int word, char* text, int bytes) {
  return MPI_Recv(text, bytes, MPI_BYTE, rank, word, MPI_COMM_WORLD, MPI_STATUS_IGNORE) ==
         MPI_SUCCESS;
}

int sent(int* all) {
  const bool fine = drop_sent();
  *all = sending().empty() ? 1 : 0;
  return fine;
}

int end() { return MPI_Finalize() == MPI_SUCCESS; }

constexpr KraftTransport kTransport = {begin, send, look, receive, sent, end};

}  // namespace

extern "C" const KraftTransport* kraft_transport() { return &kTransport; }
