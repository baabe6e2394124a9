// XS's memory manager, with calls to emulator.c after each collection and each chunk allocation. XS has a hook only for the
// first, its profiler's, which releases omit. The makefile finds this file before XS's own (`VPATH` in ../manifest.json).

#include "xsAll.h"

extern void emulator_collected(txMachine *the, uint32_t hasCompacted);
extern void emulator_allocated(txMachine *the);

#define mxProfile 1
#define fxCheckProfiler(the, frame) emulator_collected(the, theFlag & XS_COMPACT_FLAG)
#define fxNewChunk newChunk
#define fxNewGrowableChunk newGrowableChunk
void *newChunk(txMachine *the, txSize size);
void *newGrowableChunk(txMachine *the, txSize size, txSize capacity);
#include <xsMemory.c>
#undef fxNewChunk
#undef fxNewGrowableChunk

void *fxNewChunk(txMachine *the, txSize size)
{
	void *data = newChunk(the, size);
	emulator_allocated(the);
	return data;
}

void *fxNewGrowableChunk(txMachine *the, txSize size, txSize capacity)
{
	void *data = newGrowableChunk(the, size, capacity);
	emulator_allocated(the);
	return data;
}
