/* OpenMP is optional: without it every loop runs on one thread. */
#ifndef SKHEBB_OPENMP_H
#define SKHEBB_OPENMP_H

#ifdef _OPENMP
#include <omp.h>
#define SKHEBB_OPENMP 1
#else
#define SKHEBB_OPENMP 0
static int omp_get_max_threads(void) { return 1; }
#endif

#endif
