// XS's memory as it is, with a call to emulator.c at the end of each collection. XS has one place for that, its profiler's,
// which a release leaves out. The makefile finds this file before XS's own (`VPATH` in ../manifest.json).

#include "xsAll.h"

extern void emulator_collected(txMachine *the, uint32_t hasCompacted);

#define mxProfile 1
#define fxCheckProfiler(the, frame) emulator_collected(the, theFlag & XS_COMPACT_FLAG)
#include <xsMemory.c>
