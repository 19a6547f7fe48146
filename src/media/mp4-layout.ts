import { open } from 'node:fs/promises';

/**
 * True when an MP4 or QuickTime file has its index (`moov`) before its media data, so that it plays while it loads.
 * False for anything else (ISO/IEC 14496-12, 4.2: a box is a 32-bit size, a four-letter type, maybe a 64-bit size).
 */
export async function hasIndexFirst(path: string): Promise<boolean> {
  const handle = await open(path, 'r');
  try {
    const head = Buffer.alloc(16);
    for (let at = 0; ; ) {
      const { bytesRead } = await handle.read(head, 0, 16, at);
      const type = head.toString('latin1', 4, 8);
      if (bytesRead < 8 || type === 'mdat') return false;
      if (type === 'moov') return true;
      const size = head.readUInt32BE(0);
      const length = size === 1 ? Number(head.readBigUInt64BE(8)) : size;
      if (length < 8) return false;
      at += length;
    }
  } finally {
    await handle.close();
  }
}
