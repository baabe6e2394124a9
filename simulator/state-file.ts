import { readFileSync } from "node:fs";
import { errorMessage } from "../src/common/error-message";

/** A file of the persistent state that cannot be used. Its message does not repeat the content, which may be a secret. */
export class StateFileError extends Error {
	/** With the name of the file, without what to do. */
	readonly fault: string;

	/** `fault`: what follows the name of the file, such as "is not valid JSON". */
	constructor(file: string, fault: string) {
		super(`${file} ${fault}: repair or remove it.`);
		this.fault = `${file} ${fault}`;
	}
}

/** The text of a file; `undefined` if there is none. */
export function readStateFile(file: string): string | undefined {
	try {
		return readFileSync(file, "utf8");
	} catch (error) {
		if (codeOf(error) === "ENOENT") return undefined;
		throw new StateFileError(file, `cannot be read (${errorMessage(error)})`);
	}
}

/** The JSON in a file; `undefined` if there is no file. */
export function readStateJson(file: string): unknown {
	const text = readStateFile(file);
	if (text === undefined) return undefined;
	try {
		return JSON.parse(text);
	} catch {
		throw new StateFileError(file, "is not valid JSON");
	}
}

const fileErrors = [
	...[
		"ENOENT",
		"EEXIST",
		"ENOTDIR",
		"EISDIR",
		"ERR_FS_EISDIR",
		"ENOTEMPTY",
		"ELOOP",
		"ENAMETOOLONG",
		"EXDEV",
	],
	...["EACCES", "EPERM", "EROFS", "EBUSY", "ENOSPC", "EDQUOT", "EFBIG", "EIO", "EMLINK", "ENOTSUP"],
];

/** What is wrong with the files of the state, if that is the cause of an error; a network error has an address or port. */
export function stateFault(error: unknown): string | undefined {
	if (error instanceof StateFileError) return error.fault;
	if (typeof error === "object" && error !== null && ("port" in error || "address" in error))
		return undefined;
	return fileErrors.includes(String(codeOf(error))) ? errorMessage(error) : undefined;
}

function codeOf(error: unknown): unknown {
	return error instanceof Error && "code" in error ? error.code : undefined;
}
