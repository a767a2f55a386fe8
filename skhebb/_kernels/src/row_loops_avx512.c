/* AVX-512 (F, VL, DQ, BW). */
#include "row_loops.h"

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#ifdef __clang__
#define WIDE
#else
#define WIDE ",prefer-vector-width=512" /* GCC would use half the register */
#endif
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma" WIDE)))
#include "row_loops_both.h"

const skhebb_instruction_set skhebb_avx512 = {"avx512", &loops_f32, &loops_f64};
#else
const skhebb_instruction_set skhebb_avx512 = {"avx512", NULL, NULL};
#endif
