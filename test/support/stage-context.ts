import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { findMediaTools } from '../../src/media/tools.js';
import type { FileKeeper, StageContext, StageEvent } from '../../src/stages/context.js';
import { buyerIn } from './buyers.js';

/** A stage's context over one folder, with what the stage told. */
export interface RecordedContext extends StageContext {
  readonly events: StageEvent[];
}

/** A context whose kept files and scratch lie in `folder`; files are kept under a hash of their key, as in real runs. */
export async function makeContext(folder: string, signal = new AbortController().signal): Promise<RecordedContext> {
  const events: StageEvent[] = [];
  return {
    signal,
    scratch: folder,
    tools: await findMediaTools(),
    keeper: folderKeeper(folder),
    buyer: buyerIn(join(folder, 'store'), signal),
    events,
    emit: (event) => events.push(event),
  };
}

function folderKeeper(folder: string): FileKeeper {
  return {
    async file(key, extension, make) {
      const name = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 24);
      const path = join(folder, name + extension);
      const kept = await access(path).then(
        () => true,
        () => false,
      );
      if (!kept) await make(path);
      return { path, kept };
    },
  };
}
