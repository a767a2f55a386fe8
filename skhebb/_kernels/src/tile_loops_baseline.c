/* What every processor of the target family has. */
#define TARGET
#define VECTOR_BYTES 16
#include "tile_loops_types.h"

const skhebb_instruction_set skhebb_baseline = {"baseline", SKHEBB_TABLES};
