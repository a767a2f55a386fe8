/* AVX-512 (F, VL, DQ, BW). */
#include "tile_loops.h"

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#ifdef __clang__
#define WIDE
#else
#define WIDE ",prefer-vector-width=512" /* GCC would use half the register */
#endif
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma" WIDE)))
/* Uniting the parts of a wider register takes longer than it saves. */
#define SHORT_TARGET __attribute__((target("avx2,fma")))
#define VECTOR_BYTES 64
#include "tile_loops_types.h"

const skhebb_instruction_set skhebb_avx512 = {"avx512", SKHEBB_TABLES};
#else
const skhebb_instruction_set skhebb_avx512 = {"avx512", {NULL}};
#endif
