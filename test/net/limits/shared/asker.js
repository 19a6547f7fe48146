// Asks a server again and again within limits that it shares with other processes. Started and killed by a test.
import { createHttp } from '../../../../dist/net/client.js';

const { folder, url, name, requests, side = 1, rates } = JSON.parse(process.argv[2]);
const http = createHttp({
  version: '1',
  retry: { baseMs: 100 },
  sharedLimits: { folder, onLost: (error) => console.error(`lost: ${error}`) },
});
http.limit('service', rates);
// A line on stdin is the signal to begin, so that several begin together.
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
process.stdin.destroy();
const signal = new AbortController().signal;
let left = requests;
await Promise.all(
  Array.from({ length: side }, async () => {
    while (left-- > 0) {
      await http.request({ url, headers: { 'x-name': name }, limiter: { key: 'service' }, idempotent: 'safe' }, signal);
    }
  }),
);
await http.close();
