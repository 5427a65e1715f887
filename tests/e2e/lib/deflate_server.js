// A server on npm's ws: sends messages to one client, wants each back as it went, then closes.
// Argument: JSON {options: of permessage-deflate, sizes: [...], count: of each}. Prints its port, then "ok N compressed".
'use strict';
const { WebSocketServer } = require('ws');
const plan = JSON.parse(process.argv[2]);
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: plan.options, maxPayload: 1 << 26 });

function makeMessage(size, turn) {
  if (turn % 2 === 1) return Buffer.from(Array.from({ length: size }, (_, i) => (i * i * 31 + turn * 7 + (i >> 5)) & 255));
  return ('{"price":' + turn + ',"name":"\u20ac\u00e4"}').repeat(Math.ceil(size / 24)).slice(0, size);
}

server.on('listening', () => console.log(server.address().port));
server.on('connection', (socket) => {
  const wanted = [];
  for (const size of plan.sizes) for (let turn = 0; turn < plan.count; turn++) wanted.push(makeMessage(size, turn));
  let compressed = 0;
  const decompress = socket._receiver.decompress;
  socket._receiver.decompress = function (...args) { compressed++; return decompress.apply(this, args); };
  let at = 0;
  socket.on('error', (error) => { console.log('error ' + error.message); process.exit(1); });
  socket.on('message', (data, isBinary) => {
    const expected = wanted[at++];
    const same = typeof expected === 'string' ? !isBinary && data.toString() === expected : isBinary && data.equals(expected);
    if (!same) { console.log('message ' + (at - 1) + ' came back otherwise'); process.exit(1); }
    if (at === wanted.length) socket.close(1000); else socket.send(wanted[at]);
  });
  socket.on('close', () => { console.log('ok ' + at + ' ' + compressed); server.close(); });
  socket.send(wanted[0]);
});
