import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { fileChunks, unreadableFile } from './file-chunks.js';

/** A file of a form: bytes at hand, or a path that is streamed from disk. */
export interface FormFile {
  readonly name: string;
  readonly filename: string;
  /** `application/octet-stream` unless told. */
  readonly mediaType?: string | undefined;
  readonly content: Uint8Array | { readonly path: string };
}

/** A multipart form. Fields go first in their order, files last: OSS ignores what follows the file. */
export interface FormContent {
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly files: readonly FormFile[];
}

/** A form ready to send, as often as needed. */
export interface PreparedForm {
  /** `multipart/form-data` with the boundary. */
  readonly mediaType: string;
  /** Exact bytes of the body. */
  readonly length: number;
  stream(): AsyncIterable<Uint8Array>;
}

interface Piece {
  readonly length: number;
  stream(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/**
 * Measures a form (RFC 7578; names escaped as browsers do), so that it goes out with a Content-Length.
 * @param boundary a random one unless told
 * @throws `INPUT_UNREADABLE` when a file cannot be read
 */
export async function prepareForm(form: FormContent, boundary = `dub-${randomUUID()}`): Promise<PreparedForm> {
  const fields = form.fields.map(([name, value]) => textPiece(`${opening(boundary, name)}\r\n\r\n${value}\r\n`));
  const files = await Promise.all(form.files.map((file) => filePieces(file, boundary)));
  const pieces = [...fields, ...files.flat(), textPiece(`--${boundary}--\r\n`)];
  return {
    mediaType: `multipart/form-data; boundary=${boundary}`,
    length: pieces.reduce((sum, piece) => sum + piece.length, 0),
    stream: () => inOrder(pieces),
  };
}

async function filePieces(file: FormFile, boundary: string): Promise<Piece[]> {
  const type = file.mediaType ?? 'application/octet-stream';
  const head = `${opening(boundary, file.name)}; filename="${escapeName(file.filename)}"\r\nContent-Type: ${type}\r\n\r\n`;
  return [textPiece(head), await contentPiece(file.content), textPiece('\r\n')];
}

async function contentPiece(content: FormFile['content']): Promise<Piece> {
  if (content instanceof Uint8Array) return { length: content.length, stream: () => [content] };
  const { path } = content;
  const { size } = await stat(path).catch((cause: unknown) => {
    throw unreadableFile(path, cause);
  });
  return { length: size, stream: () => fileChunks(path, size) };
}

function textPiece(text: string): Piece {
  const bytes = Buffer.from(text);
  return { length: bytes.length, stream: () => [bytes] };
}

async function* inOrder(pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield* piece.stream();
}

function opening(boundary: string, name: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(name)}"`;
}

/** Names as browsers write them (HTML, 4.10.21.8): a quote or a line break would end the header. */
function escapeName(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
