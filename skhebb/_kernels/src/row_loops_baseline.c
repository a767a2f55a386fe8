/* What every processor of the target family has. */
#define TARGET
#include "row_loops_both.h"

const skhebb_instruction_set skhebb_baseline = {"baseline", &loops_f32, &loops_f64};
