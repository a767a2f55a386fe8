/* AVX2 with fused multiply-add. */
#include "row_loops.h"

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define TARGET __attribute__((target("avx2,fma")))
#include "row_loops_both.h"

const skhebb_instruction_set skhebb_avx2 = {"avx2", &loops_f32, &loops_f64};
#else
const skhebb_instruction_set skhebb_avx2 = {"avx2", NULL, NULL};
#endif
