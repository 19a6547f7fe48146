import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { DubError } from '../../../errors.js';

/**
 * The bytes of sound that is to be recognised.
 * @throws INPUT_UNREADABLE
 */
export function readSoundFile(path: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

/**
 * Makes sure that sound can be read before anything is published or asked for.
 * @throws INPUT_UNREADABLE
 */
export function requireSoundFile(path: string): Promise<void> {
  return access(path, constants.R_OK).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

function unreadable(path: string, cause: unknown): DubError {
  return new DubError('INPUT_UNREADABLE', `${path} cannot be read to recognise it.`, {
    hint: 'Check that the file is still there and may be read.',
    cause,
  });
}
