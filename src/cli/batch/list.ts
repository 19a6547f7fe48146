import { readFile } from 'node:fs/promises';
import type { Config } from '../../config/config.js';
import { DubError } from '../../errors.js';
import type { Io } from '../io.js';

/**
 * The paths of a list as they stand there: one a line, or NUL after each under --null.
 * @throws INPUT_UNREADABLE for a list that cannot be read, or holds bytes that are no UTF-8
 */
export async function readList(config: Config, io: Pick<Io, 'stdin'>): Promise<readonly string[]> {
  const { files: list } = config;
  if (list === undefined) return [];
  const bytes = list === '-' ? await readAll(io.stdin) : await readWhole(list);
  const text = decoded(bytes, list === '-' ? 'stdin' : list);
  if (config.null) return text.split('\0').filter((path) => path !== '');
  return text
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line.trim() !== '');
}

async function readAll(stream: Io['stdin']): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function readWhole(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : (code ?? '');
    throw new DubError('INPUT_UNREADABLE', `The list ${path} cannot be read: ${why}.`, {
      hint: 'Give --files a text file with one path a line, or - for stdin.',
      cause,
    });
  }
}

function decoded(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DubError('INPUT_UNREADABLE', `The list ${name} is not UTF-8 text.`, {
      hint: 'Save it as UTF-8: one path a line, or NUL after each path with --null.',
      cause,
    });
  }
}
