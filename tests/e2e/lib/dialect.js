// A minimal Deribit on Node's ws: usage: node dialect.js PATH_OF_NODE_MODULES. Prints `port N`, then a line for each thing that a test
// waits for. Every connection sends one notification in fragments, pings, and the first one is closed with 1012 after 20 notifications.
'use strict';
const {WebSocketServer} = require(process.argv[2] + '/ws');
const server = new WebSocketServer({host: '127.0.0.1', port: 0, perMessageDeflate: true});
let connections = 0;

server.on('listening', () => console.log('port ' + server.address().port));
server.on('connection', (socket, request) => {
    const number = ++connections;
    console.log(`open ${number} ${request.url}`);
    let sent = 0;
    let timer = null;
    const notify = (channels) => {
        const note = {jsonrpc: '2.0', method: 'subscription', params: {channel: channels[sent % channels.length],
            data: {n: ++sent, text: 'Zürich €', pad: sent === 5 ? 'x'.repeat(1 << 20) : ''}}};
        const text = JSON.stringify(note);
        if (sent % 7 === 0) {
            const bytes = Buffer.from(text); // cut wherever it is, in the middle of a character too
            for (let i = 0; i < bytes.length; i += 11) {
                socket.send(bytes.subarray(i, i + 11), {binary: false, fin: i + 11 >= bytes.length});
            }
        } else {
            socket.send(text);
        }
        if (sent % 10 === 0) {
            socket.ping(String(sent));
        }
        if (number === 1 && sent === 20) {
            socket.close(1012, 'service restart');
        }
    };
    const results = {
        'public/auth': () => ({access_token: 'token', expires_in: 900, token_type: 'bearer'}),
        'public/test': () => ({version: '1.2.26'}),
        'public/set_heartbeat': () => 'ok',
        'public/subscribe': (params) => {
            timer = setInterval(notify, 5, params.channels);
            return params.channels;
        },
    };
    socket.on('pong', (payload) => console.log(`pong ${number} ${payload}`));
    socket.on('message', (bytes) => {
        const message = JSON.parse(bytes);
        if (message.method in results) {
            const result = results[message.method](message.params);
            socket.send(JSON.stringify({jsonrpc: '2.0', id: message.id, result}));
        }
    });
    socket.on('close', (code) => {
        clearInterval(timer);
        console.log(`close ${number} ${code}`);
    });
});
