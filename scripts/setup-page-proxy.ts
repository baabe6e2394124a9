import { createServer, request, type Server } from "node:http";
import { boardAddress } from "./emulated-chip";

/**
 * Brings the emulated board's setup page to a browser of this computer: the board answers to its own address only.
 * `boardPort`: the port of this computer that leads to the board's.
 */
export function startSetupPageProxy(boardPort: number, port: number): Promise<Server> {
	const server = createServer((asked, answered) => {
		const { method, url, headers } = asked;
		const forBoard = { ...headers, host: boardAddress, connection: "close" };
		if (forBoard.origin !== undefined) forBoard.origin = `http://${boardAddress}`;
		const forwarded = request(
			{ host: "127.0.0.1", port: boardPort, method, path: url, headers: forBoard, agent: false },
			(answer) => {
				answered.writeHead(answer.statusCode ?? 502, answer.headers);
				answer.pipe(answered);
			},
		);
		forwarded.on("error", () => answered.writeHead(502).end("The board's setup page is not open.\n"));
		asked.pipe(forwarded);
	});
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, "127.0.0.1", () => resolve(server));
	});
}
