// Scores as a table and as JSON.
#pragma once

#include <string>

#include "kraft/tasks/score.h"

namespace kraft {

std::string score_table(const ScoreResult& result);
std::string score_json(const ScoreResult& result);

}  // namespace kraft
