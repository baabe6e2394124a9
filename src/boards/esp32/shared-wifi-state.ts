/** What the two Wi-Fi classes of the chip have to know of each other. */
export interface SharedWiFiState {
	/** The access point's module has been told why joining a network failed last: the password. */
	passwordRefused: boolean;
	/** Makes that module forget what it was told; set while there is an access point. */
	forgetNetwork: (() => void) | undefined;
}

export function makeSharedWiFiState(): SharedWiFiState {
	return { passwordRefused: false, forgetNetwork: undefined };
}
