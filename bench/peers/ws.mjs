// npm's ws. usage: node ws.mjs URL [--parse] [--tls-ca FILE], with NODE_MODULES naming the folder that holds ws
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const WebSocket = createRequire(process.env.NODE_MODULES + "/")("ws");
const [url, ...flags] = process.argv.slice(2);
const parses = flags.includes("--parse");
const ca = flags.includes("--tls-ca") ? readFileSync(flags[flags.indexOf("--tls-ca") + 1]) : undefined;
const socket = new WebSocket(url, { perMessageDeflate: false, ca });
let start;
let messages = 0;
let bytes = 0;
let seen = 0;

socket.on("open", () => {
    start = process.cpuUsage();
});
socket.on("message", (data) => {
    messages++;
    bytes += data.length;
    if (parses) {
        seen += JSON.parse(data).params.channel.length;
    }
});
socket.on("error", (error) => {
    console.error(error.message);
    process.exit(1);
});
socket.on("close", () => {
    const spent = process.cpuUsage(start);
    console.log(
        JSON.stringify({
            messages,
            bytes,
            user_s: spent.user / 1e6,
            sys_s: spent.system / 1e6,
            maxrss_kb: process.resourceUsage().maxRSS,
            seen,
        }),
    );
});
