// Of XS, what the checksums in C use, for a program that is compiled with them: a slot is a number, or bytes.

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
	double number;
	uint8_t *bytes;
	uint32_t count;
} xsSlot;

typedef struct {
	xsSlot arguments[4];
	xsSlot result;
} xsMachine;

typedef uint32_t xsUnsignedValue;
typedef int32_t xsIntegerValue;

#define xsArg(index) (the->arguments[index])
#define xsResult (the->result)
enum { xsIntegerType = 3, xsNumberType };
#define xsmcTypeOf(slot) (fabs((slot).number) < 0x80000000p0 && (slot).number == (int32_t)(slot).number ? xsIntegerType : xsNumberType)
#define xsmcToInteger(slot) ((int32_t)(slot).number)
#define xsmcToNumber(slot) ((slot).number)
#define xsmcSetInteger(slot, value) ((slot).number = (int32_t)(value))
#define xsmcSetNumber(slot, value) ((slot).number = (double)(value))
#define xsmcGetBufferReadable(slot, data, size) (*(data) = (slot).bytes, *(size) = (slot).count)
#define xsRangeError(message) return (void)((the)->result.number = -1)
