import { type OssConnection, openClient, unwrapped } from './client.js';
import { arrivedWhole } from './sums.js';

/** How long the clean-up after a failure may take. */
export const cleanUpMs = 5_000;

/** Asks what the bucket holds: the CRC when it knows it, else the size. */
export async function isStoredWhole(
  connection: OssConnection,
  key: string,
  sums: { readonly crc64: string; readonly size: number },
  signal: AbortSignal,
): Promise<boolean> {
  const client = await openClient(connection, signal);
  const { res } = await unwrapped('a look at the object', () => client.head(key));
  return arrivedWhole(res.headers, sums) ?? Number(res.headers['content-length']) === sums.size;
}

/** Deletes what is of no use; when that fails, the error that made it so is the one to tell. */
export async function removeQuietly(connection: OssConnection, key: string, signal: AbortSignal): Promise<void> {
  const client = await openClient(connection, signal);
  await unwrapped('deleting an object', () => client.delete(key)).catch(() => undefined);
}
