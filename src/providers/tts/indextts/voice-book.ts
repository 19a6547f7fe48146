import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TtsRequest } from '../contract.js';
import type { VoiceRef } from './dialects/dialect.js';
import type { IndexTtsOptions } from './options.js';
import { type PreparedSample, prepareSample } from './prepared-sample.js';

/** Voices that the user named: samples here, paths on the server, links. */
export interface VoiceBook {
  /** Names that `--voice` may use besides those of the servers. */
  readonly names: readonly string[];
  /** Plain names among what `--voice` says: taken for voices of a server that does not tell which it has. */
  readonly asked: readonly string[];
  note(name: string): string | undefined;
  /** The voice of a request as far as it is told by the user; undefined for a name of the server's. */
  find(request: Pick<TtsRequest, 'voice' | 'sample'>): Promise<VoiceRef | undefined>;
  /** Hashes of the samples that are voices by name: another sample is another sound. */
  fingerprint(): Readonly<Record<string, string>>;
  /** What is to be said of a sample, at its first use only. */
  warningsOnce(sample: PreparedSample): readonly string[];
}

/** A path on the server, marked as one. */
const serverPath = /^server:(.+)$/s;

/** A book of the voices in the options. */
export function createVoiceBook(options: IndexTtsOptions): VoiceBook {
  const listed = options.voices;
  const spoken = Object.values(options.asked).filter((voice) => isElsewhere(voice) && !Object.hasOwn(listed, voice));
  const samples = new Map<string, Promise<PreparedSample>>();
  const told = new Set<string>();

  function sampleAt(path: string, sample: TtsRequest['sample']): Promise<PreparedSample> {
    const known = samples.get(sample?.sha256 ?? path);
    if (known !== undefined) return known;
    const read = prepareSample({ path, text: sample?.text, consent: sample?.consent ?? options.consent });
    samples.set(sample?.sha256 ?? path, read);
    return read;
  }

  return {
    names: [...new Set([...Object.keys(listed), ...spoken])],
    asked: Object.values(options.asked).filter(isPlainName),
    note: (name) =>
      Object.hasOwn(listed, name) ? `your own: ${listed[name]}` : isElsewhere(name) ? 'as asked for' : undefined,
    async find({ voice, sample }) {
      if (sample !== undefined) return { kind: 'sample', sample: await sampleAt(sample.path, sample) };
      const meant = Object.hasOwn(listed, voice) ? listed[voice]! : voice;
      const path = serverPath.exec(meant)?.[1] ?? (isPathThere(meant) ? meant : undefined);
      if (path !== undefined) return { kind: 'path', path };
      if (/^https?:\/\//i.test(meant)) return { kind: 'url', url: meant };
      const isHere = meant !== voice || (meant.startsWith('/') && existsSync(meant));
      return isHere ? { kind: 'sample', sample: await sampleAt(resolve(meant), undefined) } : undefined;
    },
    fingerprint: () =>
      Object.fromEntries(Object.entries(listed).map(([name, meant]) => [`voice ${name}`, hashOf(meant)])),
    warningsOnce({ sha256, warnings }) {
      if (told.has(sha256)) return [];
      told.add(sha256);
      return warnings;
    },
  };
}

/** No path, no recording, and not what asks for a clone. */
function isPlainName(voice: string): boolean {
  return /^[^./\\:]+$/.test(voice) && voice !== 'clone';
}

function isElsewhere(voice: string): boolean {
  return serverPath.test(voice) || isPathThere(voice) || /^https?:\/\//i.test(voice);
}

/** An absolute path without such a file here is meant on the server. */
function isPathThere(voice: string): boolean {
  return voice.startsWith('/') && !existsSync(voice);
}

/** Of the file where there is one, else of the words. */
function hashOf(meant: string): string {
  const hash = createHash('sha256');
  try {
    hash.update(isElsewhere(meant) ? meant : readFileSync(meant));
  } catch {
    hash.update(meant);
  }
  return hash.digest('hex').slice(0, 16);
}
