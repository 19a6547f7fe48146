// Makes one request to the address given and prints what it left behind; process.test.ts starts it.
import { createRequire } from 'node:module';
import { createHttp } from '../../dist/net/client.js';

const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('undici'));
const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

const http = createHttp({ version: '1' });
const seen = [loaded()];
await http.request({ url: process.argv[2] }, new AbortController().signal);
await new Promise(setImmediate);
seen.push(loaded(), sockets(), process.getActiveResourcesInfo().includes('Timeout'));
console.log(JSON.stringify(seen));
