/* Which instruction sets this build has and this processor can run. */
#ifndef SKHEBB_INSTRUCTION_SETS_H
#define SKHEBB_INSTRUCTION_SETS_H

#include "tile_loops.h"

static const skhebb_instruction_set *const skhebb_instruction_sets[] = {
    &skhebb_baseline, &skhebb_avx2, &skhebb_avx512,
};
enum { SKHEBB_N_INSTRUCTION_SETS = 3 };

static int skhebb_runs_here(int which)
{
    if (!skhebb_instruction_sets[which]->tables[0])
        return 0;
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
    if (which == 1)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (which == 2)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
            && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return which == 0;
}

#endif
