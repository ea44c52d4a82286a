// Verdicts as a table and as JSON.
#pragma once

#include <string>

#include "kraft/tasks/classify.h"

namespace kraft {

// Every corpus of every text; or (`brief`) of each text the nearest one, and by how much.
std::string classify_table(const ClassifyResult& result, bool brief);

std::string classify_json(const ClassifyResult& result);

}  // namespace kraft
