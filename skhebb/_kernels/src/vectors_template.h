/* Vectors, their sums, and squares of values turned. Included once per precision and index
 * type. */

#if HAS_VECTORS /* unaligned, so that any array will do; training aligns its own */
#define DECLARE_VECTOR(bytes)                                                        \
    typedef REAL NAME(vector##bytes)                                                 \
        __attribute__((vector_size(bytes), aligned(REAL_BYTES), may_alias));
DECLARE_VECTOR(8)
DECLARE_VECTOR(16)
DECLARE_VECTOR(32)
DECLARE_VECTOR(64)
#undef DECLARE_VECTOR

/* Rearranged 32-bit values of one or two vectors; doubles move as pairs. */
#define MOVE(bytes, a, b, ...)                                                       \
    ((NAME(vector##bytes))SHUFFLE(ints##bytes, (ints##bytes)(a), (ints##bytes)(b),   \
                                  __VA_ARGS__))

/* The sum of the values of a vector, by halves; and product[q] += that of four. */

#if REAL_BYTES == 4
INLINE REAL NAME(total8)(NAME(vector8) x) { return x[0] + x[1]; }
INLINE REAL NAME(total16)(NAME(vector16) x) { return (x[0] + x[2]) + (x[1] + x[3]); }
#else
INLINE REAL NAME(total16)(NAME(vector16) x) { return x[0] + x[1]; }
#endif
INLINE REAL NAME(total32)(NAME(vector32) x)
{
    const union { NAME(vector32) whole; NAME(vector16) half[2]; } u = {x};
    return NAME(total16)(u.half[0] + u.half[1]);
}
INLINE REAL NAME(total64)(NAME(vector64) x)
{
    const union { NAME(vector64) whole; NAME(vector32) half[2]; } u = {x};
    return NAME(total32)(u.half[0] + u.half[1]);
}

INLINE void NAME(add_totals16)(
    REAL *product, NAME(vector16) a, NAME(vector16) b, NAME(vector16) c,
    NAME(vector16) d)
{
    const NAME(vector16) ab = MOVE(16, a, b, 0, 1, 4, 5) + MOVE(16, a, b, 2, 3, 6, 7);
    const NAME(vector16) cd = MOVE(16, c, d, 0, 1, 4, 5) + MOVE(16, c, d, 2, 3, 6, 7);
#if REAL_BYTES == 4
    *(NAME(vector16) *)product
        += MOVE(16, ab, cd, 0, 2, 4, 6) + MOVE(16, ab, cd, 1, 3, 5, 7);
#else
    ((NAME(vector16) *)product)[0] += ab;
    ((NAME(vector16) *)product)[1] += cd;
#endif
}

INLINE void NAME(add_totals32)(
    REAL *product, NAME(vector32) a, NAME(vector32) b, NAME(vector32) c,
    NAME(vector32) d)
{
    const union { NAME(vector32) whole; NAME(vector16) half[2]; }
        ab = {MOVE(32, a, b, 0, 1, 2, 3, 8, 9, 10, 11)
              + MOVE(32, a, b, 4, 5, 6, 7, 12, 13, 14, 15)},
        cd = {MOVE(32, c, d, 0, 1, 2, 3, 8, 9, 10, 11)
              + MOVE(32, c, d, 4, 5, 6, 7, 12, 13, 14, 15)};
    NAME(add_totals16)(product, ab.half[0], ab.half[1], cd.half[0], cd.half[1]);
}

INLINE void NAME(add_totals64)(
    REAL *product, NAME(vector64) a, NAME(vector64) b, NAME(vector64) c,
    NAME(vector64) d)
{
    const union { NAME(vector64) whole; NAME(vector32) half[2]; }
        ab = {MOVE(64, a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
              + MOVE(64, a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29,
                     30, 31)},
        cd = {MOVE(64, c, d, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
              + MOVE(64, c, d, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29,
                     30, 31)};
    NAME(add_totals32)(product, ab.half[0], ab.half[1], cd.half[0], cd.half[1]);
}

/* Write a square of values, columns i, i + 1, ... of some rows, as rows themselves. */
enum { NAME(side) = 16 / REAL_BYTES };
INLINE void NAME(transpose)(
    REAL *to, ptrdiff_t distance, const REAL *const *rows, ptrdiff_t i)
{
    NAME(vector16) row[NAME(side)];
    for (int s = 0; s < NAME(side); s++)
        row[s] = *(const NAME(vector16) *)(rows[s] + i);
#define COLUMN(s) *(NAME(vector16) *)(to + (s) * distance)
#if REAL_BYTES == 4
    for (int s = 0; s < 4; s += 2) { /* columns 0 and 1 of two rows, then 2 and 3 */
        const NAME(vector16) first = row[s], second = row[s + 1];
        row[s] = MOVE(16, first, second, 0, 4, 1, 5);
        row[s + 1] = MOVE(16, first, second, 2, 6, 3, 7);
    }
    COLUMN(0) = MOVE(16, row[0], row[2], 0, 1, 4, 5);
    COLUMN(1) = MOVE(16, row[0], row[2], 2, 3, 6, 7);
    COLUMN(2) = MOVE(16, row[1], row[3], 0, 1, 4, 5);
    COLUMN(3) = MOVE(16, row[1], row[3], 2, 3, 6, 7);
#else
    COLUMN(0) = MOVE(16, row[0], row[1], 0, 1, 4, 5);
    COLUMN(1) = MOVE(16, row[0], row[1], 2, 3, 6, 7);
#endif
#undef COLUMN
}
#undef MOVE
#endif
