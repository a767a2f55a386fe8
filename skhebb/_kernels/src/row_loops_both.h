/* Both precisions for one instruction set: TARGET and INSTRUCTION_SET are defined. */
#include <float.h>
#include "row_loops.h"

/* The iterations of the next loop are independent but for the reductions named. */
#ifdef _MSC_VER
#define restrict __restrict
#define VECTORISE(...) __pragma(loop(ivdep))
#else
#define PRAGMA(text) _Pragma(#text)
#define VECTORISE(...) PRAGMA(omp simd __VA_ARGS__)
#endif

#define REAL float
#define LOOPS skhebb_loops32
#define SMALLEST_NORMAL FLT_MIN
#define RESOLUTION FLT_EPSILON
#define NAME(x) x##_f32
#include "row_loops_template.h"
#undef REAL
#undef LOOPS
#undef SMALLEST_NORMAL
#undef RESOLUTION
#undef NAME

#define REAL double
#define LOOPS skhebb_loops64
#define SMALLEST_NORMAL DBL_MIN
#define RESOLUTION DBL_EPSILON
#define NAME(x) x##_f64
#include "row_loops_template.h"
