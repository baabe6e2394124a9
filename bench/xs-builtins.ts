const encoder = new TextEncoder();

/** What XS has natively on a chip. xsnap is built without it, and has a native encoder instead. */
Object.assign(ArrayBuffer, { fromString: (text: string) => encoder.encode(text).buffer });
