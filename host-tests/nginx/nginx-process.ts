import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { ServerIdentity } from "../../simulator/dakkio/certificates";

/** `undefined`: not installed. */
export const nginx = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"].find(existsSync);
if (nginx === undefined)
	console.warn("tests with nginx are skipped: it is not installed (apt install nginx)");

interface NginxOptions {
	readonly port: number;
	readonly identity: ServerIdentity;
	/** Directives of the server block. */
	readonly server: string;
}

/** Starts nginx with TLS; its files are in `directory`. */
export async function startNginx(directory: string, options: NginxOptions): Promise<ChildProcess> {
	const file = join(directory, "nginx.conf");
	writeFileSync(file, configuration(directory, options));
	const { status, stderr } = spawnSync(nginx ?? "", ["-t", "-q", "-c", file]);
	if (status !== 0) throw new Error(`nginx: ${stderr}`);
	const child = spawn(nginx ?? "", ["-c", file], { stdio: "ignore" });
	await listening(options.port);
	return child;
}

export async function stopNginx(child: ChildProcess): Promise<void> {
	child.kill("SIGQUIT");
	await once(child, "close");
}

function configuration(directory: string, { port, identity, server }: NginxOptions): string {
	writeFileSync(join(directory, "chain.pem"), identity.chain);
	writeFileSync(join(directory, "key.pem"), identity.key, { mode: 0o600 });
	// Started by root, it would drop its privileges, and with them access to this directory.
	const user = process.getuid?.() === 0 ? "user root;" : "";
	return `
${user} daemon off; pid ${directory}/nginx.pid; error_log ${directory}/error.log;
events {}
http {
	access_log ${directory}/access.log;
	client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy;
	fastcgi_temp_path ${directory}/fastcgi; uwsgi_temp_path ${directory}/uwsgi; scgi_temp_path ${directory}/scgi;
	server {
		listen 127.0.0.1:${port} ssl;
		ssl_certificate ${directory}/chain.pem;
		ssl_certificate_key ${directory}/key.pem;
		${server}
	}
}
`;
}

/** Resolves once the port accepts connections. */
async function listening(port: number): Promise<void> {
	for (;;) {
		const socket = connect(port, "127.0.0.1");
		const taken = await new Promise((resolve) => {
			socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
		});
		socket.destroy();
		if (taken === true) return;
	}
}
