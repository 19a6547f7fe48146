import { DubError } from '../errors.js';
import { withFacts } from './facts.js';

/** One server-sent event. */
export interface ServerEvent {
  /** `message` unless the server named it. */
  readonly event: string;
  /** The data lines, joined by line feeds. */
  readonly data: string;
  /** The id sent with this event. */
  readonly id: string | undefined;
  /** Comment lines of the event's block without their colon, e.g. `HTTP_STATUS/400`; empty unless asked for. */
  readonly comments: readonly string[];
}

/** How events are read. */
export interface EventOptions {
  /** Longest line and longest event, in characters; 1 Mi unless told. */
  readonly maxChars?: number | undefined;
  /** True to pass comment lines on; false unless told. */
  readonly comments?: boolean | undefined;
}

/**
 * Events of a text/event-stream (WHATWG HTML, 9.2), whatever the chunks: lines may end in LF, CRLF or CR, and a space
 * after the colon is optional. A last event without its empty line is given too: some servers leave that line out.
 * @throws `PROVIDER_BAD_REPLY` when a line or an event is too long
 */
export async function* readEvents(
  chunks: AsyncIterable<Uint8Array>,
  options: EventOptions = {},
): AsyncGenerator<ServerEvent, void, undefined> {
  const decoder = new TextDecoder();
  const parser = createEventParser(options);
  for await (const chunk of chunks) yield* parser.push(decoder.decode(chunk, { stream: true }));
  yield* parser.push(decoder.decode());
  yield* parser.end();
}

/** Events of a whole text, for errors that come as an event with a status of 400 and more. */
export function parseEvents(text: string, options: EventOptions = {}): readonly ServerEvent[] {
  const parser = createEventParser(options);
  return [...parser.push(text), ...parser.end()];
}

interface EventParser {
  push(text: string): ServerEvent[];
  end(): ServerEvent[];
}

interface Block {
  event: string;
  id: string | undefined;
  readonly data: string[];
  readonly comments: string[];
  chars: number;
}

function createEventParser({ maxChars = 1_048_576, comments = false }: EventOptions): EventParser {
  let rest = '';
  let afterCarriageReturn = false;
  let block = emptyBlock();

  function take(line: string): ServerEvent | undefined {
    block.chars += line.length;
    if (line.length > maxChars || block.chars > maxChars) throw tooLong(maxChars);
    if (line !== '') {
      readLine(line, block, comments);
      return undefined;
    }
    const done = block;
    block = emptyBlock();
    return finished(done);
  }

  function push(text: string): ServerEvent[] {
    // The line feed of a CRLF that was cut between its two halves.
    const fresh = afterCarriageReturn && text.startsWith('\n') ? text.slice(1) : text;
    if (text !== '') afterCarriageReturn = text.endsWith('\r');
    const lines = (rest + fresh).split(/\r\n|\n|\r/);
    rest = lines.pop() ?? '';
    if (rest.length > maxChars) throw tooLong(maxChars);
    return lines.map(take).filter((event) => event !== undefined);
  }

  return { push, end: () => [take(rest), take('')].filter((event) => event !== undefined) };
}

function emptyBlock(): Block {
  return { event: '', id: undefined, data: [], comments: [], chars: 0 };
}

function readLine(line: string, block: Block, comments: boolean): void {
  const colon = line.indexOf(':');
  if (colon === 0) {
    if (comments) block.comments.push(line.slice(1).trim());
    return;
  }
  const field = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
  if (field === 'data') block.data.push(value);
  if (field === 'event') block.event = value;
  if (field === 'id') block.id = value;
}

function finished(block: Block): ServerEvent | undefined {
  if (block.data.length === 0) return undefined;
  return { event: block.event || 'message', data: block.data.join('\n'), id: block.id, comments: block.comments };
}

function tooLong(maxChars: number): DubError {
  const error = new DubError(
    'PROVIDER_BAD_REPLY',
    `The event stream has a line or an event of more than ${maxChars} characters.`,
    { hint: 'Check the base URL and the proxy: something else than the service may have answered.' },
  );
  return withFacts(error, { retryable: false });
}
