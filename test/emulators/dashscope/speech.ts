import { spawn } from 'node:child_process';

/** What is to be heard. */
export interface Utterance {
  /** `english`, `chinese`, …, `auto`. */
  readonly language: string;
  readonly text: string;
  readonly voice: string;
  readonly man: boolean;
  /** 2 is twice as fast. */
  readonly speed: number;
  readonly sampleRate: number;
}

const espeakVoices: Readonly<Record<string, string>> = {
  ...{ chinese: 'cmn', english: 'en-us', german: 'de', italian: 'it', portuguese: 'pt-br', spanish: 'es' },
  ...{ japanese: 'ja', korean: 'ko', french: 'fr-fr', russian: 'ru' },
};

const kept = new Map<string, Promise<Buffer>>();

/** Real speech as 16-bit mono PCM; the same utterance always sounds the same. */
export function speakAloud(utterance: Utterance): Promise<Buffer> {
  const key = JSON.stringify(utterance);
  const known = kept.get(key);
  if (known !== undefined) return known;
  const made = espeak(utterance);
  kept.set(key, made);
  return made;
}

/** A WAV file; streams are written with sizes that nobody came back to fill in. */
export function toWave(pcm: Uint8Array, sampleRate: number, sizes: 'true' | 'placeholder' | 'zero'): Buffer {
  const size = { true: pcm.length, placeholder: 0x7fff_ffff - 36, zero: 0 }[sizes];
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(size + 36, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(sampleRate, 24);
  head.writeUInt32LE(sampleRate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(size, 40);
  return Buffer.concat([head, pcm]);
}

async function espeak({ language, text, voice, man, speed, sampleRate }: Utterance): Promise<Buffer> {
  const base = espeakVoices[language] ?? (/\p{Script=Han}/u.test(text) ? 'cmn' : 'en-us');
  const timbre = (voice.charCodeAt(0) + voice.length) % 3;
  const variant = man ? `m${timbre + 1}` : `f${timbre + 2}`;
  const pitch = String(35 + ((voice.charCodeAt(1) * 7) % 40));
  const args = ['-v', `${base}+${variant}`, '-p', pitch, '-s', String(Math.round(165 * speed)), '-b', '1'];
  // Two opening brackets would be read as phonemes.
  const wave = await run('espeak-ng', [...args, '--stdin', '--stdout'], text.replaceAll('[[', '[ ['));
  return resample(wave.subarray(44), wave.readUInt32LE(24), sampleRate);
}

function resample(pcm: Buffer, from: number, to: number): Buffer {
  const samples = Math.floor(pcm.length / 2);
  const made = Buffer.alloc(Math.floor((samples * to) / from) * 2);
  for (let index = 0; index < made.length / 2; index++) {
    const at = (index * from) / to;
    const before = Math.min(samples - 1, Math.floor(at));
    const after = Math.min(samples - 1, before + 1);
    const [a, b] = [pcm.readInt16LE(before * 2), pcm.readInt16LE(after * 2)];
    made.writeInt16LE(Math.round(a + (b - a) * (at - before)), index * 2);
  }
  return made;
}

function run(program: string, args: readonly string[], input: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stdin.on('error', () => undefined);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(chunks));
      else reject(new Error(`${program} ended with ${code}`));
    });
    child.stdin.end(input);
  });
}
