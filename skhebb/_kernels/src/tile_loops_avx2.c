/* AVX2 with fused multiply-add. */
#include "tile_loops.h"

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define TARGET __attribute__((target("avx2,fma")))
#define VECTOR_BYTES 32
#include "tile_loops_types.h"

const skhebb_instruction_set skhebb_avx2 = {"avx2", SKHEBB_TABLES};
#else
const skhebb_instruction_set skhebb_avx2 = {"avx2", {NULL}};
#endif
