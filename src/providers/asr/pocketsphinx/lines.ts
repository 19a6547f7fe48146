import type { Segment, Word } from '../../../domain/transcript.js';

/** A recognised token with its times, fillers such as `<sil>` among them. */
interface Token extends Word {
  readonly filler: boolean;
}

/** A silence between words this long starts a new segment. */
const splitSilenceMs = 300;

/**
 * Reads what `pocketsphinx_continuous -time yes` prints: the text of an utterance, then `word start end probability`
 * in seconds for each token.
 * @returns undefined when the output breaks off within an utterance or is something else
 */
export function readTokenLines(printed: string): Segment[] | undefined {
  const tokens: Token[] = [];
  let lines = 0;
  for (const line of printed.split('\n')) {
    if (line.trim() !== '') lines++;
    const [, word, start, end, probability] = /^(\S+) (\d+\.\d+) (\d+\.\d+) (\d+(?:\.\d+)?)$/.exec(line) ?? [];
    // The end is the last frame of 10 ms that still belongs to the word.
    if (word) tokens.push(toToken(word, Number(start) * 1000, Number(end) * 1000 + 10, Number(probability)));
  }
  const opened = tokens.filter((token) => token.text === '<s>').length;
  const closed = tokens.filter((token) => token.text === '</s>').length;
  if (opened !== closed || (lines > 0 && tokens.length === 0)) return undefined;
  return toSegments(tokens);
}

/**
 * Reads the JSON that `pocketsphinx single` of version 5 prints, seconds too. It writes `"w":]` when there is no word.
 * @returns undefined when it is something else
 */
export function readTokenJson(printed: string): Segment[] | undefined {
  try {
    const reply: unknown = JSON.parse(printed.replace(/"w":\]\}\s*$/, '"w":[]}'));
    if (typeof reply !== 'object' || reply === null || !('w' in reply) || !Array.isArray(reply.w)) return undefined;
    return toSegments(reply.w.map(readJsonToken));
  } catch {
    return undefined;
  }
}

function readJsonToken(token: Record<string, unknown>): Token {
  const [startMs, durationMs, probability] = [Number(token.b) * 1000, Number(token.d) * 1000, Number(token.p)];
  if (typeof token.t !== 'string' || !Number.isFinite(startMs) || !Number.isFinite(durationMs)) {
    throw new SyntaxError('not a token');
  }
  return toToken(token.t, startMs, startMs + durationMs, probability);
}

function toToken(word: string, startMs: number, endMs: number, probability: number): Token {
  const filler = /^(?:<.*>|\[.*\]|\+\+.*\+\+)$/.test(word);
  return {
    // `the(2)` is the second way to pronounce `the`.
    text: word.replace(/\(\d+\)$/, ''),
    startMs: Math.round(startMs),
    endMs: Math.round(endMs),
    confidence: Math.min(1, Math.max(0, probability)),
    filler,
  };
}

/** Words between the recogniser's own silences make a segment. */
function toSegments(tokens: readonly Token[]): Segment[] {
  const groups: Word[][] = [[]];
  for (const { filler, ...word } of tokens) {
    const splits = word.text === '<s>' || word.text === '</s>' || word.endMs - word.startMs >= splitSilenceMs;
    if (!filler) groups.at(-1)!.push(word);
    else if (splits) groups.push([]);
  }
  const spoken = groups.filter((words) => words.length > 0);
  return spoken.map((words, index) => ({
    id: String(index + 1),
    startMs: words[0]!.startMs,
    endMs: words.at(-1)!.endMs,
    text: words.map((word) => word.text).join(' '),
    words,
  }));
}
