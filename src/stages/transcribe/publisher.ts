import { DubError } from '../../errors.js';
import type { StorageProvider } from '../../providers/storage/contract.js';
import type { StageContext } from '../context.js';
import { type AudioFile, smaller } from './audio.js';

/** How long removing may take when the run is being ended. */
const partingMs = 5000;

/** Puts the speech track where a recogniser can fetch it, and takes it away again. */
export class Publisher {
  /** Handles of everything that is stored, also by the run that submitted the job. */
  readonly handles: string[] = [];
  /** Why the store took nothing, once it has refused. */
  refusal: DubError | undefined;

  constructor(
    private readonly audio: AudioFile,
    private readonly storage: StorageProvider,
    private readonly ctx: StageContext,
  ) {}

  /** @returns the URL; FLAC that the store finds too large goes as MP3 */
  async publish(forModel: string, signal: AbortSignal): Promise<string> {
    try {
      return await this.put(this.audio, forModel, signal);
    } catch (error) {
      if (!this.storage.stores || !isRefusal(error) || this.audio.mediaType !== 'audio/flac') throw this.noted(error);
    }
    try {
      return await this.put(await smaller(this.audio, this.ctx), forModel, signal);
    } catch (error) {
      throw this.noted(error);
    }
  }

  /** Removes everything; what stays is said. Also after an abort. */
  async removeAll(): Promise<void> {
    const signal = this.ctx.signal.aborted ? AbortSignal.timeout(partingMs) : this.ctx.signal;
    for (const handle of this.handles.splice(0)) {
      try {
        await this.storage.remove(handle, signal);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const message = `The speech track is still stored as ${handle} and could not be removed: ${reason}`;
        this.ctx.emit({ type: 'warning', stage: 'transcribe', message });
      }
    }
  }

  private async put(audio: AudioFile, forModel: string, signal: AbortSignal): Promise<string> {
    const stored = await this.storage.put(audio.path, { mediaType: audio.mediaType, forModel }, signal);
    this.handles.push(stored.handle);
    for (const message of stored.warnings ?? []) this.ctx.emit({ type: 'warning', stage: 'transcribe', message });
    return stored.url;
  }

  private noted(error: unknown): unknown {
    if (error instanceof DubError) this.refusal = error;
    return error;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof DubError && error.code === 'PROVIDER_UNSUPPORTED';
}
