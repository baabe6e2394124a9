import { beforeEach, expect, test, vi } from "vitest";
import type { AccessPointConstructor } from "../../src/boards/board";
import { makeSharedWiFiState, type SharedWiFiState } from "../../src/boards/esp32/shared-wifi-state";
import { chipModule } from "./chip-module";

/** The chip's access point over a stand-in for the SDK's Wi-Fi module, which starts the radio when its mode is set. */

const sdk = vi.hoisted(() => ({ events: [] as string[] }));

vi.mock("wifi", () => ({
	default: class {
		static set mode(mode: number) {
			sdk.events.push(`radio on, mode ${mode}`);
		}
		static accessPoint({ ssid, password }: { ssid: string; password?: string }) {
			sdk.events.push(`access point ${ssid}, ${password ?? "open"}`);
		}
		close() {}
	},
}));
vi.mock("mc/ffi", () => ({
	default: class {
		esp_wifi_get_config() {
			return 1;
		}
	},
}));

vi.mock("timer", () => ({ default: {} }));

async function accessPointClass(): Promise<AccessPointConstructor> {
	const { makeAccessPoint } = await chipModule<{
		makeAccessPoint(state: SharedWiFiState): AccessPointConstructor;
	}>("access-point");
	return makeAccessPoint(makeSharedWiFiState());
}

beforeEach(() => void sdk.events.splice(0));

test("asks for the password once the radio is on, and before its network is", async () => {
	const AccessPoint = await accessPointClass();
	const password = () => {
		sdk.events.push("password drawn");
		return "m3kx9tq2hwpa";
	};
	new AccessPoint({ SSID: "Dakkio-81C7", password });
	const network = "access point Dakkio-81C7, m3kx9tq2hwpa";
	expect(sdk.events).toEqual(["radio on, mode 1", "password drawn", network]);
});

test("is an open network without a password", async () => {
	const AccessPoint = await accessPointClass();
	new AccessPoint({ SSID: "Dakkio-81C7", password: () => undefined });
	expect(sdk.events.at(-1)).toBe("access point Dakkio-81C7, open");
});
