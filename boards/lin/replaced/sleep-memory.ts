let kept = new Uint8Array(0);

/** Stands for the memory that a chip's deep sleep keeps. */
export default Object.freeze({
	read: () => kept.slice(),
	write(bytes: Uint8Array): void {
		kept = bytes.slice();
	},
});
