/* All types for one instruction set: TARGET and the VECTOR_BYTES of its registers are
 * defined. */
#include <float.h>
#include <math.h>
#include <string.h>
#include "tile_loops.h"

#if defined(__GNUC__) || defined(__clang__)
#define HAS_VECTORS 1
#define INLINE TARGET static inline __attribute__((always_inline))
#define MAY_ALIAS __attribute__((may_alias))
#define PRAGMA(text) _Pragma(#text)
/* The iterations of the next loop are independent but for the reductions named. */
#define VECTORISE(...) PRAGMA(omp simd __VA_ARGS__)
typedef int32_t ints16 __attribute__((vector_size(16)));
typedef int32_t ints32 __attribute__((vector_size(32)));
typedef int32_t ints64 __attribute__((vector_size(64)));
#ifdef __clang__
#define SHUFFLE(type, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(type, a, b, ...) __builtin_shuffle(a, b, (type){__VA_ARGS__})
#endif
#else
#define HAS_VECTORS 0
#define MAY_ALIAS
#define INLINE TARGET static inline
#define VECTORISE(...)
#endif
#ifdef _MSC_VER
#define restrict __restrict
#endif

#ifndef SHORT_TARGET /* of loops that do little but reduce a short row */
#define SHORT_TARGET TARGET
#endif

enum { /* of rounded deviations, see hebbian_template.h */
    TILES_OF_BLOCK = 4, /* at most 256 columns of float */
    LARGEST_ROUNDED = 2895, /* 256 squares of 2896 are below 2^31 */
};

#define PASTE(x, real, index) x##_##real##_##index
#define EXPAND(x, real, index) PASTE(x, real, index)
#define NAME(x) EXPAND(x, REAL_NAME, INDEX_NAME)

#define PASTE_SUFFIX(x, suffix) x##_##suffix
#define SUFFIX(x, suffix) PASTE_SUFFIX(x, suffix)

#define REAL float
#define BITS int32_t
#define REAL_NAME f32
#define REAL_BYTES 4
#define SQRT sqrtf
#define SMALLEST_NORMAL FLT_MIN
#define RESOLUTION FLT_EPSILON
#define INDEX int32_t
#define INDEX_NAME i32
#include "tile_loops_template.h"
#undef INDEX
#undef INDEX_NAME
#define INDEX int64_t
#define INDEX_NAME i64
#include "tile_loops_template.h"
#undef INDEX
#undef INDEX_NAME
#undef REAL
#undef BITS
#undef REAL_NAME
#undef REAL_BYTES
#undef SQRT
#undef SMALLEST_NORMAL
#undef RESOLUTION

#define REAL double
#define BITS int64_t
#define REAL_NAME f64
#define REAL_BYTES 8
#define SQRT sqrt
#define SMALLEST_NORMAL DBL_MIN
#define RESOLUTION DBL_EPSILON
#define INDEX int32_t
#define INDEX_NAME i32
#include "tile_loops_template.h"
#undef INDEX
#undef INDEX_NAME
#define INDEX int64_t
#define INDEX_NAME i64
#include "tile_loops_template.h"

#define SKHEBB_TABLES {&table_f32_i32, &table_f32_i64, &table_f64_i32, &table_f64_i64}
