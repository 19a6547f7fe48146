import type { Io, TextStream } from '../io.js';

/** Puts colour on text, or leaves it alone. */
export type Paint = (text: string) => string;

/** The few colours there are. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
}

/** Colours for one stream: on a terminal, unless NO_COLOR or TERM=dumb; FORCE_COLOR overrules (0 for none). */
export function styleFor(stream: TextStream, env: Io['env']): Style {
  const painted = wantsColour(stream, env);
  const paint = (on: number, off: number): Paint =>
    painted ? (text) => `\x1b[${on}m${text}\x1b[${off}m` : (text) => text;
  return { bold: paint(1, 22), dim: paint(2, 22), red: paint(31, 39), green: paint(32, 39), yellow: paint(33, 39) };
}

/** True when a stream is a terminal that can redraw a line. */
export function canRedraw(stream: TextStream, env: Io['env']): boolean {
  return stream.isTTY === true && env.TERM !== 'dumb';
}

function wantsColour(stream: TextStream, env: Io['env']): boolean {
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return !env.NO_COLOR && canRedraw(stream, env);
}
