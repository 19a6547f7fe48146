import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Script } from '../../src/domain/script.js';
import { formatClock, type Span } from '../../src/domain/time.js';
import type { Timeline } from '../../src/domain/timeline.js';
import { readWav } from '../../src/sound/wav.js';
import { ffmpeg, makeMedia } from './media.js';

/** One line of a conversation; `at` where it begins, else half a second after the one before ends. */
export interface Turn {
  readonly speaker: string;
  /** espeak-ng's voice in the film. */
  readonly voice: string;
  readonly text: string;
  readonly es: string;
  readonly atMs?: number;
}

/** A man and a woman in turn, each for long enough to be cloned. */
export const dialogue: readonly Turn[] = [
  {
    ...{ speaker: 'Bob', voice: 'en+m3', text: 'Good evening, and welcome to our little show about the weather.' },
    es: 'Buenas noches y bienvenidos a nuestro programa sobre el tiempo.',
  },
  {
    ...{ speaker: 'Anna', voice: 'en+f2', text: 'Thank you so much, it is a great pleasure to be here with you.' },
    es: 'Muchas gracias, es un gran placer estar aquí con usted.',
  },
  {
    ...{ speaker: 'Bob', voice: 'en+m3', text: 'Tell us about the rain that has been falling for a week.' },
    es: 'Háblenos de la lluvia que cae desde hace una semana.',
  },
  {
    ...{ speaker: 'Anna', voice: 'en+f2', text: 'It came from the sea in the west and it will go on until Sunday.' },
    es: 'Vino del mar del oeste y va a seguir hasta el domingo.',
  },
];

const rate = 22_050;

/** Writes `talk.mp4`, `talk.en.vtt` (speakers in `<v …>`) and `talk.es.srt` into a folder. @returns where each line is */
export async function makeDialogue(folder: string, turns: readonly Turn[] = dialogue): Promise<readonly Span[]> {
  let at = 0.5;
  const spoken = turns.map(({ voice, text, atMs }) => {
    const { samples } = readWav(execFileSync('espeak-ng', ['-v', voice, '--stdout', text]))!;
    const start = atMs === undefined ? at : atMs / 1000;
    at = start + samples.length / rate + 0.5;
    return { samples, start };
  });
  const sound = new Float32Array(Math.ceil((at + 0.5) * rate));
  for (const { samples, start } of spoken) {
    const from = Math.round(start * rate);
    for (const [index, sample] of samples.entries()) sound[from + index]! += sample * 0.6;
  }
  const seconds = sound.length / rate;
  await makeMedia(folder, { name: 'talk.mp4', seconds, audio: [{ samples: sound, sampleRate: rate }] });
  const spans = spoken.map(({ samples, start }) => ({
    startMs: Math.round(start * 1000),
    endMs: Math.round((start + samples.length / rate) * 1000),
  }));
  const clock = ({ startMs, endMs }: Span) => `0${formatClock(startMs)} --> 0${formatClock(endMs)}`;
  const vtt = turns.map(({ speaker, text }, i) => `${clock(spans[i]!)}\n<v ${speaker}>${text}\n`);
  await writeFile(join(folder, 'talk.en.vtt'), ['WEBVTT\n', ...vtt].join('\n'));
  const srt = turns.map(({ es }, i) => `${i + 1}\n${clock(spans[i]!).replaceAll('.', ',')}\n${es}\n`);
  await writeFile(join(folder, 'talk.es.srt'), srt.join('\n'));
  return spans;
}

/** One line of a finished dub as it sounds in the file. */
export interface HeardLine {
  readonly speaker: string;
  readonly samples: Float32Array;
}

/** Rate of `HeardLine.samples`, Hz. */
export const heardRate = 16_000;

/** Cuts the lines of a dub out of the finished file, where its timeline has them. */
export async function hearLines(file: string, work: string, language: string): Promise<HeardLine[]> {
  const wave = `${file}.wav`;
  await ffmpeg('-i', file, '-map', '0:a:0', '-ac', '1', '-ar', String(heardRate), '-y', wave);
  const { samples } = readWav(await readFile(wave))!;
  const timeline = JSON.parse(await readFile(join(work, language, 'timeline.json'), 'utf8')) as Timeline;
  const state = JSON.parse(await readFile(join(work, '.state', 'segment.json'), 'utf8')) as { readonly value: Script };
  return timeline.placements.map(({ utteranceId, startMs, durationMs }) => ({
    speaker: state.value.utterances.find(({ id }) => id === utteranceId)!.speaker,
    samples: samples.subarray((startMs * heardRate) / 1000, ((startMs + durationMs) * heardRate) / 1000),
  }));
}

/** Level of one frequency in a sound, dB against full scale (Goertzel). */
export function toneDb(samples: Float32Array, hz: number): number {
  const turn = (2 * Math.PI * hz) / heardRate;
  let [re, im] = [0, 0];
  for (const [index, sample] of samples.entries()) {
    re += sample * Math.cos(turn * index);
    im += sample * Math.sin(turn * index);
  }
  return 20 * Math.log10((2 * Math.hypot(re, im)) / samples.length + 1e-9);
}
