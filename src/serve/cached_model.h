// A model whose states come from the cache: a context that was seen lately, or goes on from one, is
// not observed again.
//
//     auto model = cached(shelf_model, cache, /*corpus_bytes=*/prime.size());
//     kraft::sample({.made_models = {model}, ...});
//
// It gives the same bits as the model itself.
#pragma once

#include <cstddef>
#include <memory>

#include "kraft/model.h"
#include "serve/state_cache.h"

namespace kraft::serve {

// The first bytes of contexts, `corpus_bytes` of them, are likely to come again with another end:
// the state after them is kept, too. The cache must outlive the model and its states.
std::shared_ptr<const Model> cached(std::shared_ptr<const Model> model, StateCache& cache,
                                    std::size_t corpus_bytes = 0);

}  // namespace kraft::serve
