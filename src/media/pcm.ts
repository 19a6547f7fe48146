import { Readable, Writable } from 'node:stream';
import { type FfmpegInput, type FfmpegOutput, runFfmpeg } from './run.js';
import type { MediaTools } from './tools.js';

/** How samples travel between Node and ffmpeg: 32-bit floats, interleaved. */
export interface PcmFormat {
  readonly sampleRate: number;
  readonly channels: number;
  /** ffmpeg's layout name. */
  readonly layout: string;
}

/** What is decoded, and how. */
export interface PcmDecode {
  /** For error messages: `decode the original sound`. */
  readonly purpose: string;
  readonly input: FfmpegInput;
  /** ffmpeg's stream specifier, e.g. `0:2` or `0:a:0`. */
  readonly stream: string;
  /** Audio filters; the format is enforced after them. */
  readonly filter?: string | undefined;
  readonly format: PcmFormat;
}

/** Decoded samples, read as they are needed: ffmpeg waits while nobody reads. */
export interface PcmReader {
  /**
   * The next `frames` frames, interleaved; fewer at the end, none after it.
   * @param into where they are put, if given: long programmes make less garbage with one block used again and again
   * @throws what `runFfmpeg` throws, once ffmpeg has failed
   */
  read(frames: number, into?: Float32Array<ArrayBuffer>): Promise<Float32Array>;
  /** Ends ffmpeg if it still runs, and resolves when it is gone. Never throws. */
  close(): Promise<void>;
}

/** What is encoded, and how. */
export interface PcmEncode {
  /** For error messages: `encode the dub`. */
  readonly purpose: string;
  readonly format: PcmFormat;
  readonly output: FfmpegOutput;
}

/** Samples on their way to one encoded file. */
export interface PcmWriter {
  /**
   * Hands over interleaved samples, which must not be changed afterwards; resolves when more are welcome.
   * @throws what `runFfmpeg` throws, once ffmpeg has failed
   */
  write(samples: Float32Array): Promise<void>;
  /** Ends the file and resolves when it is whole. */
  finish(): Promise<void>;
  /** Ends ffmpeg if it still runs, leaving what was written, and resolves when it is gone. Never throws. */
  close(): Promise<void>;
}

/** Bytes that may wait in Node in either direction. */
const mostWaiting = 1 << 20;
const bytesPerSample = Float32Array.BYTES_PER_ELEMENT;

/** Starts one ffmpeg that decodes one stream of a file. */
export function openPcmReader(decode: PcmDecode, tools: MediaTools, signal: AbortSignal): PcmReader {
  const queue = new ByteQueue();
  const { channels, layout, sampleRate } = decode.format;
  const filters = [
    ...(decode.filter ? [decode.filter] : []),
    `aformat=sample_rates=${sampleRate}:channel_layouts=${layout}`,
  ];
  const options = ['-map', decode.stream, '-af', filters.join(','), '-c:a', 'pcm_f32le', '-f', 'f32le'];
  const job = { purpose: decode.purpose, inputs: [decode.input], outputs: [{ options, to: queue.writable }] };
  const run = startRun((own) => runFfmpeg(job, tools, own), signal);
  run.whenOver(() => queue.processEnded());
  return {
    async read(frames, into = new Float32Array(frames * channels)) {
      const wanted = frames * channels * bytesPerSample;
      const taken = await queue.take(new Uint8Array(into.buffer, into.byteOffset, wanted));
      // Fewer bytes than asked for mean that ffmpeg is gone; only its end says whether that was the end of the file.
      if (taken < wanted) await run.over;
      return into.subarray(0, Math.floor(taken / (channels * bytesPerSample)) * channels);
    },
    close: run.close,
  };
}

/** Starts one ffmpeg that encodes what is written into one file. */
export function openPcmWriter(encode: PcmEncode, tools: MediaTools, signal: AbortSignal): PcmWriter {
  const feed = new ByteFeed();
  const { channels, layout, sampleRate } = encode.format;
  const raw = ['-f', 'f32le', '-ar', String(sampleRate), '-ac', String(channels), '-channel_layout', layout];
  const input = { options: raw, from: feed.readable };
  const job = { purpose: encode.purpose, inputs: [input], outputs: [encode.output] };
  const run = startRun((own) => runFfmpeg(job, tools, own), signal);
  run.whenOver(() => feed.processEnded());
  return {
    async write(samples) {
      await feed.push(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
      if (feed.processGone) await run.over;
    },
    async finish() {
      feed.end();
      await run.over;
    },
    close: run.close,
  };
}

interface Run {
  /** Settles as the run does. */
  readonly over: Promise<unknown>;
  /** Calls back when the run has ended in whatever way. */
  whenOver(done: () => void): void;
  close(): Promise<void>;
}

function startRun(start: (own: AbortSignal) => Promise<unknown>, signal: AbortSignal): Run {
  const own = new AbortController();
  const over = start(AbortSignal.any([signal, own.signal]));
  // Whoever reads or writes next hears of a failure; until then it must not count as nobody's.
  const ended = over.then(
    () => {},
    () => {},
  );
  return {
    over,
    whenOver: (done) => void ended.then(done),
    async close() {
      own.abort();
      await ended;
    },
  };
}

/** Bytes from ffmpeg, taken in pieces of any size. */
class ByteQueue {
  readonly writable: Writable;
  #chunks: Buffer[] = [];
  #waiting = 0;
  #piped = false;
  #ended = false;
  #resume: (() => void) | undefined;
  #arrived: (() => void) | undefined;

  constructor() {
    this.writable = new Writable({
      // fluent-ffmpeg takes a closed output for a lost listener and kills ffmpeg 20 ms later, even while it is ending well.
      emitClose: false,
      autoDestroy: false,
      highWaterMark: 1 << 16,
      write: (chunk: Buffer, _encoding, done) => this.#put(chunk, done),
      final: (done) => {
        this.#end();
        done();
      },
    });
    this.writable.once('pipe', () => {
      this.#piped = true;
    });
  }

  /** The last bytes may still be on their way when ffmpeg is gone, unless it never started. */
  processEnded(): void {
    if (!this.#piped) this.#end();
  }

  /** Fills `into`, or as much of it as there are bytes left; gives how much. */
  async take(into: Uint8Array): Promise<number> {
    while (this.#waiting < into.length && !this.#ended) await this.#more();
    const count = Math.min(into.length, this.#waiting);
    for (let at = 0; at < count; ) at += this.#moveFirst(into.subarray(0, count), at);
    this.#letIn();
    return count;
  }

  #put(chunk: Buffer, done: () => void): void {
    this.#chunks.push(chunk);
    this.#waiting += chunk.length;
    this.#resume = done;
    if (this.#waiting < mostWaiting) this.#letIn();
    this.#arrived?.();
  }

  #end(): void {
    this.#ended = true;
    this.#arrived?.();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#arrived = resolve;
      // Letting bytes in may bring the last ones at once, so whoever waits for them must be known before.
      this.#letIn();
    });
  }

  #letIn(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  #moveFirst(into: Uint8Array, at: number): number {
    const first = this.#chunks[0]!;
    const count = Math.min(first.length, into.length - at);
    into.set(first.subarray(0, count), at);
    if (count === first.length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(count);
    this.#waiting -= count;
    return count;
  }
}

/** Bytes for ffmpeg; `push` resolves when ffmpeg has room. */
class ByteFeed {
  readonly readable: Readable;
  /** True once ffmpeg has ended, well or not. */
  processGone = false;
  #wanted: (() => void) | undefined;

  constructor() {
    this.readable = new Readable({ highWaterMark: mostWaiting, read: () => this.#wanted?.() });
  }

  push(bytes: Buffer): Promise<void> {
    if (this.processGone) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wanted = resolve;
      if (this.readable.push(bytes)) resolve();
    });
  }

  end(): void {
    this.readable.push(null);
  }

  processEnded(): void {
    this.processGone = true;
    this.#wanted?.();
  }
}
