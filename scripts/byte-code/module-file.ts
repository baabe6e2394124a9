/** A compiled module (`.xsb`): its byte code, and the names that the code refers to by number. */
export interface ModuleFile {
	readonly names: readonly Buffer[];
	readonly code: Buffer;
	/** The atoms of the file in order; `undefined` in place of names and code. */
	readonly atoms: readonly { readonly type: string; readonly data: Buffer | undefined }[];
}

const headerBytes = 8;

/** Throws for any other file. */
export function readModuleFile(file: Buffer): ModuleFile {
	if (
		file.length < headerBytes ||
		file.toString("latin1", 4, 8) !== "XS_B" ||
		file.readUInt32BE(0) !== file.length
	)
		throw new Error("This is no compiled module.");
	let names: Buffer[] | undefined;
	let code: Buffer | undefined;
	const atoms: { type: string; data: Buffer | undefined }[] = [];
	for (let at = headerBytes; at < file.length; ) {
		const size = file.readUInt32BE(at);
		const type = file.toString("latin1", at + 4, at + 8);
		if (size < headerBytes || at + size > file.length) throw new Error("A compiled module ends too early.");
		const data = file.subarray(at + headerBytes, at + size);
		at += size;
		if (type === "SYMB") names = readNames(data);
		if (type === "CODE") code = data;
		atoms.push({ type, data: type === "SYMB" || type === "CODE" ? undefined : data });
	}
	if (names === undefined || code === undefined) throw new Error("A compiled module has no code.");
	return { names, code, atoms };
}

export function writeModuleFile({ names, code, atoms }: ModuleFile): Buffer {
	const parts = atoms.map(({ type, data }) =>
		atom(type, data ?? (type === "SYMB" ? writeNames(names) : code)),
	);
	return atom("XS_B", Buffer.concat(parts));
}

/** The first name has the number 1: 0 is none. */
function readNames(data: Buffer): Buffer[] {
	const count = data.readUInt16LE(0) - 1;
	const names: Buffer[] = [];
	for (let at = 2; names.length < count; ) {
		const end = data.indexOf(0, at);
		if (end < 0) throw new Error("A compiled module's names end too early.");
		names.push(data.subarray(at, end));
		at = end + 1;
	}
	return names;
}

function writeNames(names: readonly Buffer[]): Buffer {
	const count = Buffer.alloc(2);
	count.writeUInt16LE(names.length + 1);
	return Buffer.concat([count, ...names.flatMap((name) => [name, Buffer.alloc(1)])]);
}

function atom(type: string, data: Buffer): Buffer {
	const header = Buffer.alloc(headerBytes);
	header.writeUInt32BE(headerBytes + data.length, 0);
	header.write(type, 4, "latin1");
	return Buffer.concat([header, data]);
}
