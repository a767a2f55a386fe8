/* What this build has. OpenMP is optional: without it every loop runs on one thread. */
#ifndef SKHEBB_BUILD_H
#define SKHEBB_BUILD_H

#include <limits.h>

#ifdef _OPENMP
#include <omp.h>
#define SKHEBB_OPENMP 1
#else
#define SKHEBB_OPENMP 0
static int omp_get_max_threads(void) { return 1; }
#endif

#ifdef _MSC_VER
#define SKHEBB_THREAD_LOCAL __declspec(thread)
#else
#define SKHEBB_THREAD_LOCAL __thread
#endif
static SKHEBB_THREAD_LOCAL int skhebb_thread_limit = INT_MAX;

#ifndef SKHEBB_FLAGS /* setup.py defines them where it chooses them */
#define SKHEBB_FLAGS "default flags"
#endif

#ifdef __clang__
#define SKHEBB_COMPILER __VERSION__ /* says that it is Clang */
#elif defined(__GNUC__)
#define SKHEBB_COMPILER "GCC " __VERSION__
#else
#define SKHEBB_COMPILER "an unknown compiler"
#endif

#endif
