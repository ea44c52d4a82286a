// The results that several runs of kraft compare have kept, as one.
#pragma once

#include "kraft/tasks/compare.h"

namespace kraft {

// Of the files of task.from. Throws Error, which names the file, where one holds results of other
// settings than the first one, of another input or model under the same name, or another result of
// the same work. Windows that a model has not seen are a note.
CompareResult merged_results(const CompareTask& task, const Receiver& receiver);

}  // namespace kraft
