// The checksums of src/common/crc24.ts and crc32.ts in firmware: XS takes twenty times as many instructions for a byte.

#include "xsmc.h"

// CRC-24/OPENPGP in the upper 24 bits: what the upper four bits do to the rest.
static const uint32_t table24[16] = {
	0x00000000, 0x864cfb00, 0x8ad50d00, 0x0c99f600, 0x93e6e100, 0x15aa1a00, 0x1933ec00, 0x9f7f1700,
	0xa1813900, 0x27cdc200, 0x2b543400, 0xad18cf00, 0x3267d800, 0xb42b2300, 0xb8b2d500, 0x3efe2e00,
};

// CRC-32/ISO-HDLC: what the lower four bits do to the rest.
static const uint32_t table32[16] = {
	0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
	0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

// A buffer offset; for a number that cannot be one, an offset beyond any buffer.
static uint32_t toPlace(xsMachine *the, xsSlot *slot)
{
	// The usual case; other numbers need floating point, which most chips emulate.
	if (xsmcTypeOf(*slot) == xsIntegerType) return (uint32_t)xsmcToInteger(*slot);
	double number = xsmcToNumber(*slot);
	return number >= 0 && number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

// crc24(initial, bytes, start, end)
void xs_crc24(xsMachine *the)
{
	const uint8_t *bytes;
	xsUnsignedValue count;
	// Before taking the pointer: converting an object to a number may run JavaScript, which moves buffers.
	uint32_t crc = (uint32_t)xsmcToInteger(xsArg(0)) << 8;
	uint32_t start = toPlace(the, &xsArg(2));
	uint32_t end = toPlace(the, &xsArg(3));
	// Throws unless it is one of bytes.
	xsmcGetBufferReadable(xsArg(1), (void **)&bytes, &count);
	if (start > end || end > count)
		xsRangeError("bytes outside of the buffer");
	const uint8_t *stop = bytes + end;
	for (bytes += start; bytes < stop; bytes++) {
		crc ^= (uint32_t)*bytes << 24;
		crc = (crc << 4) ^ table24[crc >> 28];
		crc = (crc << 4) ^ table24[crc >> 28];
	}
	xsmcSetInteger(xsResult, crc >> 8);
}

// crc32(bytes)
void xs_crc32(xsMachine *the)
{
	const uint8_t *bytes;
	xsUnsignedValue count;
	uint32_t crc = 0xffffffff;
	xsmcGetBufferReadable(xsArg(0), (void **)&bytes, &count);
	for (const uint8_t *stop = bytes + count; bytes < stop; bytes++) {
		crc ^= *bytes;
		crc = (crc >> 4) ^ table32[crc & 15];
		crc = (crc >> 4) ^ table32[crc & 15];
	}
	xsmcSetNumber(xsResult, ~crc);
}
