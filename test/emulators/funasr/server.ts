import { createServer as createPlain, type IncomingMessage } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ClipWord, Ear, Heard } from '../dashscope/ear.js';

/** How a server behaves; FunASR's runtime has two, and models of three kinds. */
export interface FunAsrSettings {
  /** `python` (1.4) answers nothing before `is_end`, and says that it is through. */
  readonly build: 'cpp' | 'python';
  /** What the model gives besides text: sentences with word times, word times alone, or tags and no times. */
  readonly times: 'sentences' | 'words' | 'tags';
  /** A self-signed pair in PEM: then it speaks TLS, as it does unless told otherwise. */
  readonly certificate?: { readonly key: string; readonly cert: string } | undefined;
  /** What goes wrong, and how often. */
  readonly fault?: 'hang' | 'reset' | 'cut' | 'empty' | 'garbage' | 'refuse' | undefined;
  readonly faultTimes?: number | undefined;
  /** Where the Python server says that it is through. */
  readonly endComes?: 'before' | 'after' | undefined;
}

/** A running server. */
export interface FunAsrEmulator {
  /** `ws://…` or `wss://…`. */
  readonly url: string;
  /** Sessions that were begun: connections that got as far as a first message. */
  readonly sessions: number;
  readonly open: number;
  /** What a client did that the protocol does not have. */
  readonly violations: readonly string[];
  close(): Promise<void>;
}

const openingKeys = [
  ...['mode', 'wav_name', 'wav_format', 'audio_fs', 'is_speaking', 'itn', 'hotwords'],
  ...['chunk_size', 'chunk_interval', 'svs_lang', 'svs_itn'],
];
/** Frames above this are refused by some builds. */
const largestFrame = 1 << 20;

/** Starts a server on loopback that hears what the ear knows. */
export async function startFunAsr(settings: FunAsrSettings, ear: Ear): Promise<FunAsrEmulator> {
  const violations: string[] = [];
  let sessions = 0;
  let faultsLeft = settings.faultTimes ?? Number.POSITIVE_INFINITY;
  const server = settings.certificate ? createSecure(settings.certificate) : createPlain();
  const sockets = new WebSocketServer({
    server,
    perMessageDeflate: false,
    handleProtocols: (asked) => (asked.has('binary') ? 'binary' : false),
    verifyClient: ({ req }: { req: IncomingMessage }) => {
      if (req.headers['sec-websocket-protocol'] !== 'binary') violations.push('the sub-protocol is not binary');
      if (req.headers.authorization !== undefined) violations.push('it was sent a key');
      return settings.fault !== 'refuse' || faultsLeft-- <= 0;
    },
  });

  sockets.on('connection', (socket) => {
    let opening: Record<string, unknown> | undefined;
    const sound: Buffer[] = [];
    socket.on('message', (data: Buffer, binary) => {
      if (binary) {
        if (opening === undefined) violations.push('sound came before the first message');
        if (data.length > largestFrame || data.length % 2 !== 0) violations.push(`a frame of ${data.length} bytes`);
        sound.push(data);
        return;
      }
      const message = JSON.parse(data.toString()) as Record<string, unknown>;
      if (opening === undefined) {
        opening = message;
        sessions++;
        violations.push(...faultsOfOpening(message));
      } else if (message.is_speaking === false) {
        if (settings.build === 'cpp' || message.is_end === true) answer(socket, Buffer.concat(sound));
      } else violations.push(`an unexpected message: ${data.toString().slice(0, 80)}`);
    });
  });

  function answer(socket: WebSocket, sound: Buffer): void {
    const { fault } = settings;
    if (fault !== undefined && fault !== 'refuse' && faultsLeft-- > 0) {
      fail(socket, fault);
      return;
    }
    const samples = Float32Array.from({ length: sound.length / 2 }, (_, at) => sound.readInt16LE(at * 2) / 32_768);
    const heard = ear.listen(samples);
    const through = JSON.stringify({ is_end: true });
    if (settings.build === 'python' && settings.endComes === 'before') socket.send(through);
    // The Python server has nothing to say of silence; the C++ one says so.
    if (settings.build === 'cpp' || heard.length > 0) socket.send(JSON.stringify(answerFor(heard, settings)));
    if (settings.build === 'python' && settings.endComes !== 'before') socket.send(through);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${settings.certificate ? 'wss' : 'ws'}://127.0.0.1:${port}`,
    get sessions() {
      return sessions;
    },
    get open() {
      return sockets.clients.size;
    },
    violations,
    async close() {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function faultsOfOpening(message: Record<string, unknown>): string[] {
  const unknown = Object.keys(message).filter((key) => !openingKeys.includes(key));
  return [
    ...unknown.map((key) => `unknown field ${key}`),
    ...(message.mode === 'offline' ? [] : ['the mode is not offline']),
    ...(message.wav_format === 'pcm' && message.audio_fs === 16_000 ? [] : ['the sound is not 16 kHz PCM']),
    ...(message.is_speaking === true ? [] : ['is_speaking is not true']),
    ...(message.hotwords === undefined || typeof message.hotwords === 'string' ? [] : ['hotwords is no string']),
  ];
}

function fail(socket: WebSocket, fault: Exclude<FunAsrSettings['fault'], undefined>): void {
  if (fault === 'reset') socket.terminate();
  else if (fault === 'empty') socket.close(1000);
  else if (fault === 'garbage') socket.send('<html>nginx</html>');
  else if (fault === 'cut') {
    // The head of a text frame of 126 bytes, and three of them.
    const raw = (socket as unknown as { _socket: { write(bytes: Buffer): void; destroySoon(): void } })._socket;
    raw.write(Buffer.from([0x81, 126, 0, 126, 0x7b, 0x22, 0x6d]));
    raw.destroySoon();
  }
}

function answerFor(heard: readonly Heard[], { times }: FunAsrSettings): object {
  const text = heard.map(({ clip }) => clip.text).join(' ');
  const common = { mode: 'offline', wav_name: 'dub', is_final: false };
  if (times === 'tags') {
    const tagged = heard
      .map(({ clip }) => `<|${clip.language}|><|NEUTRAL|><|Speech|><|withitn|>${clip.text}`)
      .join(' ');
    return { ...common, text: tagged };
  }
  const spans = heard.flatMap(({ words }) => words.map(({ startMs, endMs }) => [startMs, endMs]));
  const sentences = heard
    .flatMap(({ words }) => clausesOf(words))
    .map((words) => ({
      text_seg: words.map((word) => word.text).join(' '),
      punc: words.at(-1)!.punctuation.trim(),
      start: words[0]!.startMs,
      end: words.at(-1)!.endMs,
      ts_list: words.map((word) => [word.startMs, word.endMs]),
    }));
  return { ...common, text, timestamp: JSON.stringify(spans), stamp_sents: times === 'sentences' ? sentences : '' };
}

/** A sentence of the server ends at any punctuation. */
function clausesOf(words: readonly ClipWord[]): ClipWord[][] {
  const clauses: ClipWord[][] = [[]];
  for (const word of words) {
    clauses.at(-1)!.push(word);
    if (word.punctuation.trim() !== '') clauses.push([]);
  }
  return clauses.filter((clause) => clause.length > 0);
}
