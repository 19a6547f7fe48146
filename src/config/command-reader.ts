import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Separator, SeparatorModel } from '../domain/separator.js';
import type { Place } from './option.js';
import { bad, describe, readText } from './readers.js';

/** What a shell would give a meaning to; here it would be an ordinary word, which nobody means. */
const shellOnly = /[;&|<>`]|\$\(/;

/**
 * A program and its arguments: a line split into words, or a list of words from a file. Quotes and backslashes hold words
 * together; nothing else of a shell is there.
 */
export function readCommand(raw: unknown, place: Place): readonly string[] {
  if (Array.isArray(raw) && raw.length > 0 && raw.every((word) => typeof word === 'string' && word !== '')) {
    return raw as readonly string[];
  }
  if (typeof raw !== 'string') throw bad(place, `${place.label} must be a command line, not ${describe(raw)}.`);
  const words = splitCommand(readText(raw, place), place);
  if (words.length > 0 && words[0] !== '') return words;
  throw bad(place, `${place.label} names no program.`);
}

/** What is said of a model behind its name, `?vocals=3&n_fft=7680`. */
const modelWords = ['vocals', 'background', 'n_fft', 'compensate'] as const;

/**
 * A separator: the file of a model, `onnx:FILE` or one that ends in .onnx, or a command, which must be told where the sound
 * is and where the background goes.
 */
export function readSeparator(raw: unknown, place: Place): Separator {
  if (typeof raw === 'string' && isModelName(raw)) return readModel(raw.trim(), place);
  const words = readCommand(raw, place);
  const has = (name: string) => words.some((word) => word.includes(`{${name}}`));
  if (has('in') && (has('out') || has('background'))) return words;
  throw bad(
    place,
    `${place.label} does not say where the sound is and where the background goes.`,
    'Write {in} for the sound and {out} for a folder (or {background} for a file): demucs --two-stems vocals -o {out} {in}',
  );
}

function isModelName(text: string): boolean {
  return /^\s*onnx:/i.test(text) || (/\.onnx(\?[^?/\\]*)?\s*$/i.test(text) && !text.includes('{in}'));
}

function readModel(text: string, place: Place): SeparatorModel {
  const [, name = '', query = ''] = /^(?:onnx:)?(.*?)(?:\?([^?]*))?$/is.exec(text)!;
  const path = resolve(place.folder, name);
  if (name === '' || !existsSync(path)) {
    throw bad(
      place,
      `${place.label}: there is no model ${name === '' ? text : path}.`,
      'Name the file: --separator model.onnx',
    );
  }
  const pairs = query === '' ? [] : query.split('&').map((pair) => pair.split('=', 2));
  const said = new Map(pairs.map(([word = '', value]) => [word, value] as const));
  const unknown = [...said.keys()].find((word) => !modelWords.includes(word as (typeof modelWords)[number]));
  if (unknown !== undefined || (said.has('vocals') && said.has('background'))) {
    const what =
      unknown === undefined ? 'a model gives vocals or background, not both' : `\`${unknown}\` says nothing of a model`;
    throw bad(
      place,
      `${place.label}: ${what}.`,
      `Behind ? may stand ${modelWords.join(', ')}: model.onnx?vocals=3&n_fft=7680`,
    );
  }
  const number = (word: string, whole: boolean) => {
    const value = said.get(word);
    if (value === undefined) return undefined;
    if (value.trim() !== '' && Number(value) >= 0 && (!whole || Number.isInteger(Number(value)))) return Number(value);
    throw bad(place, `${place.label}: ${word} must be a ${whole ? 'whole ' : ''}number, not ${describe(value)}.`);
  };
  const gives = said.has('vocals') ? 'vocals' : said.has('background') ? 'background' : undefined;
  return {
    path,
    gives,
    index: gives === undefined ? undefined : number(gives, true),
    nFft: number('n_fft', true),
    compensate: number('compensate', false),
    folder: place.folder,
  };
}

function splitCommand(line: string, place: Place): string[] {
  const words: string[] = [];
  const token = /\s+|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)|(['"\\])/gs;
  let open: string | undefined;
  for (const [whole, single, double, escaped, plain, stray] of line.matchAll(token)) {
    if (stray !== undefined) {
      throw bad(place, `${place.label}: a ${stray === '\\' ? 'backslash' : 'quote'} is left open in \`${line}\`.`);
    }
    if (plain !== undefined && shellOnly.test(plain)) {
      throw bad(
        place,
        `${place.label}: no shell reads it, so \`${plain}\` would be an ordinary word.`,
        `Put what needs a shell into one: sh -c '…'.`,
      );
    }
    const part = single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain;
    if (part !== undefined) open = (open ?? '') + part;
    else if (/^\s+$/.test(whole) && open !== undefined) {
      words.push(open);
      open = undefined;
    }
  }
  return open === undefined ? words : [...words, open];
}

const units = { h: 3_600_000, m: 60_000, s: 1000 } as const;
const longestMs = 24 * units.h;

/** A stretch of time in milliseconds: `15m`, `90s`, `1h30m`; a bare number is seconds. A day at most. */
export function readDuration(raw: unknown, place: Place): number {
  const text = typeof raw === 'number' ? String(raw) : readText(raw, place).trim().toLowerCase();
  const shape = 'Write it as 90s, 15m or 1h30m.';
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([hms]?)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw bad(place, `${place.label} must be a length of time, not ${describe(raw)}.`, shape);
  }
  const ms = parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * units[(unit || 's') as keyof typeof units],
    0,
  );
  if (ms > longestMs) throw bad(place, `${place.label} is a day at most, not ${describe(raw)}.`, shape);
  return Math.round(ms);
}
