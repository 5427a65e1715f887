// npm's ws. usage: node ws.mjs URL [--parse] [--latency] [--idle N] [--tls-ca FILE], with NODE_MODULES naming the folder that holds ws
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const WebSocket = createRequire(process.env.NODE_MODULES + "/")("ws");
const STAMP = '"sent":"';
const [url, ...flags] = process.argv.slice(2);
const after = (flag) => (flags.includes(flag) ? flags[flags.indexOf(flag) + 1] : undefined);
const ca = after("--tls-ca") ? readFileSync(after("--tls-ca")) : undefined;

function fail(error) {
    console.error(error.message);
    process.exit(1);
}

function connect() {
    return new WebSocket(url, { perMessageDeflate: false, ca }).on("error", fail);
}

function quantiles(ages) {
    const sorted = ages.sort((a, b) => a - b);
    const at = (part) => sorted[Math.floor((sorted.length - 1) * part)] / 1e3;
    return ages.length ? { p50_us: at(0.5), p99_us: at(0.99), p999_us: at(0.999) } : {};
}

function receive(parses, takesAge) {
    const ages = [];
    let start;
    let messages = 0;
    let bytes = 0;
    let seen = 0;
    const socket = connect();
    socket.on("open", () => {
        start = process.cpuUsage();
    });
    socket.on("message", (data) => {
        messages++;
        bytes += data.length;
        if (takesAge) {
            const now = process.hrtime.bigint();
            const at = data.indexOf(STAMP) + STAMP.length;
            ages.push(Number(now - BigInt(data.toString("latin1", at, at + 20))));
        }
        if (parses) {
            seen += JSON.parse(data).params.channel.length;
        }
    });
    socket.on("close", () => {
        const spent = process.cpuUsage(start);
        const cost = { user_s: spent.user / 1e6, sys_s: spent.system / 1e6, maxrss_kb: process.resourceUsage().maxRSS };
        console.log(JSON.stringify({ messages, bytes, ...cost, ...quantiles(ages), seen }));
    });
}

// The first one pays for what all share, and is not counted.
async function weigh(wanted) {
    const sockets = [];
    let first;
    while (sockets.length < wanted) {
        const socket = connect();
        sockets.push(socket);
        await new Promise((resolve) => socket.once("open", resolve));
        if (sockets.length === 1) {
            globalThis.gc?.();
            first = process.memoryUsage();
        }
    }
    globalThis.gc?.();
    const now = process.memoryUsage();
    const each = (key) => Math.round((now[key] + (key === "rss" ? 0 : now.external) - first[key] - (key === "rss" ? 0 : first.external)) / (wanted - 1));
    console.log(JSON.stringify({ sessions: wanted, heap_per_session: each("heapUsed"), rss_per_session: each("rss") }));
    process.exit(0);
}

if (after("--idle")) {
    weigh(Number(after("--idle")));
} else {
    receive(flags.includes("--parse"), flags.includes("--latency"));
}
