/** State shared by the two Wi-Fi classes of the chip. */
export interface SharedWiFiState {
	/** Whether the last join failed because of the password, as reported to the access point's module. */
	passwordRefused: boolean;
	/** Makes that module forget its network; set while there is an access point. */
	forgetNetwork: (() => void) | undefined;
}

export function makeSharedWiFiState(): SharedWiFiState {
	return { passwordRefused: false, forgetNetwork: undefined };
}
