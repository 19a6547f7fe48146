import { describe, expect, it } from 'vitest';
import { readCommand, readDuration } from '../../src/config/command-reader.js';

const place = { label: '--after', folder: '/', code: 'USAGE' } as const;

describe('a command line', () => {
  it.each([
    ['ssh gpu shutdown -h now', ['ssh', 'gpu', 'shutdown', '-h', 'now']],
    [`  sh -c 'sync; poweroff'  `, ['sh', '-c', 'sync; poweroff']],
    [`say "it's done" it\\ is ''`, ['say', "it's done", 'it is', '']],
    [`a"b c"'d'e`, ['ab cde']],
    [`echo "a \\"b\\" \\\\ c"`, ['echo', 'a "b" \\ c']],
  ])('%s', (line, words) => {
    expect(readCommand(line, place)).toEqual(words);
  });

  it('is taken as a list from a file', () => {
    expect(readCommand(['sh', '-c', 'a; b'], place)).toEqual(['sh', '-c', 'a; b']);
  });

  it.each([
    ['sync; poweroff', 'no shell reads it, so `sync;` would be an ordinary word'],
    ['echo $(date)', 'no shell reads it'],
    ['a | b', 'no shell reads it'],
    [`echo 'open`, 'a quote is left open'],
    ['echo \\', 'a backslash is left open'],
    [`''`, 'names no program'],
    ['  ', 'is empty'],
    [[], 'must be a command line'],
    [7, 'must be a command line'],
  ])('%j is refused', (line, message) => {
    expect(() => readCommand(line, place)).toThrow(message);
  });
});

describe('a length of time', () => {
  it.each([
    ['15m', 900_000],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['45', 45_000],
    [2, 2000],
    ['0', 0],
    ['1.5 h', 5_400_000],
  ])('%s', (given, ms) => {
    expect(readDuration(given, place)).toBe(ms);
  });

  it.each(['15 minutes', 'm', '-5s', '25h', '1x', ''])('%j is refused', (given) => {
    expect(() => readDuration(given, place)).toThrow(/--after/);
  });
});
