/* Both precisions for one instruction set: TARGET and INSTRUCTION_SET are defined. */
#include <float.h>
#include "row_loops.h"

#ifdef _MSC_VER
#define restrict __restrict
#endif

#define REAL float
#define LOOPS skhebb_loops32
#define SMALLEST_NORMAL FLT_MIN
#define NAME(x) x##_f32
#include "row_loops_template.h"
#undef REAL
#undef LOOPS
#undef SMALLEST_NORMAL
#undef NAME

#define REAL double
#define LOOPS skhebb_loops64
#define SMALLEST_NORMAL DBL_MIN
#define NAME(x) x##_f64
#include "row_loops_template.h"
