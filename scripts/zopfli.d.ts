/** What is used of it, so that types are checked without the package, which only `npm run build:page` needs. */
declare module "@gfx/zopfli" {
	export function gzipAsync(
		bytes: Uint8Array,
		options: { readonly numiterations?: number },
	): Promise<Uint8Array>;
}
