/** The function in C of this name; the SDK's compiler knows it. */
declare function native<Function>(name: string): Function;

/** In `checksum.c`, as the modules of these names in `common` have them. */
export const crc24 = native<typeof import("../../../common/crc24").crc24>("xs_crc24");
export const crc32 = native<typeof import("../../../common/crc32").crc32>("xs_crc32");
